"""Blocks: runs of patches that are read, embedded and saved together."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_type_hints

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window

from rareearth_explorer.data.grid import Bbox, PatchGrid
from rareearth_explorer.embedding.encoders.encoder import Chips, Encoder
from rareearth_explorer.embedding.pixel_source import PixelSource
from rareearth_explorer.errors import EncoderError

MOST_PATCHES = 64
"""Most patches in a block: 14 MB of pixels at the paper's size, for any width of the scene."""

LEAST_VALID = 0.5
"""Patches with a smaller share of valid pixels are left out."""


@dataclass(frozen=True)
class Block:
    """Neighbouring patches of one row of the grid: `columns` of them from `column` on."""

    row: int
    column: int
    columns: int

    def window(self, grid: PatchGrid) -> Window:
        """Return the window of pixels of the block."""
        side = grid.patch_px
        return Window(self.column * side, self.row * side, self.columns * side, side)


def blocks(grid: PatchGrid, bbox: Bbox | None = None) -> Iterator[Block]:
    """Divide the grid into blocks, row by row; the blocks depend on the grid and the box alone.

    Parameters
    ----------
    grid
        The grid.
    bbox
        Only the rows and columns of patches with their centre in this box; None takes all.
    """
    rows, columns = (range(grid.rows), range(grid.columns)) if bbox is None else grid.within(bbox)
    for row in rows:
        for column in columns[::MOST_PATCHES]:
            yield Block(row, column, min(MOST_PATCHES, columns.stop - column))


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


def is_embedded(block: Block, dim: int, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
    """Whether arrays read from a disk are those of the embedded block, with finite numbers.

    Parameters
    ----------
    block
        The block.
    dim
        Length of an embedding, D.
    arrays
        By the names of the attributes of `EmbeddedBlock`.
    """
    if set(arrays) != set(get_type_hints(EmbeddedBlock)):
        return False
    row, column, embeddings, left_out = (
        arrays[name] for name in ("row", "column", "embeddings", "left_out")
    )
    kinds = [f"{each.dtype} {each.ndim}" for each in (row, column, embeddings)]
    if kinds != ["int32 1", "int32 1", "float32 2"] or left_out.ndim or left_out.dtype.kind != "i":
        return False
    if embeddings.shape != (len(row), dim) or column.shape != row.shape:
        return False
    inside = (row == block.row).all() and (np.diff(column) > 0).all()
    inside &= ((column >= block.column) & (column < block.column + block.columns)).all()
    counted = len(row) + int(left_out) == block.columns
    return bool(inside and counted and np.isfinite(embeddings).all())


@dataclass(frozen=True, eq=False)
class CutBlock:
    """A block's valid patches as chips, before they are embedded."""

    row: npt.NDArray[np.int32]
    column: npt.NDArray[np.int32]
    chips: Chips
    left_out: int


def cut_block(scene: PixelSource, grid: PatchGrid, block: Block) -> CutBlock:
    """Read a block and cut it into chips; patches with too few valid pixels are left out.

    Pixels without data are filled with the mean of the valid pixels of their patch, band by band,
    which adds the least information.
    """
    pixels, valid = scene.read(block.window(grid))
    side = pixels.shape[1]  # a block is one patch high, and overviews have fewer pixels
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
    times = _times(scene, grid, block, kept)
    cut = Chips(chips, latlon, scene.time, times, None if masks.all() else masks)
    return CutBlock(row, column, cut, block.columns - len(kept))


def _times(
    scene: PixelSource, grid: PatchGrid, block: Block, kept: npt.NDArray[np.intp]
) -> tuple[datetime | None, ...] | None:
    """Time of the file that most pixels of each kept patch come from; None if all have one."""
    origins = scene.origins(block.window(grid))
    if origins is None:
        return None
    side = grid.patch_px
    patches = origins.reshape(side, block.columns, side).transpose(1, 0, 2)[kept]
    most = [int(np.bincount(patch[patch >= 0]).argmax()) for patch in patches]
    return tuple(scene.sources[number].time for number in most)


def embed_block(
    encoder: Encoder, cut: CutBlock, batch: int, stop: threading.Event | None = None
) -> EmbeddedBlock:
    """Embed a block's chips, `batch` at a time.

    Raises
    ------
    EncoderError
        An embedding holds NaN or infinity.
    CancelledError
        `stop` was set.
    """
    chips = cut.chips
    embeddings = np.empty((len(chips.pixels), encoder.dim), np.float32)
    for at in range(0, len(embeddings), batch):
        if stop is not None and stop.is_set():
            raise CancelledError
        part = slice(at, at + batch)
        embeddings[part] = encoder.encode(chips.part(part))
    finite = np.isfinite(embeddings).all(axis=1)
    if not finite.all():
        odd = int(np.argmin(finite))
        raise EncoderError(
            f"The embedding of the patch in row {cut.row[odd]}, column {cut.column[odd]} holds NaN "
            f"or infinity: the weights of {encoder.name} are damaged, or its dtype is too narrow."
        )
    return EmbeddedBlock(cut.row, cut.column, embeddings, cut.left_out)
