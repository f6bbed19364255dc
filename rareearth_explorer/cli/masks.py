"""The options that say which mask tells of clouds."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path


def add_masks(parser: argparse.ArgumentParser, without: str) -> None:
    """Add `--udm2` and `--no-udm2`; `without` is the help of the latter."""
    masks = parser.add_mutually_exclusive_group()
    masks.add_argument(
        "--udm2",
        type=Path,
        action="append",
        metavar="MASK",
        help="Planet's usable data mask, once for each scene (default: those beside the scenes)",
    )
    masks.add_argument("--no-udm2", action="store_true", help=without)


def masks_of(options: argparse.Namespace, images: Iterable[Path]) -> list[Path | None]:
    """Name the masks that are read with images: those given, those beside them, or none."""
    from rareearth_explorer.data.scene.planet import udm2_beside

    if options.no_udm2:
        return []
    return options.udm2 or [udm2_beside(image) for image in images]
