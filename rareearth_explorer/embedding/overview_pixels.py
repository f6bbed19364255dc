"""Overviews of a raster of embeddings, where one of their pixels is a patch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window

from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.embedding.pixel_source import SourceFile


@dataclass(frozen=True, eq=False)
class OverviewPixels:
    """A scene of embeddings, read from the overview that has one pixel for each patch.

    It reads a small part of the file: of patches of 16 pixels a side, 1 byte of 256.

    Attributes
    ----------
    scene
        The scene, which this closes; its `has_overview(side)` is true.
    side
        Pixels of the scene a side in a pixel that is read.
    """

    scene: Scene
    side: int

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self.scene.close()

    @property
    def path(self) -> Path:
        """The file, the first of several."""
        return self.scene.path

    @property
    def time(self) -> datetime | None:
        """Time of capture in UTC; None if unknown."""
        return self.scene.time

    @property
    def sources(self) -> Sequence[SourceFile]:
        """The files, whose numbers `origins` gives."""
        return self.scene.sources

    def grid(self, patch_size: float) -> PatchGrid:
        """Make the grid of patches of `patch_size` metres, on the pixels of the scene."""
        return self.scene.grid(patch_size)

    def read(self, window: Window) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Read the pixels of the overview in a window of the scene: (C, h / side, w / side)."""
        shape = round(window.height) // self.side, round(window.width) // self.side
        return self.scene.read(window, out_shape=shape)

    def origins(self, window: Window) -> npt.NDArray[np.int64] | None:
        """Find the source of each pixel of the scene, as `Scene.origins` does."""
        return self.scene.origins(window)
