"""Python's end of `sheet.js`, a sheet of chips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets as t


class ChipSheet(anywidget.AnyWidget):
    """Pictures of patches, one of them in hand; a click takes another one in hand."""

    _esm = Path(__file__).with_name("sheet.js")

    chips: t.List[dict[str, Any]] = t.List().tag(sync=True)
    """For each place ``{"patch": int, "caption": str}``."""

    pictures: t.List[bytes] = t.List().tag(sync=True)
    """For each place a WebP picture as bytes; empty where there is none."""

    verdicts: t.List[str] = t.List().tag(sync=True)
    """For each place a verdict, or an empty string."""

    place = t.Int(0).tag(sync=True)
    """Which chip is in hand."""
