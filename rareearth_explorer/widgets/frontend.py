"""The browser side of the widgets: one built file that holds all of them.

Its sources are in `js/` beside the package. The file is committed and part of the wheel, so
nothing is built when the program is installed or run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
import traitlets as t


class FrontendWidget(anywidget.AnyWidget):
    """A widget of the built file; a subclass names it with the trait `script`."""

    _esm = Path(__file__).parent / "static" / "widgets.js"

    script = t.Unicode().tag(sync=True)
    """Key of the widget in `WIDGETS` of `js/src/widgets.js`."""

    own_id = t.Unicode().tag(sync=True)
    """The id of this widget's model, by which the browser finds the model itself."""

    def __init__(self, **traits: Any) -> None:
        own_id = uuid4().hex
        super().__init__(model_id=own_id, own_id=own_id, **traits)
