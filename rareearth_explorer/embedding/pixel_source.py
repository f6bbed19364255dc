"""What embedding needs of imagery, whether it is a scene or arrays of embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window

from rareearth_explorer.data.grid import PatchGrid


class SourceFile(Protocol):
    """A file, or a store, that pixels are read from."""

    @property
    def time(self) -> datetime | None:
        """Time of capture in UTC; None if unknown."""
        ...

    def describe(self) -> dict[str, Any]:
        """Identify the file and how it is read, as JSON types; `name` is one of the keys."""
        ...


class PixelSource(Protocol):
    """Pixels on a straight grid, which any thread may read; `Scene` is one."""

    @property
    def path(self) -> Path:
        """The file, the first of several."""
        ...

    @property
    def time(self) -> datetime | None:
        """Time of capture in UTC; None if unknown."""
        ...

    @property
    def sources(self) -> Sequence[SourceFile]:
        """The files, whose numbers `origins` gives."""
        ...

    def __enter__(self) -> Self:
        """Return itself."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        ...

    def grid(self, patch_size: float) -> PatchGrid:
        """Make the grid of patches of `patch_size` metres."""
        ...

    def read(self, window: Window) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Read a window: pixels (C, h, w), and the mask (h, w) of those with data."""
        ...

    def origins(self, window: Window) -> npt.NDArray[np.int64] | None:
        """Find the source of each pixel, -1 where empty; None if all have one time."""
        ...
