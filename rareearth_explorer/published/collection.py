"""What is wanted of a published product, and where it lies."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from rasterio.windows import Window

from rareearth_explorer.data.grid import Bbox
from rareearth_explorer.errors import CatalogueError

PRODUCTS = ("alphaearth", "tessera")


@cache
def _collections() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("collections.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Wanted:
    """A box of one year of a product.

    Attributes
    ----------
    product
        One of `PRODUCTS`.
    bbox
        West, south, east and north in WGS 84 degrees.
    year
        The year.
    base
        Address or folder of another copy of the same layout; empty for the public one.

    Raises
    ------
    CatalogueError
        There is no such product, or the box is none.
    """

    product: str
    bbox: Bbox
    year: int
    base: str = ""

    def __post_init__(self) -> None:
        if self.product not in PRODUCTS:
            raise CatalogueError(f"{self.product!r} is not one of {', '.join(PRODUCTS)}.")
        west, south, east, north = self.bbox
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise CatalogueError(
                f"--bbox {west:g} {south:g} {east:g} {north:g} is no box of west, south, east and "
                "north in degrees; one across 180 degrees is fetched as two boxes."
            )

    @property
    def facts(self) -> dict[str, Any]:
        """Where the product lies, see `collections.toml`."""
        return _collections()[self.product]

    @property
    def root(self) -> str:
        """Address or folder of the copy."""
        return (self.base or self.facts["base"]).rstrip("/")

    def plan(self, tile: str, window: Window) -> dict[str, Any]:
        """Describe what a file of a tile's window holds, as JSON types."""
        plan = {**asdict(self), "tile": tile, "window": list(window.flatten())}
        normal: dict[str, Any] = json.loads(json.dumps(plan))
        return normal

    def place(self, name: str) -> str:
        """Address or path of a file of the copy."""
        return f"{self.root}/{name}"


@dataclass
class FetchedTiles:
    """What was fetched.

    Attributes
    ----------
    files
        The files for `import`, by the name of their projection, in which a mosaic is possible.
    absent
        Number of tiles that the copy does not have, such as those of the sea.
    kept
        Number of tiles that an earlier run had fetched.
    """

    files: dict[str, list[Path]] = field(default_factory=dict)
    absent: int = 0
    kept: int = 0

    def add(self, projection: str, path: Path) -> None:
        """Note a file."""
        self.files.setdefault(projection, []).append(path)
