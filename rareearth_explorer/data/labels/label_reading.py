"""Open files of labels, of any kind that people have them in."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rareearth_explorer.data.arrow_kinds import is_list
from rareearth_explorer.data.file_kinds import TABLE_SUFFIXES
from rareearth_explorer.data.labels.label_set import Labels
from rareearth_explorer.data.labels.label_shapes import labels_of
from rareearth_explorer.data.labels.text_table import read_text_table
from rareearth_explorer.data.places import Places, decode_places
from rareearth_explorer.data.places.declared_crs import shape_column
from rareearth_explorer.errors import LabelsError, TableError

if TYPE_CHECKING:
    import pyarrow as pa

SPREADSHEETS = (".xlsx", ".ods")

GPX_LAYER = "waypoints"
"""The layer of a GPX file that holds labels; the others are ways and their points."""


MOST_NAMED = 30
"""Layers that a sentence names; KML may have hundreds."""


def open_labels(path: str | Path, *, layer: str | None = None) -> Labels:
    """Read labels from CSV, GeoJSON, KML, GeoPackage, GeoParquet, or any format that GDAL reads.

    A file without geometries needs columns of longitude and latitude, whose cells may be degrees,
    minutes and seconds; shapes as text beside these are ignored, because they rarely name their
    CRS. Geometries may be in any CRS. Each part of a multi-geometry counts separately, and closed
    lines count as polygons. What is no label is counted in `left_out`.

    Parameters
    ----------
    path
        The file.
    layer
        Name of the layer or sheet to read; None reads all.

    Raises
    ------
    LabelsError
        If the file is missing, empty or broken, has no such layer, or its coordinates are not on
        the Earth.
    """
    path = Path(path)
    if not path.is_file():
        raise LabelsError(f"{path}: there is no such file; check the path.")
    try:
        layers = [(name, places) for name, places in _layers(path, layer) if len(places.shapes)]
    except LabelsError:
        raise
    except (TableError, ValueError, OSError, RuntimeError) as error:  # of pyarrow and GDAL
        raise LabelsError(
            f"{path}: this is not a complete CSV, GeoJSON, KML, GeoPackage or GeoParquet file; "
            "save the labels as one of these."
        ) from error
    labels = _together(path, layers)
    if len(labels) == 0:
        raise LabelsError(f"{path}: it contains no points or polygons; give a file with some.")
    return labels


def _together(path: Path, layers: list[tuple[str, Places]]) -> Labels:
    """Put the labels of all layers together, and say which layers there are."""
    shapes = [np.empty(0, object)]
    left_out: Counter[str] = Counter()
    notes: dict[str, None] = {}
    sizes = []
    columns = None
    for name, places in layers:
        found, without, said = labels_of(places.shapes)
        shapes.append(found)
        left_out.update(without)
        notes.update(dict.fromkeys((*places.notes, *said)))
        sizes.append(f"{name} ({len(found):,})")
        columns = places.columns if len(places.columns) == 2 else columns
    if len(sizes) > 1:
        notes[f"it has {len(sizes)} layers: {_few(sizes)}"] = None
    return Labels(path, np.concatenate(shapes), columns, dict(left_out), tuple(notes))


def _few(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _layers(path: Path, layer: str | None) -> Iterator[tuple[str, Places]]:
    flat = (".csv", ".tsv", ".txt", *TABLE_SUFFIXES)
    if layer is not None and path.suffix.lower() in flat:
        raise LabelsError(f"{path}: it has no layers; leave the layer {layer!r} out.")
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            yield path.stem, _decoded(read_text_table(path), path)
        case suffix if suffix in TABLE_SUFFIXES:
            table = _parquet(path)
            yield path.stem, _decoded(table, path, strict=b"geo" in (table.schema.metadata or {}))
        case _:
            yield from _of_gdal(path, layer)


def _parquet(path: Path) -> pa.Table:
    """Read the columns of a Parquet file, except lists, such as embeddings."""
    from rareearth_explorer.data.table.parquet_source import ParquetSource

    source = ParquetSource.open(path)
    shapes = shape_column(source.schema)
    return source.read(
        [each.name for each in source.schema if each.name == shapes or not is_list(each.type)]
    )


def _decoded(table: pa.Table, path: Path, *, strict: bool = False, **how: Any) -> Places:
    places = decode_places(
        table, path, LabelsError, points_first=not strict, strict=strict, option="", **how
    )
    if places is None:
        raise LabelsError(
            f"{path}: there is no longitude and latitude among the columns "
            f"{', '.join(table.column_names[:20])}; call them lon and lat."
        )
    return places


def _chosen(path: Path, kinds: list[tuple[str, str | None]], layer: str | None) -> list[int]:
    """Numbers of the layers to read: of this name, or all that hold shapes, or else all.

    Raises
    ------
    LabelsError
        There is no layer of this name.
    """
    if layer is None:
        spatial = [at for at, (_, kind) in enumerate(kinds) if kind is not None]
        if path.suffix.lower() == ".gpx":
            spatial = [at for at in spatial if kinds[at][0] == GPX_LAYER]
        return spatial or [*range(len(kinds))]
    named = [at for at, (name, _) in enumerate(kinds) if name == layer]
    if not named:
        names = _few([name for name, _ in kinds])
        raise LabelsError(f"{path}: there is no layer {layer!r}; choose one of: {names}.")
    return named


def _of_gdal(path: Path, layer: str | None) -> Iterator[tuple[str, Places]]:
    """Read the chosen layers, from their shapes or else from columns of places."""
    import pyogrio

    kinds = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
    chosen = _chosen(path, kinds, layer)
    options = {"HEADERS": "FORCE"} if path.suffix.lower() in SPREADSHEETS else {}
    for at in chosen:
        name, kind = kinds[at]
        with warnings.catch_warnings():
            # GDAL warns of what it mends itself, such as a ring that is not closed.
            warnings.simplefilter("ignore")
            meta, table = pyogrio.read_arrow(path, layer=at, **options)
        if kind is None:
            if table.num_rows or len(chosen) == 1:
                yield name, _decoded(table, path)
            continue
        geometry = meta["geometry_name"] or "wkb_geometry"
        yield (
            name,
            _decoded(table.select([geometry]), path, strict=True, column=geometry, crs=meta["crs"]),
        )
