"""What all panels are built of."""

from __future__ import annotations

from rareearth_explorer.widgets.kit import bar, button, note, toggle


def test_a_button_calls_what_it_is_for_and_says_so():
    clicks = []
    made = button("mark", "Mark it", lambda: clicks.append(1), display="none")
    made.click()
    made.click()
    assert clicks == [1, 1]
    assert (made.description, made.tooltip) == ("mark", "Mark it")
    assert (made.layout.width, made.layout.display) == ("auto", "none")


def test_a_button_without_an_act_waits_for_one():
    clicks = []
    made = button("mark", "Mark it")
    made.click()
    made.on_click(lambda _: clicks.append(1))
    made.click()
    assert clicks == [1]


def test_a_toggle_is_up_unless_it_begins_down():
    assert not toggle("on", "Switch").value
    assert toggle("on", "Switch", on=True, height="24px").value


def test_a_bar_breaks_into_lines():
    controls = [button("a", "A"), button("b", "B")]
    made = bar(iter(controls), align_items="center")
    assert made.children == tuple(controls)
    assert (made.layout.flex_flow, made.layout.align_items) == ("row wrap", "center")
    assert "rareearth-bar" in made._dom_classes


def test_a_note_is_small_print():
    assert note("a <b>note</b>") == "<span class='rareearth-note'>a <b>note</b></span>"
