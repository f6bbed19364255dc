"""The report as one self-contained HTML file."""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path
from string import Template

from rareearth_explorer.data.rendering import encode_picture
from rareearth_explorer.exporting.figures import curve_figure, encode_figure, map_figure
from rareearth_explorer.exporting.patch_pictures import Picture
from rareearth_explorer.exporting.report import SYNTHETIC, Chip, Report, Rows

PAGE = Path(__file__).with_name("report.html")


def html_page(report: Report) -> bytes:
    """Write a report as HTML with embedded pictures and figures."""
    pictures = [_picture(picture) for picture in report.pictures]
    page = Template(PAGE.read_text(encoding="utf-8")).substitute(
        title=escape(report.title),
        written=f"{report.written:%Y-%m-%d %H:%M} UTC",
        synthetic=f"<p class='warning'>{SYNTHETIC}</p>" if report.synthetic else "",
        score=escape(report.score),
        map=_svg(encode_figure(map_figure(report.session), "svg"), "map"),
        curve=_svg(encode_figure(curve_figure(report.session), "svg"), "curve"),
        rounds=_table(report.rounds),
        templates="".join(map(_figure, report.templates)),
        heading=escape(report.heading(len(pictures))),
        listing=_table(report.listing, pictures if any(pictures) else None),
        facts=_facts(report.facts),
    )
    return page.encode()


def _svg(picture: bytes, name: str) -> str:
    """Extract the drawing from its file, with unique names for its elements."""
    drawing = picture.decode()
    drawing = drawing[drawing.index("<svg") :]
    return re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", drawing)


def _picture(pixels: Picture | None) -> str:
    if pixels is None:
        return ""
    source = base64.b64encode(encode_picture(pixels)).decode()
    return f'<img alt="" src="data:image/webp;base64,{source}">'


def _figure(chip: Chip) -> str:
    caption = f"<figcaption>{escape(chip.caption)}</figcaption>"
    return f'<figure class="{chip.sign}">{_picture(chip.picture)}{caption}</figure>'


def _table(rows: Rows, pictures: list[str] | None = None) -> str:
    """Format cells as a table; numbers are aligned to the right."""
    kinds = [_kind(name, [row[place] for row in rows[1:]]) for place, name in enumerate(rows[0])]

    def line(tag: str, cells: list[str], picture: str) -> str:
        first = "" if pictures is None else f"<{tag}>{picture}</{tag}>"
        pairs = zip(kinds, cells, strict=True)
        inside = "".join(f'<{tag} class="{kind}">{escape(cell)}</{tag}>' for kind, cell in pairs)
        return f"<tr>{first}{inside}</tr>"

    body = zip(rows[1:], pictures or [""] * len(rows), strict=False)
    lines = "".join(line("td", row, picture) for row, picture in body)
    return f"<table><thead>{line('th', rows[0], '')}</thead><tbody>{lines}</tbody></table>"


def _kind(name: str, cells: list[str]) -> str:
    """Return the style of a column."""
    if name == "note":
        return "note"
    return "number" if all(set(cell) <= set("+-%,.0123456789") for cell in cells) else "text"


def _facts(facts: dict[str, str]) -> str:
    lines = [f"<tr><th>{escape(n)}</th><td>{escape(fact)}</td></tr>" for n, fact in facts.items()]
    return f"<table class='facts'>{''.join(lines)}</table>"
