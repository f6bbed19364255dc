"""Embeddings of pixels stored as arrays beside a description of where they lie."""

from rareearth_explorer.data.arrays.array_scene import ArrayScene
from rareearth_explorer.data.arrays.kinds import is_npy_tiles, is_pixel_arrays
from rareearth_explorer.data.arrays.npy_tiles import open_npy_tiles

__all__ = [
    "ArrayScene",
    "is_npy_tiles",
    "is_pixel_arrays",
    "open_npy_tiles",
]
