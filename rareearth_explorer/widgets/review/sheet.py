"""Python side of `js/src/review/sheet.js`, a sheet of chips."""

from __future__ import annotations

from typing import Any

import traitlets as t

from rareearth_explorer.widgets.frontend import FrontendWidget


class ChipSheet(FrontendWidget):
    """Pictures of patches; a click chooses one.

    A button on a picture sends ``{"verb": str, "patch": int}``.
    """

    script = t.Unicode("sheet").tag(sync=True)

    chips: t.List[dict[str, Any]] = t.List().tag(sync=True)
    """For each place ``{"patch": int, "caption": str}``."""

    pictures: t.List[bytes] = t.List().tag(sync=True)
    """For each place a WebP picture as bytes; empty if there is none."""

    verdicts: t.List[str] = t.List().tag(sync=True)
    """For each place a verdict, or an empty string."""

    verbs: t.List[dict[str, str]] = t.List().tag(sync=True)
    """Buttons of each picture: ``{"verb": str, "text": str, "title": str}``."""

    place = t.Int(-1).tag(sync=True)
    """The place that was chosen, framed on the sheet; -1 if none is."""
