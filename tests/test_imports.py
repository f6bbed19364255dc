"""What importing costs: nothing that the importer did not ask for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import rareearth_explorer


def modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import rareearth_explorer", {"torch", "umap", "numba", "ipywidgets", "numpy", "pandas"}),
        (
            "from rareearth_explorer import Session, open_table, open_scene",
            {"torch", "umap", "numba", "ipywidgets", "matplotlib", "sklearn"},
        ),
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
