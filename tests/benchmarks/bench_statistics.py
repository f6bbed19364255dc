"""Whether mean and deviation of pixel embeddings say more than the mean: run me as a script.

Each pixel of the synthetic demo gets an embedding of 64 numbers of length 1, from its bands by a
random projection, a bend and a second projection. Patches get the mean, or mean and deviation, as
`import --statistics` makes them, and each mine patch ranks all others by cosine. It is synthetic
imagery with made embeddings: nothing printed says how a published product finds real mines.

    python tests/benchmarks/bench_statistics.py [--seeds 2] [--pixels 3]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.windows import Window

from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.recipes import recipe_called
from rareearth_explorer.data.scene import Scene, open_scene
from rareearth_explorer.demo.synthetic import PATCHES, DemoFiles, make_demo
from rareearth_explorer.embedding.blocks import LEAST_VALID
from rareearth_explorer.embedding.encoders import Chips
from rareearth_explorer.embedding.pixel_statistics import STATISTICS, PixelStatistics, Statistics
from rareearth_explorer.score.evaluation import Ranking

DIMENSIONS = 64

Rows = npt.NDArray[np.float32]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=2, help="random projections")
    parser.add_argument("--rows", type=int, default=PATCHES[0], help="of patches of the demo")
    parser.add_argument(
        "--pixels", type=int, nargs="+", default=[3], help="sides of a pixel, in those of 3 m"
    )
    options, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        demo = make_demo(Path(name), patches=(options.rows, options.rows), progress=False)
        for coarser in options.pixels:
            for seed in range(options.seeds):
                measure(demo, coarser, seed)


def measure(demo: DemoFiles, coarser: int, seed: int) -> None:
    """Rank by each mine patch in turn, with both statistics, and print the means."""
    embeddings, pools = embedded(demo, coarser, seed)
    for statistics, rows in embeddings.items():
        rankings = [
            Ranking.of(np.delete(rows @ rows[mine], mine), np.delete(pools, mine))
            for mine in np.flatnonzero(pools)
        ]
        auc = np.mean([ranking.auc for ranking in rankings])
        recall = np.mean([ranking.found(0.1)[0] for ranking in rankings])
        print(
            f"pixels of {3 * coarser:2d} m, projection {seed}, {statistics:<8}: AUC {auc:.3f}, "
            f"{recall:.1%} of the mine patches in the first 10% ({len(rankings)} templates, "
            f"{len(pools)} patches)",
            flush=True,
        )


def embedded(
    demo: DemoFiles, coarser: int, seed: int
) -> tuple[dict[Statistics, Rows], npt.NDArray[np.int64]]:
    """Embeddings of the patches by both statistics, and their pool counts."""
    found: dict[Statistics, list[Rows]] = {name: [] for name in STATISTICS}
    kept: list[tuple[int, int]] = []
    with open_scene(demo.scenes[0]) as scene:
        grid, project = scene.grid(), projection(scene, seed)
        encoders = {
            name: PixelStatistics(recipe_called("tessera"), DIMENSIONS, name) for name in STATISTICS
        }
        side = grid.patch_px
        for row in range(grid.rows):
            pixels, valid = scene.read(Window(0, row * side, grid.columns * side, side))
            for column in range(grid.columns):
                part = slice(column * side, (column + 1) * side)
                if valid[:, part].mean() < LEAST_VALID:
                    continue
                chip, mask = coarsened(pixels[:, :, part], valid[:, part], coarser)
                chips = Chips(project(chip)[None], np.zeros((1, 2)), valid=mask[None])
                for name, encoder in encoders.items():
                    found[name].append(encoder.encode(chips)[0])
                kept.append((row, column))
        corners = grid.corners(*np.array(kept).T)
    pools = open_labels(demo.labels).count(shapely.polygons(corners)).per_patch
    return {name: np.stack(rows) for name, rows in found.items()}, pools


def coarsened(
    pixels: Rows, valid: npt.NDArray[np.bool_], coarser: int
) -> tuple[Rows, npt.NDArray[np.bool_]]:
    """Average pixels in squares; a square with an empty pixel is empty."""
    bands, height, width = pixels.shape
    shape = (height // coarser, coarser, width // coarser, coarser)
    return pixels.reshape(bands, *shape).mean(axis=(2, 4)), valid.reshape(shape).all(axis=(1, 3))


def projection(scene: Scene, seed: int) -> Callable[[Rows], Rows]:
    """Return the function from (bands, h, w) pixels to (64, h, w) embeddings of length 1."""
    random = np.random.default_rng(seed)
    bands = len(scene.bands)
    first = random.normal(size=(4 * DIMENSIONS, bands)) / np.sqrt(bands)
    shift = random.normal(size=4 * DIMENSIONS)
    second = random.normal(size=(DIMENSIONS, 4 * DIMENSIONS))
    mean, std = scene.statistics.mean, scene.statistics.std

    def project(pixels: Rows) -> Rows:
        scaled = (pixels.reshape(bands, -1) - mean[:, None]) / std[:, None]
        numbers = second @ np.tanh(first @ scaled + shift[:, None])
        numbers /= np.linalg.norm(numbers, axis=0)
        return numbers.reshape(DIMENSIONS, *pixels.shape[1:]).astype(np.float32)

    return project


if __name__ == "__main__":
    main()
