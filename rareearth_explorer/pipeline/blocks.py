"""Blocks: runs of patches that are read, embedded and kept together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window

from rareearth_explorer.encoders.encoder import Chips, Encoder
from rareearth_explorer.grid import PatchGrid
from rareearth_explorer.scene import Scene

MOST_PATCHES = 64
"""Patches in a block at most: 14 MB of pixels at the paper's size, whatever the scene's width."""

LEAST_VALID = 0.5
"""Patches with a smaller share of valid pixels are left out."""


@dataclass(frozen=True)
class Block:
    """Neighbouring patches of one row of the grid: `columns` of them from `column` on."""

    row: int
    column: int
    columns: int

    def window(self, grid: PatchGrid) -> Window:
        """Pixels of the block."""
        side = grid.patch_px
        return Window(self.column * side, self.row * side, self.columns * side, side)


def blocks(grid: PatchGrid) -> Iterator[Block]:
    """Cut the grid into blocks, row by row; the cut depends on the grid alone."""
    for row in range(grid.rows):
        for column in range(0, grid.columns, MOST_PATCHES):
            yield Block(row, column, min(MOST_PATCHES, grid.columns - column))


@dataclass(frozen=True, eq=False)
class EmbeddedBlock:
    """Embeddings of a block's valid patches.

    Attributes
    ----------
    row, column
        (n,) places in the grid.
    embeddings
        (n, D) float32.
    left_out
        Number of patches of the block with too few valid pixels.
    """

    row: npt.NDArray[np.int32]
    column: npt.NDArray[np.int32]
    embeddings: npt.NDArray[np.float32]
    left_out: int


@dataclass(frozen=True, eq=False)
class CutBlock:
    """A block's valid patches as chips, before they are embedded."""

    row: npt.NDArray[np.int32]
    column: npt.NDArray[np.int32]
    chips: Chips
    left_out: int


def cut_block(scene: Scene, grid: PatchGrid, block: Block) -> CutBlock:
    """Read a block and cut it into chips; patches with too few valid pixels are left out.

    Pixels without data take the mean of their patch's valid pixels, band by band, which says
    least about the place.
    """
    pixels, valid = scene.read(block.window(grid))
    side = grid.patch_px
    chips = pixels.reshape(len(pixels), side, block.columns, side).transpose(2, 0, 1, 3)
    masks = valid.reshape(side, block.columns, side).transpose(1, 0, 2)
    kept = np.flatnonzero(masks.mean(axis=(1, 2)) >= LEAST_VALID)
    chips, masks = chips[kept].astype(np.float32), masks[kept]
    for chip, mask in zip(chips, masks, strict=True):
        if not mask.all():
            chip[:, ~mask] = chip[:, mask].mean(axis=1, keepdims=True)
    row = np.full(len(kept), block.row, np.int32)
    column = (block.column + kept).astype(np.int32)
    latlon = grid.centroids(row, column)[:, ::-1]
    return CutBlock(row, column, Chips(chips, latlon, scene.time), block.columns - len(kept))


def embed_block(encoder: Encoder, cut: CutBlock, batch: int) -> EmbeddedBlock:
    """Embed a block's chips, `batch` at a time."""
    chips = cut.chips
    parts = [
        encoder.encode(
            Chips(chips.pixels[at : at + batch], chips.latlon[at : at + batch], chips.time)
        )
        for at in range(0, len(chips.pixels), batch)
    ]
    embeddings = np.concatenate(parts) if parts else np.empty((0, encoder.dim), np.float32)
    return EmbeddedBlock(cut.row, cut.column, embeddings, cut.left_out)
