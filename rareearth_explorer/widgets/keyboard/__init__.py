"""Keys for everything that is done often."""

from rareearth_explorer.widgets.keyboard.keyboard_panel import Key, KeyboardPanel

__all__ = ["Key", "KeyboardPanel"]
