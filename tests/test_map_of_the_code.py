"""The page 'Map of the code' names every folder, and functions that are there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest
from documents import REPOSITORY, Document

PAGE = Document(REPOSITORY / "docs" / "map-of-the-code.md").text
HOPS = re.findall(r"^(\d)\. `([^`]+)` \((.+?)\)", PAGE, re.M)


def tracked() -> set[PurePosixPath]:
    """Folders with files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    found = {parent for line in listed for parent in PurePosixPath(line).parents}
    return found - {PurePosixPath()}


def test_every_folder_is_one_line():
    named = re.findall(r"^\| `([^`]+)` \|", PAGE, re.M)
    assert len(named) == len(set(named))
    within = (".github/", "tests/data/")  # whose folders are named by tools
    there = {str(folder) for folder in tracked() if not str(folder).startswith(within)}
    assert set(named) == there


def test_each_flow_has_at_most_eight_hops():
    starts = [int(number) for number, _, _ in HOPS]
    assert starts == [*range(1, 9), *range(1, 9)]


@pytest.mark.parametrize(("file", "functions"), [(f, names) for _, f, names in HOPS])
def test_each_hop_is_a_function_that_is_there(file, functions):
    text = (REPOSITORY / file).read_text()
    for name in re.findall(r"`(\w+)`", functions):
        assert re.search(rf"\b(def|function) {name}\b|^\s+{name}\(", text, re.M), name


def test_every_module_name_stands_once():
    names: dict[str, Path] = {}
    for path in sorted((REPOSITORY / "rareearth_explorer").rglob("*.py")):
        if path.name != "__init__.py":
            assert path.name not in names, f"{path} and {names[path.name]}"
            names[path.name] = path
