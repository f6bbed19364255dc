"""The parts of all panels: buttons, bars of controls, and notes."""

from rareearth_explorer.widgets.kit.bars import bar
from rareearth_explorer.widgets.kit.buttons import button, toggle
from rareearth_explorer.widgets.kit.notes import note

__all__ = ["bar", "button", "note", "toggle"]
