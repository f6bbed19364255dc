"""Published embeddings of pixels: only a box of them is fetched, from a public copy."""

from rareearth_explorer.published.collection import FetchedTiles, Wanted
from rareearth_explorer.published.fetching_tiles import fetch_published

__all__ = ["FetchedTiles", "Wanted", "fetch_published"]
