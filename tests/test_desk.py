"""The desk: what leads through a hunt, and the header."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ipywidgets as w
import numpy as np
import pytest

from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.demo.synthetic import make_demo
from rareearth_explorer.hunt import Session, Workspace
from rareearth_explorer.hunt.next_step import next_step
from rareearth_explorer.widgets.alike_sheet import MOST, AlikeSheet
from rareearth_explorer.widgets.guide import Guide
from rareearth_explorer.widgets.header import Header

STEPS = ("Mark", "Narrow", "Review", "Check", "Export")


@pytest.fixture
def session(small_table: PatchTable) -> Session:
    return Session(small_table)


def test_the_guide_leads_from_step_to_step(session: Session) -> None:
    tabs = w.Tab()
    guide = Guide(session, tabs, STEPS)

    def lit() -> list[str]:
        return [name for name in tabs._dom_classes if name.startswith("rareearth-next-")]

    assert lit() == ["rareearth-next-1"]
    assert "Click a patch on the map that shows a mine" in guide.widget.value
    session.mark(0, "positive")
    assert "Confirm or reject the most alike" in guide.widget.value
    session.mark([2, 4], "positive")
    assert lit() == ["rareearth-next-2"]
    session.refine(float(np.median(session.scores)))
    assert lit() == ["rareearth-next-3"]
    kept = [int(p) for p in np.flatnonzero(session.active)]
    session.judge(kept[:20], "confirmed")
    assert lit() == ["rareearth-next-4"]
    session.audit(5)
    assert session.decisions.audit is not None
    session.judge(session.decisions.audit.sample[:4], "rejected")
    assert next_step(session.state)[0] == "Check", "one patch of the sample is left"
    session.judge(session.decisions.audit.sample[4:], "rejected")
    assert lit() == ["rareearth-next-5"]


def test_the_most_alike_are_confirmed_or_rejected_by_one_click(session: Session) -> None:
    sheet = AlikeSheet(session)
    assert sheet.sheet.chips == []
    session.mark(0, "positive")
    assert sheet.patches == [int(p) for p in session.ranking if p != 0][:MOST]
    best, second = sheet.patches[:2]
    sheet.receive({"verb": "confirmed", "patch": best})
    assert session.positives == (0, best)
    assert best not in sheet.patches
    sheet.receive({"verb": "rejected", "patch": second})
    assert session.negatives == (second,)
    assert dict(session.decisions.verdicts) == {best: "confirmed", second: "rejected"}
    shown = set(sheet.patches)
    seen = {0, best, second}
    assert shown == set([int(p) for p in session.ranking if int(p) not in seen][:MOST])
    elsewhere = int(session.ranking[-1])
    sheet.receive({"verb": "confirmed", "patch": elsewhere})
    assert elsewhere not in session.positives, "a message named a patch that is not shown"
    sheet.sheet.place = 3
    assert session.under_review == sheet.patches[3]


def header_of(workspace: Workspace, scene: object = None) -> Header:
    return Header(workspace, scene, w.Box(), lambda: None, w.Button())  # type: ignore[arg-type]


def test_undo_and_redo_name_their_step(small_table: PatchTable) -> None:
    workspace = Workspace(small_table)
    header, session = header_of(workspace), workspace.session
    assert (header.undo.description, header.undo.disabled) == ("Undo", True)
    session.judge(41, "rejected")
    assert (header.undo.description, header.undo.disabled) == ("Undo: reject 41", False)
    header.undo.click()
    assert header.redo.description == "Redo: reject 41"
    header.redo.click()
    assert dict(session.decisions.verdicts) == {41: "rejected"}


def test_the_header_names_the_session(small_table: PatchTable) -> None:
    workspace = Workspace(small_table)
    header = header_of(workspace)
    assert header.name.description == "not saved ▾"
    workspace.open("Röt 矿")
    assert header.name.description == "Röt 矿 ▾"
    assert header.menu.layout.display == "none"
    header.name.value = True
    assert header.menu.layout.display is None
    workspace.close()


@pytest.mark.slow
def test_a_synthetic_scene_has_a_badge(
    small_table: PatchTable, tmp_path: Path, make_geotiff: Callable[..., Path]
) -> None:
    drawn = make_demo(tmp_path, patches=(4, 5), progress=False).scenes[0]
    real = make_geotiff(np.ones((3, 90, 90), np.uint16) * 300, "20240101_scene.tif")
    for path, badge in ((drawn, True), (real, False)):
        with open_scene(path) as scene:
            title = header_of(Workspace(small_table), scene).title.value
        assert ("SYNTHETIC" in title) == badge
        assert path.name in title
