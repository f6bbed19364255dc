"""Small print: what explains a control or tells how something went."""

from __future__ import annotations


def note(text: str) -> str:
    """Make the HTML of a note; `text` is HTML too."""
    return f"<span class='rareearth-note'>{text}</span>"
