"""The keyboard shortcuts of the explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Sign
from rareearth_explorer.widgets.keyboard import Key

if TYPE_CHECKING:
    from rareearth_explorer.app.explorer import Explorer


def keys_of(explorer: Explorer) -> dict[str, Key]:
    """Keys of an explorer, by their browser names, in the order of the list of keys."""
    session, review = explorer.session, explorer.review

    def sign() -> None:
        session.sign = "negative" if session.sign == "positive" else "positive"

    def opacity(by: float) -> None:
        explorer.map.opacity.value = min(1.0, max(0.0, explorer.map.opacity.value + by))

    def mark(sign: Sign) -> None:
        patch = session.hovered if session.hovered is not None else session.under_review
        if patch is None:
            raise SessionError("No patch is under the pointer or under review.")
        session.toggle(patch, sign)

    def look() -> None:
        explorer.turn_to(
            "Overview"
            if explorer.tabs.titles[explorer.tabs.selected_index or 0] == "Review"
            else "Review"
        )

    def show_dates() -> None:
        if session.hovered is not None:
            session.under_review = session.hovered
        explorer.turn_to("Dates")

    def bands() -> None:
        choices = [value for _, value in explorer.map.bands.options]
        following = choices[(choices.index(session.bands or ()) + 1) % len(choices)]
        session.set_trait("bands", following or None)

    return {
        "p": Key(
            "mark the patch under the pointer, or under review, as positive",
            lambda: mark("positive"),
        ),
        "n": Key("mark it as negative", lambda: mark("negative")),
        "s": Key("switch the sign that a click marks", sign),
        "r": Key("show the review, or the overview again", look),
        "c": Key("confirm the patch under review", lambda: review.judge("confirmed")),
        "x": Key("reject it", lambda: review.judge("rejected")),
        "k": Key("skip it", lambda: review.judge("skipped")),
        "ArrowRight": Key("review the next patch", lambda: review.step(1)),
        "ArrowLeft": Key("review the previous patch", lambda: review.step(-1)),
        "t": Key("show the patch under the pointer, or under review, on every date", show_dates),
        "b": Key("show the next band combination", bands),
        "]": Key("make the scores more opaque", lambda: opacity(0.1)),
        "[": Key("make the scores less opaque", lambda: opacity(-0.1)),
        "u": Key("undo", session.undo),
        "Ctrl+z": Key("undo", session.undo),
        "y": Key("redo", session.redo),
        "f": Key("refine", session.refine),
    }
