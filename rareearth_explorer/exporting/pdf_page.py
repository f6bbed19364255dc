"""The report as one A4 page, portrait."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from rareearth_explorer.exporting.figures import draw_curves, draw_map, new_figure
from rareearth_explorer.exporting.report import SYNTHETIC, Chip, Report, Rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

A4 = (8.27, 11.69)
MARGINS = (0.03, 0.02, 0.94, 0.96)
"""Left, bottom, width and height of the drawing area, as shares of the page."""

HEIGHTS = [1.0, 4.5, 1.1, 1.2, 2.8, 1.6]
"""Shares of the page: opening, figures, rounds, templates, patches, facts."""

ROUNDS, CHIPS, PATCHES = 5, 11, 12
"""Numbers that fit on the page, the last ones of the rounds; the HTML report lists all."""

WIDE = 145
"""Characters per line."""


def report_page(report: Report) -> Figure:
    """Draw a report on a page, without notes, which only the HTML report has."""
    page = new_figure(A4, MARGINS)
    rows = page.add_gridspec(len(HEIGHTS), height_ratios=HEIGHTS)
    opening, figures, rounds, templates, patches, facts = (
        page.add_subfigure(rows[number]) for number in range(len(HEIGHTS))
    )
    written = f"Written {report.written:%Y-%m-%d %H:%M} UTC by Rare Earth Explorer."
    warning = [SYNTHETIC] if report.synthetic else []
    _write(opening, report.title, [written, *warning, report.score])
    left, right = figures.subplots(1, 2, width_ratios=[5, 4])
    draw_map(left, report.session)
    draw_curves(right, report.session)
    right.set_box_aspect(1)
    _tabulate(rounds, "Rounds", [report.rounds[0], *report.rounds[1:][-ROUNDS:]])
    _show(templates, report.templates)
    listing = _without_notes(report.listing[: PATCHES + 1])
    _tabulate(patches, report.heading(len(listing) - 1), listing)
    lines = [f"{name}: {fact}" for name, fact in report.facts.items()]
    _write(facts, "Settings and sources", lines)
    return page


def _write(part: SubFigure, heading: str, paragraphs: list[str]) -> None:
    lines = [line for paragraph in paragraphs for line in textwrap.wrap(paragraph, WIDE)]
    _head(part, heading)
    axes = part.add_subplot()
    axes.axis("off")
    # File names may contain dollar signs, which must not start a formula.
    style: Any = {"va": "top", "fontsize": 7, "linespacing": 1.4, "parse_math": False}
    axes.text(0, 1, "\n".join(lines), **style)


def _head(part: SubFigure, heading: str) -> None:
    part.suptitle(heading, x=0, ha="left", fontsize=9, weight="bold", parse_math=False)


def _without_notes(rows: Rows) -> Rows:
    return [row[:-1] for row in rows] if rows[0][-1] == "note" else rows


def _tabulate(part: SubFigure, heading: str, rows: Rows) -> None:
    _head(part, heading)
    axes = part.add_subplot()
    axes.axis("off")
    widths = [2 + max(map(len, column)) for column in zip(*rows, strict=True)]
    shares = [width / sum(widths) for width in widths]
    table = axes.table(rows, colWidths=shares, loc="upper center", edges="horizontal")
    table.auto_set_font_size(False)
    table.set_fontsize(6.5)
    for (row, _), cell in table.get_celld().items():
        cell.set_linewidth(0.3)
        cell.get_text().set_fontweight("bold" if row == 0 else "normal")


def _show(part: SubFigure, chips: list[Chip]) -> None:
    shown = chips[:CHIPS]
    left_out = f", {len(shown)} of them shown" if len(shown) < len(chips) else ""
    _head(part, f"{len(chips)} templates{left_out}")
    for axes, chip in zip(part.subplots(1, CHIPS), [*shown, *[None] * CHIPS], strict=False):
        axes.axis("off")
        if chip is not None:
            axes.set_title(chip.caption.replace(" ", "\n", 1), fontsize=6)
            if chip.picture is not None:
                axes.imshow(chip.picture)
