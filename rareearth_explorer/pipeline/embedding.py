"""Embed a scene: GeoTIFF in, patch table out, streaming and resumable."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from rareearth_explorer.encoders.encoder import Encoder
from rareearth_explorer.errors import SceneError
from rareearth_explorer.grid import DEFAULT_PATCH_SIZE, PatchGrid
from rareearth_explorer.pipeline.blocks import (
    LEAST_VALID,
    Block,
    CutBlock,
    EmbeddedBlock,
    blocks,
    cut_block,
    embed_block,
)
from rareearth_explorer.pipeline.checkpoint import Checkpoint, file_identity
from rareearth_explorer.scene import Scene
from rareearth_explorer.table import TableWriter

BATCH = 16
"""Chips given to the encoder at once."""

ROW_GROUP = 4096
"""Patches in a row group of the table."""


@dataclass(frozen=True)
class EmbeddingReport:
    """What became of a scene.

    Attributes
    ----------
    table
        The patch table.
    patches
        Number of patches in it.
    left_out
        Number of patches with less than half valid pixels, which are not in it.
    resumed
        Number of blocks found finished from an earlier run.
    """

    table: Path
    patches: int
    left_out: int
    resumed: int


def embed_scene(
    scene: Scene,
    encoder: Encoder,
    table: Path,
    *,
    patch_size: float = DEFAULT_PATCH_SIZE,
    batch: int = BATCH,
    progress: bool = True,
) -> EmbeddingReport:
    """Cut a scene into patches, embed them, and write the patch table.

    Stopped at any moment, kill -9 included, it goes on from the last finished block when called
    again, with the same result to the bit. Memory does not grow with the scene.

    Parameters
    ----------
    scene, encoder
        What is embedded, and by what.
    table
        Where the GeoParquet file shall be.
    patch_size
        Side of a patch in metres.
    batch
        Chips given to the encoder at once; part of what the numbers may depend on.
    progress
        Whether to show rate and time left on standard error.

    Raises
    ------
    SceneError
        No patch has enough valid pixels, or the file cannot be read to its end.
    TableError
        The table cannot be written, or an unfinished run used other input or options.
    """
    grid = scene.grid(patch_size)
    metadata = {
        "grid": grid.to_metadata(),
        "encoder": encoder.describe(),
        "scenes": [_describe_scene(scene)],
        "least_valid": LEAST_VALID,
    }
    checkpoint = Checkpoint(table, {**metadata, "batch": batch})
    work = list(blocks(grid))
    finished = [n for n in range(len(work)) if checkpoint.has(n)]
    missing = sorted(set(range(len(work))) - set(finished))
    with tqdm(
        total=len(grid),
        initial=sum(work[n].columns for n in finished),
        desc=f"embedding {scene.path.name}",
        unit="patch",
        disable=not progress,
    ) as bar:
        for number, cut in _read_ahead(scene, grid, work, missing):
            checkpoint.save(number, embed_block(encoder, cut, batch))
            bar.update(work[number].columns)
    left_out = sum(checkpoint.load(n).left_out for n in range(len(work)))
    if left_out == len(grid):
        checkpoint.remove()
        raise SceneError(
            f"{scene.path}: no patch has {LEAST_VALID:.0%} valid pixels; choose another scene or "
            "a smaller patch size."
        )
    with TableWriter(table, encoder.dim, metadata) as writer:
        for row, column, embeddings in _row_groups(checkpoint, len(work)):
            writer.append(row, column, grid.corners(row, column), embeddings)
    checkpoint.remove()
    return EmbeddingReport(table, len(grid) - left_out, left_out, len(finished))


def _describe_scene(scene: Scene) -> dict[str, Any]:
    time = scene.time.isoformat() if scene.time else None
    return {**file_identity(scene.path), "time": time, "bands": list(scene.bands)}


def _read_ahead(
    scene: Scene, grid: PatchGrid, work: list[Block], numbers: list[int]
) -> Iterator[tuple[int, CutBlock]]:
    """Yield cut blocks while the next one is being read."""
    with ThreadPoolExecutor(1, thread_name_prefix="reading") as pool:
        coming = [pool.submit(cut_block, scene, grid, work[n]) for n in numbers[:1]]
        for at, number in enumerate(numbers):
            cut = coming.pop().result()
            coming += [
                pool.submit(cut_block, scene, grid, work[n]) for n in numbers[at + 1 : at + 2]
            ]
            yield number, cut


def _row_groups(checkpoint: Checkpoint, count: int) -> Iterator[tuple[npt.NDArray[Any], ...]]:
    """Join finished blocks, in the grid's order, to rows, columns and embeddings of row groups."""
    group: list[EmbeddedBlock] = []
    for number in range(count):
        group.append(checkpoint.load(number))
        if sum(len(b.row) for b in group) >= ROW_GROUP or number == count - 1:
            names = ("row", "column", "embeddings")
            yield tuple(np.concatenate([getattr(b, name) for b in group]) for name in names)
            group = []
