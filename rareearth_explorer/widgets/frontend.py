"""The widgets' part in the browser: one built file, which holds all of them.

Its sources are in `js/` beside the package. The file is committed and part of the wheel, so
nothing is built where the program is installed or run.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets as t


class FrontendWidget(anywidget.AnyWidget):
    """A widget that the built file draws; which of those in it, a subclass says by `script`."""

    _esm = Path(__file__).parent / "static" / "widgets.js"

    script = t.Unicode().tag(sync=True)
    """Name of the widget in `WIDGETS` of `js/src/widgets.js`."""
