"""How fast a scene is embedded, stage by stage: run me as a script.

A synthetic scene of eight bands is embedded by a Clay v1 of full size with random weights. The
encoder alone, on chips that lie in memory, is the floor; the goal is that reading, normalising
and writing hide behind it. Then the same on one and on two Dask workers of one thread each.

    python tests/benchmarks/bench_pipeline.py [--rows 8] [--dtype bfloat16]
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.data.storage.finished_parts import FinishedParts
from rareearth_explorer.data.table import TableWriter
from rareearth_explorer.data.threads import cores
from rareearth_explorer.embedding import embed_scene, encoders
from rareearth_explorer.embedding.blocks import blocks, cut_block, embed_block
from rareearth_explorer.embedding.cluster import embed_on_cluster
from rareearth_explorer.embedding.encoders import Chips, ClayOptions, sensors
from rareearth_explorer.errors import TableError

COLUMNS, SIDE, BATCH = 8, 84, 8
BANDS = tuple(sensors()["planetscope-8"].bands)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=8, help="of 8 patches each")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    options, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        run = Run(Path(name), options.rows, ClayOptions(dtype=options.dtype))
        floor = measure_stages(run)
        measure_whole(run, floor)
        measure_cluster(run)


@dataclass(frozen=True)
class Run:
    """A scene and weights on disk, and how to open them."""

    folder: Path
    rows: int
    options: ClayOptions

    def __post_init__(self) -> None:
        """Write a tiled scene of smooth noise, and random weights."""
        import torch

        from rareearth_explorer.embedding.encoders.clay import CLAY_V1, ClayEncoder
        from rareearth_explorer.embedding.encoders.clay_weights import write_weights

        shape = (len(BANDS), self.rows * SIDE, COLUMNS * SIDE)
        profile = {"driver": "GTiff", "dtype": "uint16", "crs": "EPSG:32647", "tiled": True}
        profile |= dict(zip(("count", "height", "width"), shape, strict=True))
        profile["transform"] = Affine(3, 0, 430_000, 0, -3, 2_845_000)
        pixels = np.random.default_rng(0).normal(2000, 500, shape).clip(1).astype(np.uint16)
        with rasterio.open(self.scene, "w", compress="deflate", **profile) as dataset:
            dataset.write(pixels)
        torch.manual_seed(0)
        write_weights(ClayEncoder(CLAY_V1).state_dict(), self.weights)

    @property
    def scene(self) -> Path:
        """The scene's file, named as Planet does."""
        return self.folder / "20220307_034030_1_2475_3B_AnalyticMS_SR_8b.tif"

    @property
    def weights(self) -> Path:
        """The weights' file."""
        return self.folder / "clay-v1.safetensors"

    @property
    def chips(self) -> int:
        """Number of patches."""
        return self.rows * COLUMNS

    def make_encoder(self) -> Callable[[], Any]:
        """How to load the encoder, here or on a worker."""
        figures = {"means": [2000.0] * len(BANDS), "stds": [500.0] * len(BANDS), "gsd": 3.0}
        return partial(
            encoders.load,
            "clay-v1",
            bands=BANDS,
            weights=self.weights,
            options=self.options,
            **figures,
        )


def rate(chips: int, work: Callable[[], object]) -> float:
    """Chips per second of one call."""
    start = time.perf_counter()
    work()
    return chips / (time.perf_counter() - start)


def report(what: str, per_second: float, floor: float, goal: str = "") -> None:
    """Print one line."""
    print(f"{what:<44} {per_second:10.1f} chips/s {per_second / floor:8.2f}  {goal}", flush=True)


def measure_stages(run: Run) -> float:
    """Measure each stage by itself; returns the rate of encoding, the floor."""
    with open_scene(run.scene) as scene:
        grid = scene.grid()
        work = list(blocks(grid))
        reading = rate(run.chips, lambda: [cut_block(scene, grid, block) for block in work])
        cuts = [cut_block(scene, grid, block) for block in work]
    encoder = run.make_encoder()()
    batches = [
        Chips(c.chips.pixels[at : at + BATCH], c.chips.latlon[at : at + BATCH], c.chips.time)
        for c in cuts
        for at in range(0, len(c.chips.pixels), BATCH)
    ]
    encoder.encode(batches[0])  # sets up threads and the kernel
    normalising = rate(run.chips, lambda: exhaust(encoder._pixels(b.pixels) for b in batches))
    with ThreadPoolExecutor(max(2, cores())) as pool:
        floor = rate(run.chips, lambda: exhaust(pool.map(encoder.encode, batches)))
    embedded = [embed_block(encoder, cuts[0], BATCH)] * len(work)

    def write() -> None:
        finished = FinishedParts(run.folder / "written.parquet", {}, ".blocks", TableError)
        for number, block in enumerate(embedded):
            finished.save(f"{number:06d}", **vars(block))
        with TableWriter(run.folder / "written.parquet", encoder.dim, {}) as writer:
            for block in embedded:
                corners = grid.corners(block.row, block.column)
                writer.append(block.row, block.column, corners, block.embeddings)

    where = f"{encoder.device.type}, {encoder.options.dtype}"
    report(f"encode ({where}), on all cores: the floor", floor, floor)
    report("read and cut", reading, floor, "one thread")
    report("normalise", normalising, floor, "one thread; it is part of encode")
    report("write, synced to disk block by block", rate(run.chips, write), floor, "one thread")
    return floor


def exhaust(iterable: Iterable[object]) -> None:
    """Go through it."""
    for _ in iterable:
        pass


def measure_whole(run: Run, floor: float) -> None:
    """Measure everything together."""
    encoder = run.make_encoder()()
    with open_scene(run.scene) as scene:
        whole = rate(
            run.chips,
            lambda: embed_scene(
                scene, encoder, run.folder / "whole.parquet", batch=BATCH, progress=False
            ),
        )
    report("embed_scene, from scene to table", whole, floor, "goal: 0.95 of encode")


def measure_cluster(run: Run) -> None:
    """Measure one and two workers of one thread, from their first finished block to the last."""
    import distributed

    one = 0.0
    for workers in (1, 2):
        with distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=logging.ERROR,
        ) as cluster:
            finished: list[float] = []
            with finishing_times(finished):
                embed_on_cluster(
                    partial(open_scene, run.scene),
                    run.make_encoder(),
                    run.folder / f"{workers}.parquet",
                    cluster.scheduler_address,
                    batch=BATCH,
                    progress=False,
                )
        # What is finished by then was begun before: as many blocks as there are workers.
        chips = COLUMNS * (len(finished) - workers)
        per_second = chips / (finished[-1] - finished[workers - 1])
        one = one or per_second
        report(
            f"embed_on_cluster, {workers} worker{'s' * (workers > 1)}", per_second, one, "of one"
        )


@contextmanager
def finishing_times(times: list[float]) -> Iterator[None]:
    """Note when each block is kept."""
    save = FinishedParts.save

    def timed(*given: Any, **arrays: Any) -> None:
        times.append(time.perf_counter())
        save(*given, **arrays)

    FinishedParts.save = timed  # type: ignore[method-assign]
    try:
        yield
    finally:
        FinishedParts.save = save  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
