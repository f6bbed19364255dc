"""What a decoder of places works on, and how it speaks of it in errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from rareearth_explorer.errors import ExplorerError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class PlaceSource:
    """What a decoder works on: the table, and how to speak of it."""

    table: pa.Table
    name: object
    error: type[ExplorerError]
    crs: str | None
    column: str | None
    strict: bool
    option: str

    def refuse(self, sentence: str) -> NoReturn:
        """Raise the error of this file with a sentence."""
        raise self.error(f"{self.name}: {sentence}")


def or_option(source: PlaceSource) -> str:
    """End of a sentence that names the way to give a CRS, if there is one."""
    return f", or name the CRS with {source.option}" if source.option else ""


def short(value: object) -> str:
    """Value as Python writes it, short enough for a sentence."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
