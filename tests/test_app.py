"""The explorer as a whole, without a browser: what a kernel keeps of it."""

from __future__ import annotations

import pytest
from ipywidgets.widgets import widget

from rareearth_explorer import Explorer


@pytest.fixture
def explore(small_table):
    """Open explorers on the small table; closed at the end."""
    opened = []

    def open_it(**options):
        opened.append(Explorer(small_table, **options))
        return opened[-1]

    yield open_it
    for explorer in opened:
        explorer.close()


def test_a_cell_run_again_leaves_nothing_behind(explore):
    first = explore()
    first.session.mark(3, "positive")
    before = len(widget._instances)
    again = explore()
    assert len(widget._instances) == before
    assert again.session.positives == (3,)
    assert again.sessions.current == "default"
    first.session.mark(4, "positive")
    assert explore().session.positives == (3,), "a closed explorer still writes"


def test_explorers_of_two_sessions_do_not_disturb_each_other(explore):
    one, two = explore(name="one"), explore(name="two")
    one.session.mark(3, "positive")
    two.session.mark(5, "negative")
    assert (one.session.positives, two.session.positives) == ((3,), ())
    assert explore(name="one").session.positives == (3,)
    assert two.widget.comm is not None, "the other session's explorer was closed"


def test_a_kernel_kept_ready_opens_the_session_with_its_page(explore, monkeypatch):
    explore().session.mark(3, "positive")
    monkeypatch.setenv("VOILA_PREHEAT", "True")
    waiting = explore()
    assert waiting.session.positives == ()
    assert waiting.sessions.journal is None
    waiting.map.bridge.shown = True
    assert waiting.session.positives == (3,)


def test_every_control_has_a_label_and_a_tooltip(explore):
    before = set(widget._instances)
    explore().session.mark(3, "positive")
    made = [part for key, part in widget._instances.items() if key not in before]
    controls = [part for part in made if part.has_trait("disabled")]
    assert len(controls) > 50
    assert [part for part in controls if not (part.description and part.tooltip)] == []
