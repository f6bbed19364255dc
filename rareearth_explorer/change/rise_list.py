"""Write the list of patches that became mine-like to a file."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.change.comparison import Comparison
from rareearth_explorer.data.storage.safe_text import csv_of
from rareearth_explorer.data.storage.text_files import write_text
from rareearth_explorer.errors import ExplorerError

LIST_SUFFIXES = (".geojson", ".csv")


def require_listable(path: Path | None, top: int | None) -> None:
    """Check that a list can be written, before the long computation.

    Raises
    ------
    ExplorerError
        The path, unless None, ends in none of `LIST_SUFFIXES`, or `top` is below 1.
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
        Source of the list; its columns are those of `Comparison.to_geodataframe`.
    path
        Path of the file; its suffix is the format.
    top
        Largest number of patches; None for all.

    Raises
    ------
    ExplorerError
        The format is unknown, or the file cannot be written.
    """
    require_listable(path, top)
    frame = comparison.to_geodataframe(top)
    if path.suffix.lower() == ".csv":
        write_text(path, csv_of(frame.drop(columns="geometry")))
    else:
        write_text(path, frame.to_json(drop_id=True))
