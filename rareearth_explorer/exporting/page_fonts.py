"""Fonts for the text of a PDF page, in whatever script notes and names are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Self

BASE = "DejaVu Sans"
"""Comes with matplotlib; it has European scripts, but no Burmese and no Chinese."""

STAND_IN = "\u25a1"
"""A white square, for a character that no font has."""


@dataclass(frozen=True)
class PageFonts:
    """Fonts that together have as many characters of some texts as this computer can show.

    Attributes
    ----------
    families
        Names of font families; a character is taken from the first that has it.
    missing
        Characters that no font has.
    """

    families: tuple[str, ...]
    missing: frozenset[str]

    @classmethod
    def for_texts(cls, texts: Iterable[str]) -> Self:
        """Choose fonts for some texts, from those that are installed."""
        wanted = {each for text in texts for each in text if not each.isspace()}
        missing, families = wanted - _characters(BASE), [BASE]
        for family in _installed() if missing else ():
            if found := missing & _characters(family):
                missing -= found
                families.append(family)
        return cls(tuple(families), frozenset(missing))

    def shown(self, text: str) -> str:
        """Return a text as the fonts can show it; invisible characters are left out."""
        return "".join(self._shown(each) for each in text) if self.missing else text

    def _shown(self, character: str) -> str:
        if character not in self.missing:
            return character
        return "" if unicodedata.category(character) in ("Cf", "Mn") else STAND_IN


def _installed() -> list[str]:
    """Names of the installed families, those of the widest coverage first."""
    names = _files().keys() - {BASE}
    # 'Last Resort' of macOS has a box for every character, and TeX's fonts have codes of their own.
    usable = [name for name in names if not name.lower().startswith((".", "last", "cm", "stix"))]
    return sorted(usable, key=lambda name: (not name.startswith("Noto Sans"), name))


@cache
def _files() -> dict[str, set[str]]:
    """Files of the upright faces of each family."""
    from matplotlib.font_manager import fontManager

    files: dict[str, set[str]] = {}
    for font in fontManager.ttflist:
        if font.style == "normal":
            files.setdefault(font.name, set()).add(font.fname)
    return files


@cache
def _characters(family: str) -> frozenset[str]:
    """Characters that all faces of a family have; none if a file cannot be read."""
    from matplotlib.font_manager import get_font

    try:
        maps = [set(get_font(file).get_charmap()) for file in _files().get(family, ())]
    except (OSError, RuntimeError, ValueError):  # a damaged file, or a kind that FreeType lacks
        return frozenset()
    return frozenset(map(chr, set.intersection(*maps))) if maps else frozenset()
