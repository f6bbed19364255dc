"""Stages: the map follows at once, the rest after it, a tab only while it is in front."""

from __future__ import annotations

import asyncio

import pytest

from rareearth_explorer.app import Explorer
from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.stages import Stages


@pytest.fixture
def session(small_table):
    return Session(small_table)


def live(work):
    """Run `work` in an event loop, as a kernel does, until everything deferred is done."""

    async def run():
        work()
        while asyncio.get_running_loop()._scheduled:
            await asyncio.sleep(0)

    asyncio.run(run())


def test_the_map_is_first_whatever_was_built_first(session):
    drawn = []
    stages = Stages(session)
    stages.after(lambda: drawn.append("templates"), "state")
    stages.now(lambda: drawn.append("map"), "state")
    live(lambda: session.mark(3, "positive"))
    assert drawn == ["map", "templates"]


def test_several_changes_are_drawn_once_and_the_map_each_time(session):
    drawn = []
    stages = Stages(session)
    stages.now(lambda: drawn.append("map"), "state")
    stages.after(lambda: drawn.append("templates"), "state", "threshold")

    def change():
        session.mark(3, "positive")
        session.mark(4, "positive")
        session.threshold = 0.5

    live(change)
    assert drawn == ["map", "map", "templates"]


def test_a_tab_behind_waits_until_it_is_in_front(session):
    drawn = []
    stages = Stages(session, front="Overview")
    stages.in_front("Rounds", lambda: drawn.append("rounds"), "state")
    stages.in_front("Overview", lambda: drawn.append("umap"), "state")
    live(lambda: session.mark(3, "positive"))
    live(lambda: session.mark(4, "positive"))
    assert drawn == ["umap", "umap"]
    stages.front = "Rounds"
    assert drawn == ["umap", "umap", "rounds"]
    stages.front = "Overview"
    stages.front = "Rounds"
    assert drawn == ["umap", "umap", "rounds"], "nothing is drawn twice"


def test_what_is_seen_elsewhere_does_not_wait_for_its_tab(session):
    drawn, on_the_map = [], []
    stages = Stages(session, front="Overview")
    stages.in_front(
        "Rounds", lambda: drawn.append("rounds"), "state", unless=lambda: bool(on_the_map)
    )
    live(lambda: session.mark(3, "positive"))
    assert drawn == []
    on_the_map.append(True)
    live(lambda: session.mark(4, "positive"))
    assert drawn == ["rounds"]


def test_a_panel_that_fails_does_not_hold_up_the_next(session):
    drawn = []
    stages = Stages(session)

    def fail():
        raise KeyError("a mistake of the panel")

    stages.after(fail, "state")
    stages.after(lambda: drawn.append("next"), "state")
    with pytest.raises(KeyError, match="of the panel"):
        session.mark(3, "positive")
    assert drawn == ["next"]


def test_the_explorer_computes_no_round_behind_another_tab(small_table, monkeypatch):
    monkeypatch.setattr("rareearth_explorer.widgets.tasks.Worker.start", lambda self: None)
    explorer = Explorer(small_table, labels=range(60), name=None)
    before = explorer.rounds_tab.table.value
    explorer.session.mark(3, "positive")
    explorer.session.mark(4, "negative")
    assert explorer.rounds_tab.table.value == before
    explorer.turn_to("Rounds")
    assert explorer.rounds_tab.table.value != before
