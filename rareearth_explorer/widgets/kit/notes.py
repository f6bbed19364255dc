"""Notes: small text that explains a control or reports a result."""

from __future__ import annotations


def note(text: str) -> str:
    """Make the HTML of a note; `text` is HTML too."""
    return f"<span class='rareearth-note'>{text}</span>"
