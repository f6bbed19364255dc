"""Kinds of files by suffix: imagery, patch tables, labels."""

from __future__ import annotations

from pathlib import Path, PurePath

from rareearth_explorer.errors import ExplorerError

WRITTEN_SUFFIXES = (".parquet", ".geoparquet", ".pq")
TABLE_SUFFIXES = (*WRITTEN_SUFFIXES, ".gpq")
SCENE_SUFFIXES = (".tif", ".tiff", ".vrt", ".jp2")
LABEL_SUFFIXES = tuple(
    ".csv .tsv .txt .xlsx .geojson .json .gpkg .kml .kmz .shp .gpx".split()  # noqa: SIM905
)

NPY = ".npy"
NPY_SCALES = f"_scales{NPY}"
"""How the name of a file of scales ends, after the name of its codes."""


def is_imagery(path: Path) -> bool:
    """Whether a path is imagery: a raster, or a folder as Planet delivers it."""
    return path.suffix.lower() in SCENE_SUFFIXES or (path.is_dir() and not is_table(path))


def is_table(path: Path) -> bool:
    """Whether a path is a patch table: a Parquet file, or a folder of its parts."""
    return bool(parquet_parts(path)) if path.is_dir() else path.suffix.lower() in TABLE_SUFFIXES


def is_pixel_arrays(path: Path) -> bool:
    """Whether a path holds an embedding for each pixel in arrays, not in rasters."""
    return is_zarr_store(path) or is_npy_tiles(path)


def is_zarr_store(path: Path) -> bool:
    """Whether a path is a Zarr store of version 3, or a group in one."""
    return path.is_dir() and (path.suffix.lower() == ".zarr" or (path / "zarr.json").is_file())


def is_npy_tiles(path: Path) -> bool:
    """Whether a path is a tile of `.npy` files, or a folder that holds such tiles."""
    return any(path.rglob(f"*{NPY_SCALES}")) if path.is_dir() else path.suffix.lower() == NPY


def require_no_database(path: Path) -> None:
    """Reject a DuckDB database, as GeoVibes publishes embeddings.

    It is not read: its format belongs to a version of DuckDB, and its geometries to an extension
    that DuckDB loads from the internet. One command of DuckDB writes the table as Parquet.

    Raises
    ------
    ExplorerError
        The file is one; the message gives the command.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        begins = file.read(12)
    if begins[8:] == b"DUCK":
        raise ExplorerError(
            f"{path}: this is a DuckDB database; write its table as Parquet with 'duckdb {path} "
            "\"COPY geo_embeddings TO 'embeddings.parquet' (FORMAT parquet)\"' (SHOW TABLES lists "
            "its tables), and import that file."
        )


def parquet_parts(folder: Path) -> list[Path]:
    """List the Parquet files in a folder and the folders in it, in the order of their names.

    Names that begin with `_` are left out: they hold facts about the parts, such as `_metadata`.
    """
    return [
        path for path in _visible(folder, TABLE_SUFFIXES) if is_table_part(path.relative_to(folder))
    ]


def is_table_part(path: PurePath) -> bool:
    """Whether a file, by its path below the folder of a table, is one of the table's parts."""
    hidden = any(name.startswith((".", "_")) for name in path.parts)
    return path.suffix.lower() in TABLE_SUFFIXES and not hidden


def rasters_in(folder: Path) -> list[Path]:
    """List the rasters in a folder and the folders in it, in the order of their names."""
    return _visible(folder, SCENE_SUFFIXES)


def _visible(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """List files by suffix, in any case, without those that programs hide.

    Hidden are names that begin with a dot (unfinished files, and `._scene.tif`, which macOS writes
    to other disks), and the folder `__MACOSX` of its archives.
    """
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and not any(
            part.startswith(".") or part == "__MACOSX" for part in path.relative_to(folder).parts
        )
        and path.is_file()
    )


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
    if output.suffix.lower() not in WRITTEN_SUFFIXES:
        raise ExplorerError(
            f"{output}: what is written is a patch table, whose name must end in "
            f"{', '.join(WRITTEN_SUFFIXES[:-1])} or {WRITTEN_SUFFIXES[-1]}; choose such a name."
        )
