# make demo: from nothing to the dashboard.  make test: every check there is.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SAYS := echo "Installing into .venv, which takes minutes the first time and prints nothing meanwhile."

.PHONY: demo test bench docs clean

# Ctrl-C is how the demo ends: the shell lets it pass, and 130 is no error.
demo: .venv/app
	@trap : INT; $(BIN)/rareearth-explorer explore || [ $$? -eq 130 ]

test: .venv/test
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/run

bench: .venv/test
	$(BIN)/python tests/benchmarks

docs: .venv/test
	$(BIN)/sphinx-build --fail-on-warning docs build/site
	@echo "Open build/site/index.html"

clean:
	rm -rf .venv build dist js/node_modules

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The stamp files .venv/app and .venv/test say that an installation is up to date.
.venv/app: pyproject.toml constraints.txt $(wildcard voila/*) | .venv/bin/python
	@$(SAYS)
	$(INSTALL) --editable .
	touch $@

.venv/test: .venv/app
	@$(SAYS)
	$(INSTALL) --editable ".[test]"
	sh tests/install-torch $(BIN)/python
	touch $@
