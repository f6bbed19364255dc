"""The merge panel: merges another session into this one; the analyst decides each conflict."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as w

from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Decisions, Round, Workspace
from rareearth_explorer.hunt.statements import Key
from rareearth_explorer.hunt.store.merge import Conflict, Difference, Side
from rareearth_explorer.widgets.kit import bar, button, note
from rareearth_explorer.widgets.stages import Stages

SHOWN = 28
"""Characters of each side in the list; the chosen conflict is shown in full."""


class MergePanel:
    """Shows the differences from another session of the same table, and merges them in one step."""

    def __init__(self, workspace: Workspace, stages: Stages | None = None) -> None:
        self.workspace, self.session = workspace, workspace.session
        self._theirs: Decisions | None = None
        self._first = self._first_round()
        self._difference = Difference((), (), 0)
        self._sides: dict[Key, Side] = {}
        self._listing = False
        self.other = w.Dropdown(
            description="Merge with",
            tooltip="Another session of this table, for example another analyst's",
            layout=w.Layout(width="260px"),
            style={"description_width": "76px"},
        )
        self.differences = button(
            "differences", "List what the other session adds, and the conflicts"
        )
        self.note = w.HTML()
        self.conflicts = w.Select(
            rows=6,
            description="Conflicts",
            tooltip="Conflicts between the two sessions; choose one to show its patch on the map",
            layout=w.Layout(width="100%", height="auto"),
            style={"description_width": "60px"},
        )
        self.whole = w.HTML()
        self.mine = button("mine", "Keep this session's side, and go to the next conflict")
        self.theirs = button("theirs", "Take the other session's side, and go to the next conflict")
        self.all_mine = button("all mine", "Keep this session's side of every undecided conflict")
        self.all_theirs = button(
            "all theirs", "Take the other session's side of every undecided conflict"
        )
        self.merge = button("merge", "Merge as decided, in one step; undo takes it back")
        self.cancel = button("cancel", "Close without merging")
        self.deciding = w.VBox(
            [
                self.conflicts,
                self.whole,
                bar([self.mine, self.theirs, self.all_mine, self.all_theirs]),
            ]
        )
        self.found = w.VBox([self.note, self.deciding, bar([self.merge, self.cancel])])
        self.widget = w.VBox(
            [bar([self.other, self.differences]), self.found], layout=w.Layout(width="100%")
        )
        self._connect(stages or Stages(self.session))
        self._offer()
        self._show()

    def _connect(self, stages: Stages) -> None:
        clicks: dict[w.Button, Callable[[], None]] = {
            self.differences: self._find_differences,
            self.mine: lambda: self._decide("mine"),
            self.theirs: lambda: self._decide("theirs"),
            self.all_mine: lambda: self._decide_rest("mine"),
            self.all_theirs: lambda: self._decide_rest("theirs"),
            self.merge: self._merge,
            self.cancel: self._end,
        }
        for control, verb in clicks.items():
            control.on_click(lambda _, verb=verb: verb())
        self.workspace.observe(lambda _: self._offer(), ["names", "name"])
        self.conflicts.observe(lambda _: self._choose(), "value")
        stages.after(self._follow, "state")

    def _first_round(self) -> Round:
        """Return the first round, one object in all decisions of the open session."""
        return self.session.decisions.rounds[0]

    def _offer(self) -> None:
        others = [name for name in self.workspace.names if name != self.workspace.name]
        chosen = self.other.value
        if chosen not in others:
            self._end()
        self.other.options = others
        self.other.value = chosen if chosen in others else next(iter(others), None)

    def _find_differences(self) -> None:
        if self.other.value is None:
            self.session.message = (
                "There is no other session of this table; import one from a file."
            )
            return
        try:
            self._theirs, record = self.workspace.read(self.other.value)
        except ExplorerError as error:
            self.session.message = str(error)
            return
        self.session.message = record.warning
        self._sides = {}
        self._follow()

    def _follow(self) -> None:
        """Find the differences again, because this session may have changed."""
        if self._first is not self._first_round():  # another session was opened
            self._end()
        if self._theirs is not None:
            self._difference = self.workspace.difference(self._theirs)
            known = {c.key for c in self._difference.conflicts}
            self._sides = {key: side for key, side in self._sides.items() if key in known}
            self._show()

    def _show(self) -> None:
        self.found.layout.display = "none" if self._theirs is None else ""
        conflicts = self._difference.conflicts
        self.deciding.layout.display = "" if conflicts else "none"
        undecided = [n for n, c in enumerate(conflicts) if c.key not in self._sides]
        self._listing = True
        chosen = self.conflicts.value
        self.conflicts.options = [(self._line(c), n) for n, c in enumerate(conflicts)]
        following = [n for n in undecided if chosen is not None and n >= chosen]
        self.conflicts.value = next(iter(following or undecided), 0 if conflicts else None)
        self._listing = False
        self._choose()
        left = f" {len(undecided):,} still to decide." if undecided else ""
        text = f"{self._difference.summary}{left} Rounds and scorer stay yours."
        self.note.value = note(html.escape(text))
        self.merge.disabled = bool(undecided) or not (conflicts or self._difference.added)
        self.all_mine.disabled = self.all_theirs.disabled = not undecided

    def _line(self, conflict: Conflict) -> str:
        side = self._sides.get(conflict.key, "?")
        mine, theirs = (text[:SHOWN] for text in (conflict.mine, conflict.theirs))
        patch, subject = conflict.key
        return f"{side:<6} · patch {patch} · {subject} · mine: {mine} · theirs: {theirs}"

    def _choose(self) -> None:
        """Show the chosen conflict in full, and its patch on the map."""
        place = self.conflicts.value
        if self._listing or place is None or self._theirs is None:
            return
        conflict = self._difference.conflicts[place]
        self.whole.value = "<br>".join(
            f"{side}: <b>{html.escape(text)}</b>"
            for side, text in (("mine", conflict.mine), ("theirs", conflict.theirs))
        )
        self.session.under_review = conflict.patch

    def _decide(self, side: Side) -> None:
        if self.conflicts.value is not None:
            self._sides[self._difference.conflicts[self.conflicts.value].key] = side
            self._show()

    def _decide_rest(self, side: Side) -> None:
        for conflict in self._difference.conflicts:
            self._sides.setdefault(conflict.key, side)
        self._show()

    def _merge(self) -> None:
        try:
            statements = self._difference.decided(self._sides)
            self._end()
            self.session.merge(statements, self.other.value)
        except ExplorerError as error:
            self.session.message = str(error)

    def _end(self) -> None:
        self._theirs, self._first = None, self._first_round()
        self._difference, self._sides = Difference((), (), 0), {}
        self._show()
