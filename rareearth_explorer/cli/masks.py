"""The options for cloud masks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rareearth_explorer.data.scene import Udm2


def add_masks(parser: argparse.ArgumentParser, without: str) -> None:
    """Add `--udm2` and `--no-udm2`; `without` is the help of the latter."""
    masks = parser.add_mutually_exclusive_group()
    masks.add_argument(
        "--udm2",
        type=Path,
        action="append",
        metavar="MASK",
        help="Planet's usable data mask, once for each scene (default: masks beside the scenes)",
    )
    masks.add_argument("--no-udm2", action="store_true", help=without)


def udm2_of(options: argparse.Namespace) -> Udm2:
    """Return the masks to use: the given ones, those beside the images, or none."""
    if options.no_udm2:
        return "none"
    return options.udm2 or "beside"
