"""A4 pages that are filled from top to bottom, measured in millimetres."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.exporting.page_fonts import PageFonts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 10.0
INNER = WIDTH - 2 * MARGIN
"""Width between the margins."""

INCH, POINT = 25.4, 25.4 / 72
"""In millimetres."""

LEADING = 1.32
"""Distance of lines in font sizes."""

ROOM = 0.97
"""Share of a line that is filled: printed letters are up to 3 % wider than measured ones."""

INK, FAINT, LINE = "#1c2126", "#5b646c", "#c9cfd4"


class Pages:
    """Pages of a document, and the place on the last one where the next block goes.

    Parameters
    ----------
    fonts
        Fonts of all texts.
    size
        Width and height of a page.

    Attributes
    ----------
    figures
        A figure for each page.
    top
        Distance of the next block from the upper edge.
    """

    def __init__(self, fonts: PageFonts, size: tuple[float, float] = (WIDTH, HEIGHT)) -> None:
        self.fonts = fonts
        self.width, self.height = size
        self.figures: list[Figure] = []
        self.turn()

    def turn(self) -> None:
        """Begin a page."""
        from matplotlib.figure import Figure

        self.figures.append(Figure(figsize=(self.width / INCH, self.height / INCH), dpi=200))
        self.top = MARGIN

    def require(self, height: float) -> None:
        """Begin a page unless this one has room for a block of this height."""
        if self.top + height > self.height - MARGIN and self.top > MARGIN:
            self.turn()

    def lines(self, text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
        """Break a text into lines of at most `width`, as the fonts show it."""
        shown = self.fonts.shown(text)
        return [
            line
            for paragraph in shown.expandtabs(4).splitlines()
            for line in _broken(paragraph, width, size, bold, self.fonts.families)
        ]

    def write(self, lines: list[str], left: float, top: float, size: float, **style: Any) -> float:
        """Write lines; return their height.

        Parameters
        ----------
        lines
            From `lines`.
        left, top
            Place of the upper left corner; of the upper right one with `ha="right"`.
        size
            Of the font, in points.
        style
            For matplotlib's text.
        """
        look: dict[str, Any] = {"color": INK, "va": "baseline", **style}
        if look.pop("bold", False):
            look["weight"] = "bold"
        for number, line in enumerate(lines):
            baseline = top + size * POINT * (0.95 + LEADING * number)
            # File names may contain dollar signs, which must not start a formula.
            self.figures[-1].text(
                left / self.width, 1 - baseline / self.height, line, fontsize=size,
                parse_math=False, family=list(self.fonts.families), **look,
            )  # fmt: skip
        return height_of(lines, size)

    def paragraph(self, text: str, size: float, *, after: float = 1.0, **style: Any) -> None:
        """Write a text across the page, on further pages if need be."""
        for line in self.lines(text, INNER, size, bold=style.get("bold", False)):
            self.require(height_of([line], size))
            self.top += self.write([line], MARGIN, self.top, size, **style)
        self.top += after

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add axes to the page."""
        low = 1 - (top + height) / self.height
        place = (left / self.width, low, width / self.width, height / self.height)
        return self.figures[-1].add_axes(place)

    def picture(self, pixels: npt.NDArray[np.uint8], left: float, top: float, side: float) -> None:
        """Show a square picture."""
        axes = self.axes(left, top, side, side)
        axes.imshow(pixels, interpolation="lanczos", aspect="auto")
        axes.set_axis_off()

    def rule(self) -> None:
        """Draw a line across the page."""
        from matplotlib.lines import Line2D

        y = 1 - self.top / self.height
        ends = [MARGIN / self.width, 1 - MARGIN / self.width]
        self.figures[-1].add_artist(Line2D(ends, [y, y], color=LINE, linewidth=0.6))


def height_of(lines: list[str], size: float) -> float:
    """Height of lines in millimetres."""
    return len(lines) * LEADING * size * POINT


def _broken(
    paragraph: str, width: float, size: float, bold: bool, families: tuple[str, ...]
) -> Iterator[str]:
    def fits(text: str) -> bool:
        return _width(text.rstrip(), size, bold, families) <= ROOM * width

    line = ""
    for word in re.findall(r"[^ ]+ *| +", paragraph):
        if fits(line + word):
            line += word
            continue
        if line.strip():
            yield line.rstrip()
        line = ""
        # Scripts without spaces, and long names, break anywhere.
        for character in word:
            if line and not fits(line + character):
                yield line
                line = ""
            line += character
    yield line.rstrip()


@lru_cache(maxsize=20_000)
def _width(text: str, size: float, bold: bool, families: tuple[str, ...]) -> float:
    """Width of a text in millimetres."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    weight = "bold" if bold else "normal"
    font = FontProperties(family=list(families), weight=weight, size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) * POINT
