"""Kinds of arrays of embeddings, told by names and folders alone."""

from __future__ import annotations

from pathlib import Path

NPY = ".npy"
SCALES = f"_scales{NPY}"
"""How the name of a file of scales ends, after the name of its codes."""


def is_pixel_arrays(path: Path) -> bool:
    """Whether a path holds an embedding for each pixel in arrays, not in rasters."""
    return is_npy_tiles(path)


def is_npy_tiles(path: Path) -> bool:
    """Whether a path is a tile of `.npy` files, or a folder that holds such tiles."""
    return any(path.rglob(f"*{SCALES}")) if path.is_dir() else path.suffix.lower() == NPY
