"""Embedding of a scene: GeoTIFF in, patch table out; streaming and resumable."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE, Bbox, PatchGrid
from rareearth_explorer.data.progress import progress_bar
from rareearth_explorer.data.storage.finished_parts import Arrays, FinishedParts
from rareearth_explorer.data.table import TableWriter, read_facts
from rareearth_explorer.embedding.blocks import LEAST_VALID, blocks, is_embedded
from rareearth_explorer.embedding.encoders.encoder import Encoder
from rareearth_explorer.embedding.pixel_source import PixelSource
from rareearth_explorer.embedding.provenance import describe_encoder, describe_sources
from rareearth_explorer.embedding.running import Finished, Numbered, embed_in_threads
from rareearth_explorer.errors import SceneError, TableError

BATCH = 16
"""Chips per call of the encoder."""

ROW_GROUP = 4096
"""Patches in a row group of the table."""


@dataclass(frozen=True)
class EmbeddingReport:
    """The result of an embedding run.

    Attributes
    ----------
    table
        The patch table.
    patches
        Number of patches in it.
    left_out
        Number of patches with less than half valid pixels, which were left out.
    dim
        Length of an embedding.
    resumed
        Number of blocks that an earlier run had finished; all blocks if the table existed already
        and was made from the same input.
    notes
        Sentences about what a reader may not expect of the images.
    """

    table: Path
    patches: int
    left_out: int
    dim: int
    resumed: int
    notes: tuple[str, ...] = ()


def embed_scene(
    scene: PixelSource,
    encoder: Encoder,
    table: Path,
    *,
    patch_size: float = DEFAULT_PATCH_SIZE,
    batch: int = BATCH,
    bbox: Bbox | None = None,
    progress: bool = True,
) -> EmbeddingReport:
    """Cut a scene into patches, embed them, and write the patch table.

    If the run is stopped at any moment, even by kill -9, the next call continues after the last
    finished block, with the same result to the bit. An existing table made from the same input
    does not change. Memory does not grow with the scene.

    Parameters
    ----------
    scene, encoder
        The scene to embed, and the encoder.
    table
        Path of the GeoParquet file to write.
    patch_size
        Side of a patch in metres.
    batch
        Chips per call of the encoder; the numbers may depend on it.
    bbox
        Only the rows and columns of patches with their centre in this box; None takes all.
    progress
        Whether to show rate and remaining time on standard error.

    Raises
    ------
    SceneError
        No patch has enough valid pixels, or the file cannot be read to its end.
    TableError
        The table cannot be written, or an unfinished run had different input or options.
    """
    grid = scene.grid(patch_size)
    plan = plan_of(scene, grid, describe_encoder(encoder), batch, bbox)
    embed = partial(embed_in_threads, scene, encoder, grid, batch)
    return fill_table(scene, grid, plan, embed, table, progress=progress)


def plan_of(
    scene: PixelSource,
    grid: PatchGrid,
    encoder: dict[str, Any],
    batch: int,
    bbox: Bbox | None = None,
) -> dict[str, Any]:
    """Return everything that the numbers depend on, as JSON types; the table records it."""
    plan = {
        "made_by": f"rareearth-explorer {version('rareearth-explorer')}",
        "grid": grid.to_metadata(),
        "encoder": encoder,
        "scenes": describe_sources(scene),
        "least_valid": LEAST_VALID,
        "batch": batch,
        **({} if bbox is None else {"bbox": bbox}),
    }
    normal: dict[str, Any] = json.loads(json.dumps(plan))
    return normal


def fill_table(
    scene: PixelSource,
    grid: PatchGrid,
    plan: dict[str, Any],
    embed: Callable[[Sequence[Numbered]], Finished],
    table: Path,
    *,
    progress: bool,
) -> EmbeddingReport:
    """Embed the blocks that are missing, then write the table.

    Parameters
    ----------
    plan
        The result of `plan_of` for the other parameters.
    embed
        Embeds numbered blocks, anywhere and in any order.
    scene, grid, table, progress
        As for `embed_scene`, which also lists the errors.
    """
    work = list(enumerate(blocks(grid, plan.get("bbox"))))
    if not work:
        raise SceneError(f"{scene.path}: no patch lies in the box; check --bbox.")
    count = sum(block.columns for _, block in work)
    dim = plan["encoder"]["dim"]
    with FinishedParts(table, plan, ".blocks", TableError) as finished:
        if (rows := _rows_if_made_of(plan, table)) is not None:
            finished.remove()
            return EmbeddingReport(table, rows, count - rows, dim, len(work))
        missing = [
            (number, block)
            for number, block in work
            if not finished.has(_name(number), partial(is_embedded, block, dim))
        ]
        done = count - sum(block.columns for _, block in missing)
        title = f"embedding {scene.path.name}"
        with progress_bar(title, "patch", count, done=done, shown=progress) as bar:
            _keep(embed(missing), finished, bar)
        left_out = sum(_left_out(finished, number) for number, _ in work)
        if left_out == count:
            finished.remove()
            raise SceneError(
                f"{scene.path}: no patch has {LEAST_VALID:.0%} valid pixels; choose another scene "
                "or a smaller patch size."
            )
        with TableWriter(table, dim, plan, within=finished.folder) as writer:
            for row, column, embeddings in _row_groups(finished, len(work)):
                writer.append(row, column, grid.corners(row, column), embeddings)
        finished.remove()
        return EmbeddingReport(table, count - left_out, left_out, dim, len(work) - len(missing))


def _keep(embedded: Finished, finished: FinishedParts, bar: Any) -> None:
    """Save blocks as they finish; if one cannot be saved, the running ones are stopped."""
    with closing(embedded):
        for number, block in embedded:
            finished.save(_name(number), **vars(block))
            bar.update(len(block.row) + block.left_out)


def _rows_if_made_of(plan: dict[str, Any], table: Path) -> int | None:
    """Count the rows of an existing table made from the same input; None if there is none."""
    try:
        rows, recorded = read_facts(table)
    except TableError:
        return None
    for derived in ("projection", "activity"):
        recorded.pop(derived, None)
    return rows if recorded == plan else None


def _row_groups(finished: FinishedParts, count: int) -> Iterator[tuple[npt.NDArray[Any], ...]]:
    """Join finished blocks, in grid order, to rows, columns and embeddings of row groups."""
    names, group = ("row", "column", "embeddings"), list[Arrays]()
    for number in range(count):
        group.append(finished.load(_name(number), *names))
        if sum(len(block["row"]) for block in group) >= ROW_GROUP or number == count - 1:
            yield tuple(np.concatenate([block[name] for block in group]) for name in names)
            group = []


def _left_out(finished: FinishedParts, number: int) -> int:
    return int(finished.load(_name(number), "left_out")["left_out"])


def _name(number: int) -> str:
    return f"{number:06d}"
