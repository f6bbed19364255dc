"""Download links that hold the file itself, so that they work with a remote Jupyter too."""

from __future__ import annotations

import base64
import html
import mimetypes

from rareearth_explorer.widgets.kit import note


def download_link(name: str, content: bytes) -> str:
    """Make the HTML of a link that saves `content` under `name`."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    data = base64.b64encode(content).decode()
    shown = html.escape(name, quote=True)
    return f"<a download='{shown}' href='data:{kind};base64,{data}'>{shown}</a> " + note(
        f"{max(1, round(len(content) / 1024)):,} kB"
    )
