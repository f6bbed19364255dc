"""The notebook with the paper's figures runs from clean."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from patience import PATIENCE

from rareearth_explorer.demo.prepare import prepare_demo

pytestmark = pytest.mark.slow

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "paper.ipynb"


def test_it_is_kept_without_output():
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert not cell.get("outputs")


# The kernel's own sockets and event loop, not ours.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_it_runs_from_clean(tmp_path, monkeypatch):
    demo = prepare_demo(tmp_path, patches=(16, 16), progress=False)
    monkeypatch.setenv("RAREEARTH_EXPLORER_TABLE", str(demo.table))
    monkeypatch.setenv("RAREEARTH_EXPLORER_LABELS", str(demo.labels))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=int(PATIENCE), kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    figures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(figures) == 4
    printed = "".join(o.text for o in outputs if o.output_type == "stream")
    assert "; synthetic" in printed
    assert "random pairs" in printed
