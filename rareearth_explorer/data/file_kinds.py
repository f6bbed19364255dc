"""Kinds of files, told by the ends of their names: imagery, patch tables, labels."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.errors import ExplorerError

TABLE_SUFFIXES = (".parquet", ".geoparquet", ".pq")
SCENE_SUFFIXES = (".tif", ".tiff", ".vrt", ".jp2")
LABEL_SUFFIXES = (".csv", ".tsv", ".txt", ".geojson", ".json", ".gpkg", ".kml", ".shp")


def is_imagery(path: Path) -> bool:
    """Whether a name is imagery's: of a raster, or a folder as Planet delivers it."""
    return path.suffix.lower() in SCENE_SUFFIXES or path.is_dir()


def kinds() -> str:
    """Tell which kinds of files there are, and how their names end."""
    return (
        f"imagery ({' '.join(SCENE_SUFFIXES)}, or a folder of them), patch tables "
        f"({' '.join(TABLE_SUFFIXES)}) and labels ({' '.join(LABEL_SUFFIXES)})"
    )


def require_no_imagery(table: Path) -> None:
    """Refuse imagery where a patch table is asked for.

    Raises
    ------
    ExplorerError
        It is imagery, by its name; the sentence says how to make a table of it.
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
    """Refuse to write a patch table under a name by which it would not be known for one.

    Raises
    ------
    ExplorerError
        The name ends otherwise.
    """
    if output.suffix.lower() not in TABLE_SUFFIXES:
        raise ExplorerError(
            f"{output}: what is written is a patch table, whose name must end in "
            f"{', '.join(TABLE_SUFFIXES[:-1])} or {TABLE_SUFFIXES[-1]}; choose such a name."
        )
