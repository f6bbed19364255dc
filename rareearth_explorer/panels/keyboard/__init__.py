"""Keys for everything that is done often."""

from rareearth_explorer.panels.keyboard.panel import Key, KeyboardPanel

__all__ = ["Key", "KeyboardPanel"]
