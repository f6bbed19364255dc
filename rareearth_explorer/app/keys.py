"""What each key does: everything that is done often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Sign
from rareearth_explorer.widgets.keyboard import Key

if TYPE_CHECKING:
    from rareearth_explorer.app.explorer import Explorer


def keys_of(explorer: Explorer) -> dict[str, Key]:
    """Keys of an explorer, by what the browser calls them, in the order of the help."""
    session, review = explorer.session, explorer.review

    def sign() -> None:
        session.sign = "negative" if session.sign == "positive" else "positive"

    def opacity(by: float) -> None:
        explorer.map.opacity.value = min(1.0, max(0.0, explorer.map.opacity.value + by))

    def mark(sign: Sign) -> None:
        patch = session.hovered if session.hovered is not None else session.in_hand
        if patch is None:
            raise SessionError("No patch is under the pointer or in hand.")
        session.toggle(patch, sign)

    def look() -> None:
        explorer.turn_to(
            "Overview"
            if explorer.tabs.titles[explorer.tabs.selected_index or 0] == "Review"
            else "Review"
        )

    def through_time() -> None:
        if session.hovered is not None:
            session.in_hand = session.hovered
        explorer.turn_to("Dates")

    def bands() -> None:
        choices = [value for _, value in explorer.map.bands.options]
        following = choices[(choices.index(session.bands or ()) + 1) % len(choices)]
        session.set_trait("bands", following or None)

    return {
        "p": Key(
            "mark the patch under the pointer, or in hand, as positive",
            lambda: mark("positive"),
        ),
        "n": Key("mark it as negative", lambda: mark("negative")),
        "s": Key("switch the sign that a click marks", sign),
        "r": Key("review, or back to the overview", look),
        "c": Key("confirm the patch in hand", lambda: review.judge("confirmed")),
        "x": Key("reject it", lambda: review.judge("rejected")),
        "k": Key("skip it", lambda: review.judge("skipped")),
        "ArrowRight": Key("take the next patch in hand", lambda: review.step(1)),
        "ArrowLeft": Key("take the one before", lambda: review.step(-1)),
        "t": Key("see the patch under the pointer, or in hand, through time", through_time),
        "b": Key("next band combination", bands),
        "]": Key("scores more opaque", lambda: opacity(0.1)),
        "[": Key("scores less opaque", lambda: opacity(-0.1)),
        "u": Key("undo", session.undo),
        "Ctrl+z": Key("undo", session.undo),
        "y": Key("redo", session.redo),
        "f": Key("refine", session.refine),
    }
