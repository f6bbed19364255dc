"""Tiles and stores with an embedding in each pixel, as TESSERA publishes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine

PLACE = Affine(10, 0, 290_000, 0, -10, 2_860_640)
CRS = "EPSG:32647"
PLACED = {"proj:code": CRS, "spatial:transform": list(PLACE)[:6]}
PER_PIXEL = {
    "method": "per_pixel_scale",
    "scale": {"type": "array", "array_name": "scales", "nodata": "NaN"},
}


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


def write_store(
    path: Path,
    arrays: dict[str, npt.NDArray[Any]],
    attributes: dict[str, Any] | None = None,
    *,
    group: str = "",
    quantization: Any = PER_PIXEL,
    names: tuple[str, ...] | None = None,
) -> Path:
    import zarr

    root = zarr.open_group(str(path), mode="a", zarr_format=3)
    root.attrs["geoemb:type"] = "pixel"
    if quantization is not None:
        root.attrs["geoemb:quantization"] = quantization
    inner = root.require_group(group) if group else root
    inner.attrs.update(PLACED if attributes is None else attributes)
    for name, values in arrays.items():
        chunks = tuple(min(32, length) for length in values.shape)
        found = inner.create_array(
            name,
            shape=values.shape,
            chunks=chunks,
            dtype=values.dtype,
            dimension_names=names if name == "embeddings" else None,
        )
        found[:] = values
    return path


def of_years(years: int, rows: int = 72, columns: int = 48) -> dict[str, npt.NDArray[Any]]:
    """Arrays as time x band x row x column."""
    each = [random_codes(rows, columns, seed) for seed in range(years)]
    return {
        "embeddings": np.stack([codes.transpose(2, 0, 1) for codes, _ in each]),
        "scales": np.stack([scales for _, scales in each]),
        "time": np.arange(2023, 2023 + years, dtype=np.int32),
    }
