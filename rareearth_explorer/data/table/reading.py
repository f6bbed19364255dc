"""What a user says about a table that does not say everything."""

from __future__ import annotations

from dataclasses import dataclass

from rareearth_explorer.data.grid import Bbox
from rareearth_explorer.data.numbers import Coding


@dataclass(frozen=True)
class Reading:
    """How to read a table that does not say everything.

    Attributes
    ----------
    column
        Name of the embedding column, or a pattern such as "A*" for one number in each column;
        None detects it.
    recipe
        Name of the recipe to follow, see `rareearth_explorer.data.recipes`; None recognises it.
    dtype
        Type of the numbers in a binary column, such as "float16"; or "bits" for packed signs.
    scale, offset
        Decode the numbers as v * scale + offset; a scale of 1 alone takes whole numbers as they
        are. None does what the file or its recipe says.
    crs
        CRS of the places, instead of what the file says.
    spacing
        Side in metres of the squares around points; None takes their distance.
    date
        Date of the rows to read, or its beginning; "newest" for the newest of each place; None
        reads all.
    bbox
        Only rows with their centre in this box: west, south, east and north in degrees.
    """

    column: str | None = None
    recipe: str | None = None
    dtype: str | None = None
    scale: float | None = None
    offset: float | None = None
    crs: str | None = None
    spacing: float | None = None
    date: str | None = None
    bbox: Bbox | None = None

    @property
    def coding(self) -> Coding | None:
        """The coding that is asked for, or None."""
        if self.scale is None and self.offset is None:
            return None
        scale = 1.0 if self.scale is None else self.scale
        return Coding("linear", scale, self.offset or 0.0, origin="--scale and --offset")
