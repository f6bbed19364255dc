"""Embeddings of pixels stored as arrays beside a description of where they lie."""

from rareearth_explorer.data.arrays.array_scene import ArrayScene
from rareearth_explorer.data.arrays.npy_tiles import open_npy_tiles
from rareearth_explorer.data.arrays.zarr_stores import open_zarr_store

__all__ = [
    "ArrayScene",
    "open_npy_tiles",
    "open_zarr_store",
]
