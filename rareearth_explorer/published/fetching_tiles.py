"""Fetch a box of published embeddings of pixels, ready for `import`."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.published.alphaearth import fetch_alphaearth
from rareearth_explorer.published.collection import FetchedTiles, Wanted
from rareearth_explorer.published.tessera import fetch_tessera


def fetch_published(wanted: Wanted, folder: Path, *, progress: bool = True) -> FetchedTiles:
    """Fetch a box of one year into a folder, as files that `import` reads.

    Only the box is read, by ranges of bytes. A stopped run goes on with the next call; tiles that
    are there are not fetched again.

    Parameters
    ----------
    wanted
        Product, box, year and copy.
    folder
        Folder of the files; it is made if it does not exist.
    progress
        Whether to show progress on standard error.

    Raises
    ------
    CatalogueError
        The copy cannot be reached or is not public, it has nothing of this box and year, or the
        folder cannot be written.
    """
    fetch = {"alphaearth": fetch_alphaearth, "tessera": fetch_tessera}[wanted.product]
    return fetch(wanted, folder, progress=progress)
