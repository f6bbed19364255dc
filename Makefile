# make demo: install and open the dashboard.  make check: the quick checks.  make test: all checks.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SAYS := echo "Installing into .venv; the first time this takes minutes, without any output."

.PHONY: demo check test lowest bench docs lock clean

# Ctrl-C ends the demo: the shell ignores it, and exit code 130 is not an error.
demo: .venv/app
	@trap : INT; $(BIN)/rareearth-explorer explore || [ $$? -eq 130 ]

check: .venv/test
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/run quick

test: .venv/test
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/run

# The quick tests with the lowest version of each dependency that pyproject.toml allows. Old
# versions give more warnings, so warnings are not errors here.
lowest: .venv-lowest/test
	PATH="$(CURDIR)/.venv-lowest/bin:$$PATH" pytest -W default \
		--numprocesses=auto --dist=worksteal -m "not browser and not slow"

bench: .venv/test
	$(BIN)/python tests/benchmarks

docs: .venv/test
	$(BIN)/sphinx-build --fail-on-warning docs build/site
	@echo "Open build/site/index.html"

# Write constraints.txt again; UPGRADE=--upgrade takes the newest versions.
lock: .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	sh tools/lock $(BIN)/uv $(UPGRADE)

clean:
	rm -rf .venv .venv-lowest build dist js/node_modules

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The stamp files .venv/app and .venv/test say that an installation is up to date.
.venv/app: pyproject.toml constraints.txt $(wildcard voila/*) | .venv/bin/python
	@$(SAYS)
	$(INSTALL) --editable .
	touch $@

.venv/test: .venv/app
	@$(SAYS)
	$(INSTALL) --editable ".[lint,test]"
	sh tests/install-torch $(BIN)/python
	touch $@

.venv-lowest/test: pyproject.toml tools/lowest.py
	$(PYTHON) -m venv --clear .venv-lowest
	.venv-lowest/bin/python tools/lowest.py >.venv-lowest/constraints.txt
	@echo "Installing into .venv-lowest, which takes minutes and prints nothing meanwhile."
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint .venv-lowest/constraints.txt --editable ".[test]"
	touch $@
