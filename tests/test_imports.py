"""What importing costs: nothing that the importer did not ask for."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import rareearth_explorer


def modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import rareearth_explorer", {"torch", "umap", "numba", "ipywidgets", "numpy", "pandas"}),
        (
            "from rareearth_explorer import Session, open_table, open_scene",
            {"torch", "umap", "numba", "ipywidgets", "matplotlib", "sklearn"},
        ),
        (
            "from rareearth_explorer import embed, export, open_labels",
            {"torch", "umap", "numba", "ipywidgets", "matplotlib", "sklearn", "pandas"},
        ),
        ("from rareearth_explorer import cosine_contrast", {"rasterio", "scipy", "pandas"}),
        ("from rareearth_explorer import Explorer", {"torch", "umap", "numba"}),
        ("import rareearth_explorer.cli", {"torch", "umap", "ipywidgets", "rasterio", "pandas"}),
    ],
)
def test_heavy_libraries_wait_until_they_are_needed(statement, heavy):
    assert not heavy & modules_after(statement)


def test_public_names_are_what_all_says():
    for name in rareearth_explorer.__all__:
        assert getattr(rareearth_explorer, name).__name__ == name
    assert set(rareearth_explorer.__all__) <= set(dir(rareearth_explorer))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = rareearth_explorer.nonsense


def installed_with(requirements: list[str]) -> set[str]:
    """Names of all packages that these requirements bring here, without any extra."""
    brought: set[str] = set()
    waiting = [*requirements]
    while waiting:
        needed = Requirement(waiting.pop())
        if needed.name not in brought and (not needed.marker or needed.marker.evaluate()):
            brought.add(needed.name)
            waiting += requires(needed.name) or []
    return brought


def test_a_kernel_is_installed_with_the_package():
    """JupyterLab, of the tests, brings one too: here it would hide that users have none."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert "ipykernel" in installed_with(project["dependencies"])
