"""Keyboard shortcuts."""

from rareearth_explorer.widgets.keyboard.keyboard_panel import Key, KeyboardPanel

__all__ = ["Key", "KeyboardPanel"]
