"""What the package imports is what pyproject.toml declares: no less, and no more."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "rareearth_explorer"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
OF_RUNNING = ("clay", "dask", "stac", "zarr")
"""Extras without which the package runs, and with which it does more."""

FRONTENDS = ("anywidget", "ipyleaflet", "ipywidgets", "jupyter-scatter", "voila")


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(extras=()):
    given = [*PROJECT["dependencies"]]
    for extra in extras:
        given += PROJECT["optional-dependencies"][extra]
    return {normal(Requirement(each).name): Requirement(each) for each in given}


def imported_by(path):
    """Names of the modules that a file imports anywhere in it, the first part of each."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


@pytest.fixture(scope="module")
def imported():
    """Distributions that the package imports, and a file that does."""
    homes = packages_distributions()
    declared = set(requirements(OF_RUNNING))
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for module in set(imported_by(path)) - {PACKAGE.name} - sys.stdlib_module_names:
            # Several distributions may put modules into one package, and torch may be missing.
            at_hand = [normal(home) for home in homes.get(module, [module])]
            home = next((home for home in at_hand if home in declared), at_hand[0])
            found[home] = path.relative_to(REPOSITORY)
    assert {"numpy", "pandas", "torch"} <= set(found)
    return found


def test_every_import_is_declared(imported):
    undeclared = set(imported) - set(requirements(OF_RUNNING))
    assert {name: str(imported[name]) for name in undeclared} == {}


def test_nothing_is_declared_that_is_not_imported(imported):
    assert set(requirements(OF_RUNNING)) <= set(imported)


@pytest.mark.parametrize("name", FRONTENDS)
def test_frontends_end_before_their_next_major_version(name):
    operators = {each.operator: each.version for each in requirements()[name].specifier}
    assert set(operators) == {">=", "<"}
    assert int(operators["<"]) == int(operators[">="].split(".")[0]) + 1


@pytest.mark.parametrize("name", sorted(set(requirements(OF_RUNNING)) - set(FRONTENDS)))
def test_other_packages_may_be_as_new_as_they_like(name):
    assert [each.operator for each in requirements(OF_RUNNING)[name].specifier] == [">="]
