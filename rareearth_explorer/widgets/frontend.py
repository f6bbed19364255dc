"""The browser side of the widgets: one built file that holds all of them.

Its sources are in `js/` beside the package. The file is committed and part of the wheel, so
nothing is built when the program is installed or run.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets as t


class FrontendWidget(anywidget.AnyWidget):
    """A widget of the built file; a subclass names it with the trait `script`."""

    _esm = Path(__file__).parent / "static" / "widgets.js"

    script = t.Unicode().tag(sync=True)
    """Key of the widget in `WIDGETS` of `js/src/widgets.js`."""
