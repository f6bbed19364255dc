"""The colours of groups of patches: one meaning on the map, in legends, UMAP and report."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex

import rareearth_explorer.app
from rareearth_explorer.exporting import map_figure, umap_figure
from rareearth_explorer.exporting.report import Report
from rareearth_explorer.exporting.report_map import ReportMap
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.views.group_looks import LOOKS, VERDICT_COLOURS, groups_of
from rareearth_explorer.hunt.views.standing import (
    candidates,
    known_positives,
    new_candidates,
    ruled_out,
)
from rareearth_explorer.widgets.map.map_panel import MapPanel
from rareearth_explorer.widgets.umap_panel import UmapPanel

STYLE = (Path(rareearth_explorer.app.__file__).parent / "app.css").read_text()


@pytest.fixture
def session(small_table):
    """A patch in every group."""
    session = Session(small_table, np.arange(60) == 20)
    session.mark([0, 2], "positive")
    session.mark(1, "negative")
    session.judge([4, 2], "confirmed")
    session.judge(6, "rejected")
    session.judge(8, "skipped")
    session.select([10, 11])
    session.under_review = 12
    return session


def legend_colours(figure):
    """Return the colours of line and casing of each group in a figure's legend, by its name."""
    (legend,) = figure.legends
    names = [text.get_text().rpartition(" (")[0] for text in legend.get_texts()]
    lines = [each for each in legend.findobj() if type(each).__name__ == "Rectangle"]
    lines = [each for each in lines if each is not legend.get_frame()]
    edges = [to_hex(each.get_edgecolor()) for each in lines]
    return dict(zip(names, zip(edges[::2], edges[1::2], strict=True), strict=True))


def test_each_group_has_its_patches(session):
    groups = groups_of(session.state, session.selection, session.under_review)
    assert groups == {
        "selection": [10, 11],
        "mines": [20],
        "confirmed": [2, 4],
        "under review": [12],
        "positive": [0, 2],
        "negative": [1],
    }
    assert list(groups) == [group for group in LOOKS if group in groups]


def test_no_two_groups_look_alike():
    looks = {(look.colour, look.casing, look.dashes) for look in LOOKS.values()}
    assert len(looks) == len(LOOKS)
    assert LOOKS["under review"].colour not in {
        look.colour for group, look in LOOKS.items() if group != "under review"
    }


def test_the_map_and_its_legend_have_the_colours(session):
    panel = MapPanel(session)
    shown = {group: outline for group, outline in panel.bridge.outlines.items()}
    assert {group: (each["color"], each["casing"]) for group, each in shown.items()} == {
        group: (LOOKS[group].colour, LOOKS[group].casing) for group in shown
    }
    assert shown["under review"]["patches"] == [12]
    for group in shown:
        square = f"{LOOKS[group].colour};outline:1px solid {LOOKS[group].casing}"
        assert re.search(rf"{square}[^<]*></i>{LOOKS[group].name}<", panel.legend.value), group
    session.under_review = None
    assert LOOKS["under review"].name not in panel.legend.value
    session.clear()
    assert LOOKS["positive"].name not in panel.legend.value


@pytest.mark.parametrize("draw", [map_figure, umap_figure])
def test_figures_have_the_colours(session, draw):
    drawn = legend_colours(draw(session))
    assert drawn == {
        LOOKS[group].name: (LOOKS[group].casing, LOOKS[group].colour)
        for group in ("mines", "selection", "confirmed", "positive", "negative")
    }


def test_the_report_has_the_colours(session):
    report = Report.of(session)
    maps = ReportMap(session, None, report.entries)
    figure = map_figure(session)
    figure.legends.clear()
    maps.legend(figure, (0, 1))
    assert legend_colours(figure) == {
        LOOKS[group].name: (LOOKS[group].casing, LOOKS[group].colour)
        for group in ("mines", "confirmed", "candidate", "positive", "negative")
    }


def test_the_umap_colours_verdicts_as_the_rest_does(session):
    panel = UmapPanel(session)
    panel.colour_by.value = "verdict"
    shades = [to_hex(shade) for shade in panel.scatter.color()["map"]]
    assert shades[1:] == list(VERDICT_COLOURS.values())
    assert VERDICT_COLOURS["confirmed"] == LOOKS["confirmed"].colour
    assert VERDICT_COLOURS["rejected"] == LOOKS["rejected"].colour


@pytest.mark.parametrize(
    ("rule", "colour"),
    [
        (r"\.rareearth-positive img", LOOKS["positive"].colour),
        (r"\.rareearth-negative img", LOOKS["negative"].colour),
        (r"\.rareearth-under-review", LOOKS["under review"].colour),
        *(
            (rf'\[data-verdict="{verdict}"\]::after', shade)
            for verdict, shade in VERDICT_COLOURS.items()
        ),
    ],
)
def test_the_style_sheet_has_the_colours(rule, colour):
    found = re.search(rf"{rule} {{[^}}]*?(#[0-9a-f]{{3,6}})\b", STYLE)
    assert found, rule
    assert to_hex(found[1]) == colour


# Where the decisions leave a patch -----------------------------------------------------------


def test_the_decisions_leave_each_patch_in_one_place(session):
    decisions = session.decisions
    assert np.flatnonzero(ruled_out(decisions)).tolist() == [1, 6]
    assert np.flatnonzero(known_positives(decisions)).tolist() == [0, 2, 4]
    assert set(np.flatnonzero(candidates(decisions))) == set(range(60)) - {1, 6}
    assert set(np.flatnonzero(new_candidates(decisions))) == set(range(60)) - {0, 1, 2, 4, 6}


def test_a_verdict_counts_more_than_a_template(session):
    session.judge(0, "rejected")
    session.judge(1, "confirmed")
    decisions = session.decisions
    assert np.flatnonzero(ruled_out(decisions)).tolist() == [0, 6]
    assert np.flatnonzero(known_positives(decisions)).tolist() == [1, 2, 4]


def test_a_discarded_patch_is_no_candidate_and_may_be_a_known_mine(session):
    session.refine(float(np.quantile(session.scores, 0.9)))
    worst = int(session.ranking[-1])
    session.judge(worst, "confirmed")
    assert known_positives(session.decisions)[worst]
    assert not candidates(session.decisions)[worst]
