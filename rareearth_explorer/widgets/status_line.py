"""The status line: the effect of the last step, news, and errors."""

from __future__ import annotations

import html

import ipywidgets as w

from rareearth_explorer.hunt import Session, State
from rareearth_explorer.hunt.history import History
from rareearth_explorer.hunt.views.step_change import StepChange, step_change
from rareearth_explorer.widgets.stages import Stages

READY = "Ready."
"""What is said when there is nothing else to say."""


class StatusLine:
    """Shows errors and news until the next step, then the effect of that step."""

    def __init__(self, session: Session, stages: Stages | None = None) -> None:
        self.session = session
        self.line = w.HTML(layout=w.Layout(flex="1 1 0", min_width="0"))
        self.widget = w.HBox([self.line], layout=w.Layout(flex="1 1 0", min_width="0"))
        self.widget.add_class("rareearth-status")
        session.observe(lambda _: self._show(), ["message", "notice"])
        self._before: State | None = None
        self._shown, self._history = session.state, session.history
        self._steps, self._moved = session.history.steps, ""
        stages = stages or Stages(session)
        stages.now(self._follow, "state")
        stages.after(self._show_effect, "state")  # ranks take longer than scores
        # A new threshold usually solves the problem that the message reports.
        session.observe(lambda _: self.session.set_trait("message", ""), "threshold")
        self._show()

    def _follow(self) -> None:
        self.session.message = self.session.notice = ""
        opened = self.session.history is not self._history  # so nothing was a step
        self._before = None if opened else self._shown
        self._shown, self._history = self.session.state, self.session.history
        self._moved = "" if opened else _move(self._history, self._steps)
        self._steps = self._history.steps

    def _show_effect(self) -> None:
        if self.session.message or self.session.notice:
            return
        before, after = self._before, self.session.state
        effect = None if before is None else step_change(before, after, self.session.threshold)
        said = READY if effect is None else describe(effect)
        if self._moved:
            said = self._moved if said == READY else f"{self._moved} {said}"
        harmful = effect is not None and effect.harmful
        self._write(warning=said if harmful else "", ready="" if harmful else said)

    def _show(self) -> None:
        message, notice = self.session.message, self.session.notice
        self._write(warning=message, ready=notice if message or notice else READY)

    def _write(self, *, warning: str = "", ready: str = "") -> None:
        whole = html.escape(f"{warning} {ready}".strip())
        parts = {"warning": html.escape(warning), "ready": html.escape(ready)}
        words = " ".join(
            f"<span class='rareearth-{kind}'>{text}</span>" for kind, text in parts.items() if text
        )
        self.line.value = f"<div role='status' title='{whole}'>{words}</div>"


def _move(history: History, steps: int) -> str:
    """Say which step was undone or redone; nothing if a step was done."""
    left = f"{history.steps:,} more can be undone." if history.steps else "Nothing more to undo."
    if history.steps < steps:
        return f"Undone: {history.redo_name}. {left}"
    if history.can_redo:
        return f"Done again: {history.undo_name}."
    return ""


def describe(change: StepChange) -> str:
    """Describe the effect of a step in a sentence; warn if known positives lost ranks."""
    crossed = ""
    if change.risen is not None and change.fallen is not None:
        risen, fallen = f"{change.risen:,} patches rose", f"{change.fallen:,} fell"
        crossed = f"{risen} above the threshold, {fallen} below it."
    if not change.known:
        return f"This step: {crossed}" if crossed else READY
    ranks = f"median rank {change.median_rank_before:,.0f} → {change.median_rank_after:,.0f}"
    if change.harmful:
        return (
            f"Careful: {change.worsened:,} of {change.known:,} known positives lost ranks to "
            f"negatives ({ranks}). Mute the last negative to check. {crossed}"
        ).strip()
    return f"This step: known positives, {ranks}. {crossed}".strip()
