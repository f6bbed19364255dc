"""The files for a published repository: they are read by others, so here they are parsed."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
TEMPLATES = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))
HOOKS = REPOSITORY / ".pre-commit-config.yaml"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
MAKEFILE = (REPOSITORY / "Makefile").read_text()


def read(path):
    return yaml.safe_load(path.read_text())


JOBS = [
    pytest.param(job, id=f"{path.stem}-{name}")
    for path in WORKFLOWS
    for name, job in read(path)["jobs"].items()
]


@pytest.mark.parametrize("path", [*WORKFLOWS, *TEMPLATES, GITHUB / "dependabot.yml", HOOKS])
def test_yaml_is_read_as_a_mapping(path):
    assert isinstance(read(path), dict)


@pytest.mark.parametrize("job", JOBS)
def test_a_job_runs_what_is_there(job):
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands
    for command in commands:
        for target in re.findall(r"\bmake (\w+)", command):
            assert re.search(rf"^{target}:", MAKEFILE, re.M)
        for script in re.findall(r"\b(?:tests|tools)/[\w./-]+", command.split("#")[0]):
            assert (REPOSITORY / script).exists()
        for constraints in re.findall(r"--constraint (\S+)", command):
            assert (REPOSITORY / constraints).exists()


@pytest.mark.parametrize("job", JOBS)
def test_a_job_ends_and_holds_its_actions_to_a_version(job):
    assert job["timeout-minutes"] <= 60
    for step in job["steps"]:
        assert "run" in step or re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])


def test_every_python_and_every_system_is_tried():
    tried = read(GITHUB / "workflows" / "test.yml")["jobs"]
    named = "Programming Language :: Python :: "
    supported = [c.removeprefix(named) for c in PROJECT["project"]["classifiers"] if named in c]
    assert tried["test"]["strategy"]["matrix"]["python"] == supported
    systems = {system.split("-")[0] for system in tried["smoke"]["strategy"]["matrix"]["system"]}
    assert systems == {"ubuntu", "macos", "windows"}


def test_the_lowest_versions_are_tried_on_the_lowest_python():
    (job,) = read(GITHUB / "workflows" / "lowest.yml")["jobs"].values()
    (python,) = (s["with"]["python-version"] for s in job["steps"] if "python" in s.get("uses", ""))
    assert PROJECT["project"]["requires-python"] == f">={python}"


def test_dependabot_looks_where_there_is_something():
    files = {"pip": "pyproject.toml", "github-actions": ".github/workflows", "npm": "package.json"}
    for update in read(GITHUB / "dependabot.yml")["updates"]:
        folder = REPOSITORY / update["directory"].lstrip("/")
        assert (folder / files[update["package-ecosystem"]]).exists()


def test_hooks_run_the_tools_that_the_project_installs():
    pytest.importorskip("ruff", reason="needs the linters: pip install .[lint]")
    declared = {
        re.match(r"[\w-]+", requirement)[0]
        for requirement in PROJECT["project"]["optional-dependencies"]["lint"]
    }
    provides = {"ruff": "ruff", "mypy": "mypy", "lint-imports": "import-linter"}
    checked = (REPOSITORY / "tests" / "run").read_text().splitlines()
    for hook in (hook for repo in read(HOOKS)["repos"] for hook in repo["hooks"]):
        program, *rest = hook["entry"].split()
        assert hook["language"] == "system"
        if program == "sh":
            assert hook["entry"] in checked
            assert (REPOSITORY / rest[0]).exists()
        else:
            assert provides[program] in declared
            assert shutil.which(program)
            assert any(line.split()[:1] == [program] for line in checked)


@pytest.mark.parametrize("path", [t for t in TEMPLATES if t.stem != "config"], ids=lambda p: p.stem)
def test_an_issue_form_asks_each_question_once(path):
    form = read(path)
    assert form["name"]
    assert form["description"]
    asked = [question["id"] for question in form["body"]]
    assert len(asked) == len(set(asked)) > 0
    assert all(question["attributes"]["label"] for question in form["body"])
    for question in form["body"]:
        assert question["type"] in ("input", "textarea", "dropdown", "checkboxes")
        assert (question["type"] == "dropdown") == ("options" in question["attributes"])


def test_the_constraints_hold_every_package_and_neither_torch_nor_a_host():
    text = (REPOSITORY / "constraints.txt").read_text()
    held = {line.split("==")[0] for line in text.splitlines() if "==" in line}
    wanted = [*PROJECT["project"]["dependencies"]]
    for extra in ("dask", "docs", "lint", "stac", "test"):
        wanted += PROJECT["project"]["optional-dependencies"][extra]
    names = {re.match(r"[\w-]+", requirement)[0].lower() for requirement in wanted}
    assert names - held == {PROJECT["project"]["name"]}
    assert "torch" not in held
    assert "://" not in text
