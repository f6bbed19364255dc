"""Kinds of files by suffix: imagery, patch tables, labels."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.errors import ExplorerError

TABLE_SUFFIXES = (".parquet", ".geoparquet", ".pq")
SCENE_SUFFIXES = (".tif", ".tiff", ".vrt", ".jp2")
LABEL_SUFFIXES = (".csv", ".tsv", ".txt", ".geojson", ".json", ".gpkg", ".kml", ".shp")


def is_imagery(path: Path) -> bool:
    """Whether a path is imagery: a raster, or a folder as Planet delivers it."""
    return path.suffix.lower() in SCENE_SUFFIXES or path.is_dir()


def kinds() -> str:
    """Describe the kinds of files and their suffixes."""
    return (
        f"imagery ({' '.join(SCENE_SUFFIXES)}, or a folder of them), patch tables "
        f"({' '.join(TABLE_SUFFIXES)}) and labels ({' '.join(LABEL_SUFFIXES)})"
    )


def require_no_imagery(table: Path) -> None:
    """Reject imagery where a patch table is required.

    Raises
    ------
    ExplorerError
        The name is that of imagery; the message says how to make a table from it.
    """
    if table.exists() and is_imagery(table):
        made = f"{table.resolve().stem}.parquet"
        raise ExplorerError(
            f"{table}: this is {'a folder' if table.is_dir() else 'imagery'}, not a patch table; "
            "make one of imagery with "
            f"'rareearth-explorer embed {table} -o {made}' and open it with "
            f"'rareearth-explorer explore {made} --scene {table}'."
        )


def require_table_name(output: Path) -> None:
    """Check that the name of a patch table to write has the suffix of one.

    Raises
    ------
    ExplorerError
        The name has another suffix.
    """
    if output.suffix.lower() not in TABLE_SUFFIXES:
        raise ExplorerError(
            f"{output}: what is written is a patch table, whose name must end in "
            f"{', '.join(TABLE_SUFFIXES[:-1])} or {TABLE_SUFFIXES[-1]}; choose such a name."
        )
