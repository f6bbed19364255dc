"""The options that say which pixels of imagery count."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rareearth_explorer.data.scene import Nodata


def add_nodata(parser: argparse._ActionsContainer) -> None:
    """Add `--nodata`."""
    parser.add_argument(
        "--nodata",
        type=nodata,
        metavar="VALUE",
        help="the value of empty pixels, instead of those that the files declare; 'none' if every "
        "pixel is data",
    )


def add_one_date(
    parser: argparse.ArgumentParser,
    meaning: str = "the files are one pass, though it crosses midnight (UTC)",
) -> None:
    """Add `--one-date`; `meaning` is what it says of the files."""
    parser.add_argument("--one-date", action="store_true", help=meaning)


def nodata(text: str) -> Nodata:
    """Parse a nodata value: a number, `nan`, or `none`."""
    from rareearth_explorer.data.scene import nodata_of

    try:
        value = nodata_of(text)
    except ValueError:
        value = math.inf
    if isinstance(value, float) and math.isinf(value):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'none'")
    return value
