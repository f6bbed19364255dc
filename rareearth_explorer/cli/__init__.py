"""The command `rareearth-explorer`; only this package prints."""

from rareearth_explorer.cli.command import main

__all__ = ["main"]
