"""Tiles and stores with an embedding in each pixel, as TESSERA publishes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine

PLACE = Affine(10, 0, 290_000, 0, -10, 2_860_640)
CRS = "EPSG:32647"


def write_land_mask(
    path: Path, land: npt.NDArray[np.generic], transform: Affine = PLACE, crs: str = CRS
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    size = {"height": land.shape[0], "width": land.shape[1]}
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 1, "crs": crs, **size}
    with rasterio.open(path, "w", transform=transform, **profile) as dataset:
        dataset.write(land.astype(np.uint8), 1)
    return path


def random_codes(
    rows: int, columns: int, seed: int = 0
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    codes = random.integers(-127, 128, (rows, columns, 128)).astype(np.int8)
    return codes, random.uniform(0.01, 0.2, (rows, columns)).astype(np.float32)


def means_of_patches(pixels: npt.NDArray[np.floating], side: int) -> npt.NDArray[np.float64]:
    """Normalised means of patches of pixels (H, W, C) with NaN for missing ones, row by row."""
    rows, columns = (length // side for length in pixels.shape[:2])
    cut = pixels[: rows * side, : columns * side].astype(np.float64)
    patches = cut.reshape(rows, side, columns, side, -1).transpose(0, 2, 1, 3, 4)
    means = np.nanmean(patches.reshape(rows * columns, side * side, -1), axis=1)
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True))
