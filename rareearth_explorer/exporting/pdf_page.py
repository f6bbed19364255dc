"""The report as an A4 page; what does not fit goes on further pages."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rareearth_explorer.exporting.page_fonts import STAND_IN, PageFonts
from rareearth_explorer.exporting.page_layout import (
    FAINT,
    INNER,
    MARGIN,
    Pages,
    height_of,
)
from rareearth_explorer.exporting.report import SYNTHETIC, Report
from rareearth_explorer.exporting.report_entries import Entry, Section
from rareearth_explorer.exporting.report_map import ReportMap, draw_small_curve

GAP = 3.0
"""Space between cards in millimetres."""

LARGE, SMALL = (3, 30.0), (4, 17.0)
"""Cards in a row, and side of their pictures in millimetres: listed and known patches."""

TITLE, RESULT, HEADING, NAME, SMALLER, SMALLEST = 16.0, 9.0, 10.0, 7.5, 7.0, 6.2
"""Sizes of the font in points."""

NAMES, CURVE = 19.0, 54.0
"""Widths of the names of methods, and of the ROC curve beside them, in millimetres."""


MOST_FACTS, MOST_NOTE = 16, 10
"""Largest numbers of lines in a card; the whole of a longer note follows the methods."""

MISSING = (
    f"{STAND_IN} stands for a character that no font of this computer has; the HTML report and "
    "the lists hold it."
)


def pdf_page(report: Report) -> bytes:
    """Draw a report as a PDF of one A4 page, or of more where lists and notes are long."""
    from matplotlib.backends.backend_pdf import PdfPages

    file = io.BytesIO()
    with PdfPages(file, metadata={"Title": report.title}) as document:
        for figure in report_pages(report).figures:
            document.savefig(figure)
    return file.getvalue()


def report_pages(report: Report) -> Pages:
    """Lay a report out on pages."""
    pages = Pages(PageFonts.for_texts(_texts(report)))
    _open(pages, report)
    curve_shown = _map(pages, report)
    cut = [*_section(pages, report.listed, LARGE), *_section(pages, report.known, SMALL)]
    _methods(pages, report, curve=not curve_shown)
    if cut:
        _heading(pages, "Notes", 10)
    for entry in cut:
        pages.paragraph(entry.title, SMALLER, bold=True, after=0)
        pages.paragraph(entry.note, SMALLER, style="italic")
    return pages


def _texts(report: Report) -> Iterator[str]:
    yield from (report.title, report.source, report.result, report.attribution, *report.limits)
    yield from (f"{name} {fact}" for name, fact in report.methods.items())
    for entry in report.entries:
        yield from (entry.title, *entry.facts, entry.note)


def _open(pages: Pages, report: Report) -> None:
    """Write title, source and result."""
    if report.synthetic:
        badge = {"facecolor": "#ffd400", "edgecolor": "none", "boxstyle": "round,pad=0.35"}
        pages.write(
            ["SYNTHETIC"], MARGIN + INNER - 1.5, pages.top + 1, 9, ha="right", bold=True, bbox=badge
        )
    pages.top += pages.write(
        [f"Rare Earth Explorer · written {report.written:%Y-%m-%d %H:%M} UTC"],
        MARGIN, pages.top, SMALLER, color=FAINT,
    )  # fmt: skip
    title = pages.lines(report.title, INNER - 30, TITLE, bold=True)
    pages.top += pages.write(title, MARGIN, pages.top, TITLE, bold=True)
    pages.paragraph(report.source, SMALLER, after=1.2)
    if report.synthetic:
        pages.paragraph(SYNTHETIC, SMALLEST, bold=True, color="#8a1c00", after=1.2)
    pages.paragraph(report.result, RESULT, after=2)


def _map(pages: Pages, report: Report) -> bool:
    """Draw the maps; return whether the curve is among them."""
    maps = ReportMap(report.session, report.scene, report.entries)
    pages.require(maps.row_height())
    maps.draw_row(pages, MARGIN, pages.top)
    pages.top += maps.row_height() + 1
    if report.attribution:
        pages.paragraph(report.attribution, SMALLEST, color=FAINT, after=0)
    return maps.roomy


def _heading(pages: Pages, text: str, room: float) -> None:
    """Write a heading that stays with a block of `room` millimetres below it."""
    lines = pages.lines(text, INNER, HEADING, bold=True)
    pages.require(height_of(lines, HEADING) + 3 + room)
    pages.top += 1
    pages.rule()
    pages.top += 0.8
    pages.top += pages.write(lines, MARGIN, pages.top, HEADING, bold=True) + 0.4


def _section(pages: Pages, section: Section, look: tuple[int, float]) -> list[Entry]:
    """Write a heading, and cards of patches in rows; return those whose notes are cut."""
    across, side = look
    width = (INNER - (across - 1) * GAP) / across
    cards = [_Card(pages, entry, width, side) for entry in section.entries]
    rows = [cards[start : start + across] for start in range(0, len(cards), across)]
    heights = [max(card.height for card in row) for row in rows]
    _heading(pages, section.heading, heights[0] if rows else 4)
    if not rows:
        pages.paragraph(section.empty, SMALLER)
    for row, height in zip(rows, heights, strict=True):
        pages.require(height)
        for column, card in enumerate(row):
            card.write(MARGIN + column * (width + GAP))
        pages.top += height + 1.2
    return [card.entry for card in cards if card.cut]


class _Card:
    """A picture with facts beside it and the note below."""

    def __init__(self, pages: Pages, entry: Entry, across: float, side: float) -> None:
        self.pages, self.entry, self.side = pages, entry, side
        self.left = 0.0 if entry.picture is None else side + 1.5
        width = across - self.left
        self.title = pages.lines(entry.title, width, NAME, bold=True)
        facts = [line for fact in entry.facts for line in pages.lines(fact, width, SMALLEST)]
        self.facts = facts[:MOST_FACTS]
        beside = height_of(self.title, NAME) + height_of(self.facts, SMALLEST)
        self.below = max(beside, side if entry.picture is not None else 0.0) + 0.8
        note = f"Note: {entry.note}" if entry.note else ""
        lines = pages.lines(note, across, SMALLEST)
        self.cut = len(lines) > MOST_NOTE
        self.note = [*lines[: MOST_NOTE - 1], "… goes on under Notes."] if self.cut else lines
        self.height = self.below + height_of(self.note, SMALLEST)

    def write(self, left: float) -> None:
        pages, top = self.pages, self.pages.top
        if self.entry.picture is not None:
            pages.picture(self.entry.picture, left, top, self.side)
        beside = left + self.left
        under = top + pages.write(self.title, beside, top, NAME, bold=True)
        pages.write(self.facts, beside, under, SMALLEST)
        pages.write(self.note, left, top + self.below, SMALLEST, style="italic")


def _methods(pages: Pages, report: Report, *, curve: bool) -> None:
    """Write methods and limits as a list of two columns, beside the curve unless the map has it."""
    across, tall = (CURVE, CURVE * 0.74) if curve else (0.0, 0.0)
    _heading(pages, "Methods and limits", max(tall, 8))
    top, figure = pages.top, pages.figures[-1]
    if curve:
        corner = (MARGIN + INNER - across + 4, top)
        draw_small_curve(pages, report.session, corner, across - 4, tall)
    for name, fact in _method_lines(pages, report):
        beside = pages.figures[-1] is figure and pages.top < top + tall
        width = INNER - NAMES - (across if beside else 0)
        lines = pages.lines(fact, width, SMALLEST)
        for number, line in enumerate(lines):
            pages.require(height_of([line], SMALLEST))
            if name and not number:
                pages.write([name], MARGIN, pages.top, SMALLEST, bold=True)
            pages.top += pages.write([line], MARGIN + NAMES, pages.top, SMALLEST)
        pages.top += 0.2
    if pages.figures[-1] is figure:
        pages.top = max(pages.top, top + tall)


def _method_lines(pages: Pages, report: Report) -> Iterator[tuple[str, str]]:
    yield from report.methods.items()
    limits = [*report.limits, MISSING] if pages.fonts.missing else report.limits
    for number, sentence in enumerate(limits):
        yield "" if number else "limits", sentence
