"""The report as one self-contained HTML file, with the contents and the order of the PDF."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path
from string import Template

import numpy as np

from rareearth_explorer.data.rendering import encode_picture
from rareearth_explorer.exporting.figures import curve_figure, encode_figure
from rareearth_explorer.exporting.page_fonts import PageFonts
from rareearth_explorer.exporting.page_layout import INNER, Pages
from rareearth_explorer.exporting.report import SYNTHETIC, Report
from rareearth_explorer.exporting.report_entries import Entry, Section
from rareearth_explorer.exporting.report_map import ReportMap

PAGE = Path(__file__).with_name("report.html")

SHARPNESS = 240
"""Pixels of the map in an inch."""


def html_page(report: Report) -> bytes:
    """Write a report as HTML with embedded pictures and figures."""
    maps = ReportMap(report.session, report.scene, report.entries)
    page = Template(PAGE.read_text(encoding="utf-8")).substitute(
        title=escape(report.title),
        written=f"{report.written:%Y-%m-%d %H:%M} UTC",
        badge="<span class='badge'>SYNTHETIC</span>" if report.synthetic else "",
        synthetic=f"<p class='warning'>{SYNTHETIC}</p>" if report.synthetic else "",
        source=escape(report.source),
        result=escape(report.result),
        map=_map(maps, report),
        attribution=escape(report.attribution),
        listed=_section(report.listed, "large"),
        known=_section(report.known, "small"),
        methods=_facts(report.methods),
        curve="" if maps.roomy else f"<div>{_curve(report)}</div>",
        limits="".join(f"<li>{escape(sentence)}</li>" for sentence in report.limits),
    )
    return page.encode()


def _map(maps: ReportMap, report: Report) -> str:
    pages = Pages(PageFonts.for_texts([]), (INNER, maps.row_height()))
    maps.draw_row(pages, 0, 0)
    file = io.BytesIO()
    pages.figures[-1].savefig(file, format="rgba", dpi=SHARPNESS)
    across, down = pages.figures[-1].get_size_inches() * SHARPNESS
    pixels = np.frombuffer(file.getvalue(), np.uint8).reshape(int(down), int(across), 4)
    marks = ", ".join(entry.title for entry in report.entries)
    return _image(pixels, f"Map of the patches {marks}; coordinates are given with each")


def _curve(report: Report) -> str:
    drawing = encode_figure(curve_figure(report.session, (3.2, 2.6)), "svg").decode()
    return drawing[drawing.index("<svg") :]


def _image(pixels: np.ndarray, text: str) -> str:
    source = base64.b64encode(encode_picture(pixels)).decode()
    return f'<img alt="{escape(text)}" src="data:image/webp;base64,{source}">'


def _section(section: Section, size: str) -> str:
    cards = "".join(map(_card, section.entries)) or f"<p>{escape(section.empty)}</p>"
    return f"<h2>{escape(section.heading)}</h2><div class='cards {size}'>{cards}</div>"


def _card(entry: Entry) -> str:
    picture = "" if entry.picture is None else _image(entry.picture, f"patch {entry.patch}")
    facts = "".join(f"<li>{escape(fact)}</li>" for fact in entry.facts)
    note = f"<p class='note'>Note: {escape(entry.note)}</p>" if entry.note else ""
    return (
        f"<article><div>{picture}<div><h3>{escape(entry.title)}</h3>"
        f"<ul>{facts}</ul></div></div>{note}</article>"
    )


def _facts(facts: dict[str, str]) -> str:
    lines = [f"<tr><th>{escape(n)}</th><td>{escape(fact)}</td></tr>" for n, fact in facts.items()]
    return "".join(lines)
