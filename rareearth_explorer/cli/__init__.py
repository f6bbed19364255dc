"""The command `rareearth-explorer`; the only code that prints."""

from rareearth_explorer.cli.command import main

__all__ = ["main"]
