"""The keyboard shortcuts of the explorer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Sign
from rareearth_explorer.widgets.keyboard import Key

if TYPE_CHECKING:
    from rareearth_explorer.app.explorer import Explorer


def keys_of(explorer: Explorer) -> dict[str, Key]:
    """Keys of an explorer, by their browser names, in the order of the list of keys."""
    return {**_marking(explorer), **_reviewing(explorer), **_looking(explorer)}


def _marking(explorer: Explorer) -> dict[str, Key]:
    session = explorer.session

    def sign() -> None:
        session.sign = "negative" if session.sign == "positive" else "positive"

    def mark(sign: Sign) -> None:
        patch = session.hovered
        if patch is None and explorer.front == "Review":
            patch = session.under_review
        if patch is None:
            raise SessionError("No patch is under the pointer.")
        session.toggle(patch, sign)

    return {
        "p": Key(
            "mark the patch under the pointer, or under review, as positive",
            lambda: mark("positive"),
        ),
        "n": Key("mark it as negative", lambda: mark("negative")),
        "s": Key("switch the sign that a click marks", sign),
        "u": Key("undo", session.undo),
        "Ctrl+z": Key("undo", session.undo),
        "y": Key("redo", session.redo),
        "f": Key("refine", session.refine),
    }


def _reviewing(explorer: Explorer) -> dict[str, Key]:
    review = explorer.review

    def reviewing(act: Callable[[], None]) -> Callable[[], None]:
        """Let a key of the review act only while the review is on the screen."""

        def checked() -> None:
            if explorer.front != "Review":
                raise SessionError("The review is not open, so no patch was judged; press r.")
            act()

        return checked

    return {
        "c": Key("confirm the patch under review", reviewing(lambda: review.judge("confirmed"))),
        "x": Key("reject it", reviewing(lambda: review.judge("rejected"))),
        "k": Key("skip it", reviewing(lambda: review.judge("skipped"))),
        "w": Key("write a note on it; Enter saves, Esc leaves", reviewing(review.write_note)),
        "ArrowRight": Key("pass over it to the next patch", reviewing(lambda: review.step(1))),
        "ArrowLeft": Key("return to the patch passed last", reviewing(lambda: review.step(-1))),
    }


def _looking(explorer: Explorer) -> dict[str, Key]:
    session = explorer.session

    def opacity(by: float) -> None:
        explorer.map.opacity.value = min(1.0, max(0.0, explorer.map.opacity.value + by))

    def look() -> None:
        explorer.turn_to("Mark" if explorer.front == "Review" else "Review")

    def show_dates() -> None:
        if session.hovered is not None:
            session.under_review = session.hovered
        explorer.turn_to("Dates")

    def bands() -> None:
        choices = [value for _, value in explorer.map.bands.options]
        following = choices[(choices.index(session.bands or ()) + 1) % len(choices)]
        session.set_trait("bands", following or None)

    return {
        "r": Key("open the review, or the step Mark again", look),
        "t": Key("show the patch under the pointer, or under review, on every date", show_dates),
        "b": Key("show the next band combination", bands),
        "]": Key("make the scores more opaque", lambda: opacity(0.1)),
        "[": Key("make the scores less opaque", lambda: opacity(-0.1)),
    }
