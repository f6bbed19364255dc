"""Adds a UMAP to a patch table."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.data.table import add_projection, open_table
from rareearth_explorer.score import projection


def project_table(path: Path, *, progress: bool = True) -> None:
    """Compute a UMAP of the embeddings of a table, seeded, and store the coordinates in it.

    Parameters
    ----------
    path
        The patch table; it is replaced by one with the columns `umap_x` and `umap_y`.
    progress
        Whether to show epochs and remaining time on standard error.

    Raises
    ------
    TableError
        The table cannot be opened, or rows of its file were left out.
    """
    table = open_table(path)
    table.require_own_file("a projection")
    # None: only on a terminal.
    bar = {"desc": f"projecting {path.name} (slow to start)", "disable": None if progress else True}
    coordinates = projection.umap_projection(table.unit_embeddings, tqdm_kwds=bar)
    add_projection(path, coordinates, projection.parameters())


def project_if_missing(path: Path, *, progress: bool = True) -> None:
    """Add a UMAP to a table, as `project_table` does, unless it has one."""
    if open_table(path).umap is None:
        project_table(path, progress=progress)
