"""Open files of labels, of any kind that people have them in."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rareearth_explorer.data.arrow_kinds import is_list
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


def open_labels(path: str | Path) -> Labels:
    """Read labels from CSV, GeoJSON, KML, GeoPackage, GeoParquet, or any format that GDAL reads.

    All layers are read. A file without geometries needs columns of longitude and latitude, whose
    cells may be degrees, minutes and seconds; shapes as text beside these are ignored, because they
    rarely name their CRS. Geometries may be in any CRS. Each part of a multi-geometry counts
    separately, and closed lines count as polygons. What is no label is counted in `left_out`.

    Raises
    ------
    LabelsError
        If the file is missing, empty or broken, or its coordinates are not on the Earth.
    """
    path = Path(path)
    if not path.is_file():
        raise LabelsError(f"{path}: there is no such file; check the path.")
    try:
        layers = {name: places for name, places in _layers(path) if len(places.shapes)}
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


def _together(path: Path, layers: dict[str, Places]) -> Labels:
    """Put the labels of all layers together, and say which layers there are."""
    shapes = [np.empty(0, object)]
    left_out: Counter[str] = Counter()
    notes: dict[str, None] = {}
    sizes = {}
    columns = None
    for name, places in layers.items():
        found, without, said = labels_of(places.shapes)
        shapes.append(found)
        left_out.update(without)
        notes.update(dict.fromkeys((*places.notes, *said)))
        sizes[name] = len(found)
        columns = places.columns if len(places.columns) == 2 else columns
    if len(sizes) > 1:
        each = ", ".join(f"{name} ({size:,})" for name, size in sizes.items())
        notes[f"it has {len(sizes)} layers: {each}"] = None
    return Labels(path, np.concatenate(shapes), columns, dict(left_out), tuple(notes))


def _layers(path: Path) -> Iterator[tuple[str, Places]]:
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            yield path.stem, _decoded(read_text_table(path), path)
        case ".parquet" | ".geoparquet" | ".pq" | ".gpq":
            table = _parquet(path)
            yield path.stem, _decoded(table, path, strict=b"geo" in (table.schema.metadata or {}))
        case _:
            yield from _of_gdal(path)


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


def _of_gdal(path: Path) -> Iterator[tuple[str, Places]]:
    """Read all layers that hold shapes; where none does, all that hold columns of places."""
    import pyogrio

    listed = pyogrio.list_layers(path)
    spatial = [at for at, (_, kind) in enumerate(listed) if kind is not None]
    if path.suffix.lower() == ".gpx":
        spatial = [at for at in spatial if listed[at][0] == GPX_LAYER]
    options = {"HEADERS": "FORCE"} if path.suffix.lower() in SPREADSHEETS else {}
    for at in spatial or range(len(listed)):
        with warnings.catch_warnings():
            # GDAL warns of what it mends itself, such as a ring that is not closed.
            warnings.simplefilter("ignore")
            meta, table = pyogrio.read_arrow(path, layer=at, **options)
        if not spatial:
            if table.num_rows or len(listed) == 1:
                yield str(listed[at][0]), _decoded(table, path)
            continue
        geometry = meta["geometry_name"] or "wkb_geometry"
        yield (
            str(listed[at][0]),
            _decoded(table.select([geometry]), path, strict=True, column=geometry, crs=meta["crs"]),
        )
