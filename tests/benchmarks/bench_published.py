"""What importing published embeddings costs, beside plain reading: run me as a script.

A synthetic raster of AlphaEarth's codes is imported, and its windows are read by rasterio alone; a
synthetic table with a list column is imported, and read by pyarrow alone. Each runs in a process
of its own, so that its peak of memory is its own; the memory of the imports alone is taken off.

    python tests/benchmarks/bench_published.py [--side 2048] [--rows 200000]
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rasterio
from affine import Affine

from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.embedding import import_pixels, import_table
from rareearth_explorer.embedding.blocks import blocks

DIMENSIONS = 64


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--side", type=int, default=2048, help="of the raster, in pixels")
    parser.add_argument("--rows", type=int, default=200_000, help="of the table")
    options, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raster, table = write_raster(folder, options.side), write_table(folder, options.rows)
        print(f"raster of {options.side:,} x {options.side:,} x {DIMENSIONS} int8")
        pixels = options.side**2 / 1e6
        compare("M pixels/s", pixels, (read_windows, raster), (make_patches, raster))
        print(f"table of {options.rows:,} x {DIMENSIONS} float32")
        compare("1,000 rows/s", options.rows / 1e3, (read_table, table), (copy_table, table))


def write_raster(folder: Path, side: int) -> Path:
    """Write codes as AlphaEarth publishes them, in tiles and compressed."""
    path = folder / "raster.tif"
    profile = {"driver": "GTiff", "dtype": "int8", "count": DIMENSIONS, "crs": "EPSG:32647"}
    profile |= {"width": side, "height": side, "nodata": -128, "tiled": True}
    profile |= {"blockxsize": 512, "blockysize": 512, "interleave": "band", "compress": "deflate"}
    random = np.random.default_rng(0)
    with rasterio.open(
        path, "w", transform=Affine(10, 0, 290_000, 0, -10, 2_860_640), **profile
    ) as dataset:
        for band in range(DIMENSIONS):
            codes = random.integers(-127, 128, (side, side), np.int8)
            dataset.write(codes, band + 1)
            dataset.set_band_description(band + 1, f"A{band:02d}")
    return path


def write_table(folder: Path, rows: int) -> Path:
    """Write embeddings as a list column, with points."""
    path = folder / "points.parquet"
    random = np.random.default_rng(0)
    values = random.normal(size=rows * DIMENSIONS).astype(np.float32)
    across = int(np.ceil(np.sqrt(rows)))
    row, column = np.divmod(np.arange(rows), across)
    table = pa.table(
        {
            "embedding": pa.FixedSizeListArray.from_arrays(values, DIMENSIONS).cast(
                pa.list_(pa.float32())
            ),
            "lon": 97.0 + column * 0.0025,
            "lat": 25.0 + row * 0.0025,
        }
    )
    pq.write_table(table, path)
    return path


def read_windows(path: Path) -> None:
    """Read the windows of the import with rasterio alone."""
    with open_scene(path) as scene:
        windows = [block.window(scene.grid()) for block in blocks(scene.grid())]
    with rasterio.open(path) as dataset:
        for window in windows:
            dataset.read(window=window)


def make_patches(path: Path) -> None:
    """Import the raster."""
    import_pixels([path], path.with_name("patches.parquet"), progress=False)


def read_table(path: Path) -> None:
    """Read the table with pyarrow alone."""
    pq.read_table(path)


def copy_table(path: Path) -> None:
    """Import the table."""
    import_table(path, path.with_name("imported.parquet"))


Work = tuple[Callable[[Path], None], Path]


def compare(unit: str, amount: float, plain: Work, ours: Work) -> None:
    """Measure two ways and print them with their ratios."""
    seconds, memory = measured(*plain)
    for what, (took, peak) in (("plain", (seconds, memory)), ("import", measured(*ours))):
        print(
            f"  {what:<8} {amount / took:8.2f} {unit}, {took / seconds:6.2f} x the time of plain; "
            f"peak {peak:6.0f} MB, {peak / max(memory, 1):5.2f} x",
            flush=True,
        )


def measured(work: Callable[[Path], None], path: Path) -> tuple[float, float]:
    """Seconds, and megabytes above those of a process that has only imported its modules."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, path))


def _measured(work: Callable[[Path], None], path: Path) -> tuple[float, float]:
    before = memory("VmRSS")
    start = time.perf_counter()
    work(path)
    return time.perf_counter() - start, memory("VmHWM") - before


def memory(kind: str) -> float:
    """Memory of this process in megabytes, as Linux counts it: `VmRSS` now, `VmHWM` at its peak.

    `getrusage` would count the process that started this one.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (each for each in lines if each.startswith(kind))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
