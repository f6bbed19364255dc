"""The list of patches that became mine-like, as a file."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.change.comparison import Comparison
from rareearth_explorer.data.storage.text_files import write_text
from rareearth_explorer.errors import ExplorerError

LIST_SUFFIXES = (".geojson", ".csv")


def require_listable(path: Path | None, top: int | None) -> None:
    """Refuse a list that cannot be written, before the work of making it.

    Raises
    ------
    ExplorerError
        The path, unless None, ends in none of `LIST_SUFFIXES`, or fewer than one rise is asked
        for.
    """
    if path is not None and path.suffix.lower() not in LIST_SUFFIXES:
        raise ExplorerError(f"{path}: what is written ends in {' or '.join(LIST_SUFFIXES)}.")
    if top is not None and top < 1:
        raise ExplorerError(f"The greatest {top} rises cannot be listed; give 1 or more.")


def write_rises(comparison: Comparison, path: Path, top: int | None = None) -> None:
    """Write the patches that became mine-like, the greatest rise first, as GeoJSON or CSV.

    Parameters
    ----------
    comparison
        What is listed, with the columns of `Comparison.to_geodataframe`.
    path
        Where to; its suffix is the kind of file.
    top
        How many rises at most; all when None.

    Raises
    ------
    ExplorerError
        There is no such kind of file, or it cannot be written.
    """
    require_listable(path, top)
    frame = comparison.to_geodataframe(top)
    if path.suffix.lower() == ".csv":
        write_text(path, frame.drop(columns="geometry").to_csv(index=False))
    else:
        write_text(path, frame.to_json(drop_id=True))
