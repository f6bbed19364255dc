"""What is public: the names of the package, and what each room names in its `__all__`."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import rareearth_explorer

REPOSITORY = Path(__file__).resolve().parents[1]
ROOMS = sorted(
    module.name
    for module in pkgutil.walk_packages(rareearth_explorer.__path__, "rareearth_explorer.")
    if module.ispkg
)
"""Packages inside the package."""


def named_by(module):
    """Names in `__all__` of a room, and of the modules that it names."""
    for name in getattr(importlib.import_module(module), "__all__", ()):
        yield module, name
        if isinstance(public_value(module, name), ModuleType) and f"{module}.{name}" not in ROOMS:
            yield from named_by(f"{module}.{name}")


def public_value(module, name):
    """What a module calls by that name: one inside it, where it is imported by nobody yet."""
    owner = importlib.import_module(module)
    if hasattr(owner, name):
        return getattr(owner, name)
    return importlib.import_module(f"{module}.{name}")


NAMES = [pair for room in [*ROOMS, "rareearth_explorer.errors"] for pair in named_by(room)]
MODULES = [value for pair in NAMES if isinstance(value := public_value(*pair), ModuleType)]


def test_every_room_says_what_is_public_in_it():
    assert len(ROOMS) > 10
    assert [room for room in ROOMS if not hasattr(importlib.import_module(room), "__all__")] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_module_says_what_is_public_in_it(module):
    assert module.__all__


@pytest.mark.parametrize(("room", "name"), NAMES, ids=[f"{room}.{name}" for room, name in NAMES])
def test_every_public_name_exists_and_is_explained(room, name):
    value = public_value(room, name)
    if isinstance(value, (type, ModuleType)) or inspect.isroutine(value):
        assert (value.__doc__ or "").strip()
    else:
        assert is_explained(room, name)


def is_explained(room, name):
    """Whether a string says what a constant is, below its assignment in a module of the room."""
    for file in Path(importlib.import_module(room).__file__).parent.glob("*.py"):
        body = ast.parse(file.read_text()).body
        for statement, after in zip(body, [*body[1:], None], strict=True):
            if name in assigned_by(statement):
                return isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    return False


def assigned_by(statement):
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return {
        part.id
        for target in filter(None, targets)
        for part in ast.walk(target)
        if isinstance(part, ast.Name)
    }


@pytest.mark.parametrize("name", rareearth_explorer.__all__)
def test_every_name_of_the_package_is_public_in_the_room_that_holds_it(name):
    value = getattr(rareearth_explorer, name)
    homes = [room for room, public in NAMES if public == name]
    assert any(getattr(importlib.import_module(room), name) is value for room in homes)


@pytest.mark.parametrize("room", ["rareearth_explorer", *ROOMS])
def test_no_module_takes_the_place_of_a_public_name(room):
    """Importing `room.name` as a module puts the module where the name was."""
    owner = importlib.import_module(room)
    inside = {module.name for module in pkgutil.iter_modules(owner.__path__)}
    public = {
        name for name in owner.__all__ if not isinstance(public_value(room, name), ModuleType)
    }
    assert inside & public == set()


def test_basenames_are_unique():
    files = (REPOSITORY / "rareearth_explorer").rglob("*.py")
    names = [file.stem for file in files if file.name != "__init__.py"]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_the_version_is_the_one_of_the_citation():
    citation = (REPOSITORY / "CITATION.cff").read_text()
    told = re.search(r"^version: (.*)$", citation, re.M)[1]
    assert told == rareearth_explorer.__version__


def test_type_information_is_part_of_the_package():
    assert (REPOSITORY / "rareearth_explorer" / "py.typed").exists()


def test_the_reference_names_every_public_name_of_the_package():
    page = (REPOSITORY / "docs" / "reference" / "public-names.md").read_text()
    listed = re.search(r"import \((.*?)\)", page, re.S)[1]
    assert re.findall(r"\w+", listed) == rareearth_explorer.__all__
