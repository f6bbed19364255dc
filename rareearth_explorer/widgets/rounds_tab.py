"""The tab Rounds: a table of the rounds, the rank change between two, branches to resume."""

from __future__ import annotations

import ipywidgets as w

from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Decisions, Session
from rareearth_explorer.hunt.views.layers import Layer, rank_change
from rareearth_explorer.hunt.views.round_summary import RoundSummary, summaries
from rareearth_explorer.widgets.kit import bar, button, toggle
from rareearth_explorer.widgets.stages import Stages

HEADINGS = {
    "round": "",
    "threshold": "patches that scored below it were discarded at the start of the round",
    "patches": "active patches",
    "templates": "positive and negative templates at the end of the round",
    "reviewed": "verdicts given in the round",
    "yield": "share of these verdicts that are confirmed",
    "recall": "share of the mines (patches with labelled pools) that are active",
    "precision": "share of the active patches that are mines",
    "AUC": "area under the ROC curve of all patches except the templates",
}


class RoundsTab:
    """Shows what each round kept and found, and the rank change between two rounds on the map."""

    def __init__(self, session: Session, stages: Stages | None = None) -> None:
        self.session = session
        self._filling = False
        self._layer: Layer | None = None
        self.table = w.HTML()
        self.before, self.after = (
            w.Dropdown(
                description=name,
                tooltip=tooltip,
                layout=w.Layout(width="150px"),
                style={"description_width": "60px"},
            )
            for name, tooltip in (
                ("From", "The first of the two rounds"),
                ("to", "The second of the two rounds"),
            )
        )
        self.rank_change = toggle(
            "rank change",
            "Colour the map by how far each patch rose or fell between the two rounds",
        )
        self.branch = w.Dropdown(
            description="Branch",
            tooltip="Rounds that you left by going back",
            layout=w.Layout(width="300px"),
            style={"description_width": "60px"},
        )
        self.visit = button(
            "resume",
            "Return to its rounds, templates and scorer; the present rounds become a branch",
            lambda: self._visit(),
        )
        for control in (self.before, self.after, self.rank_change):
            control.observe(lambda _: self._paint(), "value")
        bars = [
            bar(row, align_items="center")
            for row in (
                (self.before, self.after, self.rank_change),
                (self.branch, self.visit),
            )
        ]
        self.widget = w.VBox([self.table, *bars], layout=w.Layout(width="100%"))
        (stages or Stages(session)).in_front(
            "Rounds", self._show, "state", unless=lambda: self._painted
        )
        session.observe(lambda _: self._follow_layer(), "layer")
        self._show()

    def _show(self) -> None:
        state = self.session.state
        rows = summaries(state)
        self.table.value = _table([_cells(number, row) for number, row in enumerate(rows, 1)])
        rounds, branches = len(state.decisions.rounds), state.decisions.branches
        self._filling = True
        self._fill(self.before, rounds, at=max(0, rounds - 2))
        self._fill(self.after, rounds, at=rounds - 1)
        self.branch.options = [(_describe(branch), n) for n, branch in enumerate(branches)]
        self.branch.index = len(branches) - 1 if branches else None
        self._filling = False
        self.rank_change.disabled = rounds < 2
        self.visit.disabled = self.branch.disabled = not branches
        self._paint()

    def _fill(self, choice: w.Dropdown, rounds: int, at: int) -> None:
        if len(choice.options) != rounds:
            choice.options = [(f"round {n + 1}", n) for n in range(rounds)]
            choice.value = at

    def _paint(self) -> None:
        if self._filling:
            return
        line = self.session.state.line
        if not self.rank_change.value or len(line) < 2:
            self.rank_change.value = False
            if self._painted:
                self.session.layer = None
            return
        before, after = int(self.before.value), int(self.after.value)
        title = f"Rank, round {before + 1} → {after + 1}"
        self._layer = rank_change(line[before], line[after], title)
        self.session.layer = self._layer

    @property
    def _painted(self) -> bool:
        return self.session.layer is not None and self.session.layer is self._layer

    def _follow_layer(self) -> None:
        """Release the button when another panel colours the map."""
        if not self._painted:
            self.rank_change.value = False

    def _visit(self) -> None:
        try:
            self.session.visit(int(self.branch.value))
        except ExplorerError as error:
            self.session.message = str(error)


def _describe(branch: Decisions) -> str:
    templates = branch.templates
    return (
        f"{len(branch.rounds)} rounds, {int(branch.active.sum()):,} patches, "
        f"{len(templates.positives)} + {len(templates.negatives)} −"
    )


def _cells(number: int, row: RoundSummary) -> list[str]:
    def percent(share: float | None) -> str:
        return "" if share is None else f"{share:.1%}"

    return [
        str(number),
        "" if row.threshold is None else f"{row.threshold:.3f}",
        f"{row.patches:,}",
        f"{row.positives} + {row.negatives} −",
        f"{row.confirmed + row.rejected}" if row.confirmed + row.rejected else "",
        percent(row.yield_),
        percent(row.recall),
        percent(row.precision),
        "" if row.auc is None else f"{row.auc:.3f}",
    ]


def _table(rows: list[list[str]]) -> str:
    head = "".join(f"<th title='{tip}'>{name}</th>" for name, tip in HEADINGS.items())
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    table = f"<table class='rareearth-table'><tr>{head}</tr>{body}</table>"
    return f"<div style='overflow-x: auto'>{table}</div>"
