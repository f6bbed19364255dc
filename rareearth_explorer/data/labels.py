"""Labels: mapped pools, and the pool count of each patch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.data.grid import WGS84
from rareearth_explorer.data.place_columns import place_columns
from rareearth_explorer.errors import LabelsError

if TYPE_CHECKING:
    import geopandas as gpd
    import pyarrow as pa

__all__ = ["Labels", "open_labels", "pool_counts"]

LEAST_OVERLAP = 1e-3
"""Share of the smaller of two polygons that must overlap; less is a rounding error."""

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Labels:
    """Points or polygons on the Earth, each of them a pool.

    Attributes
    ----------
    path
        The file of the labels, or None.
    geometries
        (N,) shapely geometries in WGS 84 lon/lat.
    columns
        Names of the longitude and latitude columns, if the file has them.
    """

    path: Path | None
    geometries: Shapes
    columns: tuple[str, str] | None = None

    @classmethod
    def from_points(cls, lonlat: npt.ArrayLike) -> Self:
        """Make labels from (N, 2) longitudes and latitudes in degrees."""
        points = shapely.points(np.asarray(lonlat, np.float64).reshape(-1, 2))
        return cls(None, np.asarray(points))

    def __len__(self) -> int:
        return len(self.geometries)

    @property
    def centres(self) -> npt.NDArray[np.float64]:
        """(N, 2) lon/lat in degrees of each point, or of each polygon's centroid."""
        return np.asarray(shapely.get_coordinates(shapely.centroid(self.geometries)))

    def per_patch(self, footprints: Shapes) -> npt.NDArray[np.int64]:
        """Count the labels in each patch.

        A point counts in one patch only; on a shared edge, in the first patch. A polygon counts in
        every patch that it overlaps.

        Parameters
        ----------
        footprints
            (N,) shapely polygons in WGS 84 lon/lat.

        Returns
        -------
        (N,) int64
            Number of labels per patch.

        Raises
        ------
        LabelsError
            If there are labels, but none of them lies in a patch.
        """
        hits = _patches_hit(self.geometries, footprints)
        if len(self) and not len(hits):
            raise LabelsError(self._why_nowhere(footprints))
        return np.bincount(hits, minlength=len(footprints)).astype(np.int64)

    def _why_nowhere(self, footprints: Shapes) -> str:
        name = self.path or "The labels"
        exchanged = shapely.transform(self.geometries, lambda lonlat: lonlat[:, ::-1])
        if len(_patches_hit(exchanged, footprints)):
            return _swapped(name, self.columns)
        return (
            f"{name}: no label lies in a patch: the labels are at {_extent(self.geometries)}, "
            f"the patches at {_extent(footprints)}; choose labels of the same area."
        )


def open_labels(path: str | Path) -> Labels:
    """Read labels from CSV, GeoJSON, GeoPackage, GeoParquet, or any format that GDAL reads.

    A file without geometries needs columns of longitude and latitude, which may be called x and
    y; WKT beside these is ignored, because it rarely names its CRS. Geometries may be in any CRS.
    Each part of a multi-geometry counts separately, and lines are left out.

    Raises
    ------
    LabelsError
        If the file is missing, empty or broken, or its coordinates are not on the Earth.
    """
    path = Path(path)
    if not path.is_file():
        raise LabelsError(f"{path}: there is no such file; check the path.")
    try:
        labels = _read(path)
    except (ValueError, OSError, RuntimeError) as error:  # of pyarrow and GDAL
        raise LabelsError(
            f"{path}: this is not a complete CSV, GeoJSON, GeoPackage or GeoParquet file; "
            "save the labels as one of these."
        ) from error
    if len(labels) == 0:
        raise LabelsError(f"{path}: it contains no points or polygons; give a file with some.")
    _check_range(labels)
    return labels


def _read(path: Path) -> Labels:
    import geopandas as gpd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    match path.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            with path.open(encoding="utf-8", errors="replace") as lines:
                separator = max(",;\t", key=lines.readline().count)
            options = csv.ParseOptions(delimiter=separator)
            return _of_columns(csv.read_csv(path, parse_options=options), path)
        case ".parquet" | ".geoparquet":
            if b"geo" in (pq.read_schema(path).metadata or {}):
                return _of_geometries(gpd.read_parquet(path), path)
            return _of_columns(pq.read_table(path), path)
        case _:
            frame = gpd.read_file(path)
            if isinstance(frame, gpd.GeoDataFrame):
                return _of_geometries(frame, path)
            return _of_columns(pa.Table.from_pandas(frame), path)


def _of_columns(table: pa.Table, path: Path) -> Labels:
    places = place_columns(table.column_names)
    if places is None:
        raise LabelsError(
            f"{path}: there is no longitude and latitude among the columns "
            f"{', '.join(table.column_names[:20])}; call them lon and lat."
        )
    lonlat = np.stack([_numbers(table, column, path) for column in places], axis=-1)
    return Labels(path, np.asarray(shapely.points(lonlat)), places)


def _numbers(table: pa.Table, column: str, path: Path) -> npt.NDArray[np.float64]:
    values = table[column].to_pylist()
    numbers = np.array([_number(value) for value in values])
    if np.isfinite(numbers).all():
        return numbers
    row = int(np.argmin(np.isfinite(numbers)))
    raise LabelsError(
        f"{path}: row {row + 1} has {values[row]!r} in column {column}, which is not a number; "
        "mend or remove it."
    )


def _number(value: object) -> float:
    """Read a number, also with a decimal comma; NaN if there is none."""
    try:
        return float(str(value).replace(",", "."))
    except ValueError:
        return math.nan


def _of_geometries(frame: gpd.GeoDataFrame, path: Path) -> Labels:
    if frame.crs is None:
        raise LabelsError(f"{path}: it has no coordinate reference system; save it with one.")
    if frame.crs.is_projected and np.all(np.abs(frame.total_bounds) <= 180):
        raise LabelsError(
            f"{path}: the coordinates look like degrees, but the file declares {frame.crs.name}; "
            "set the coordinate reference system to EPSG:4326."
        )
    shapes = frame.geometry.to_crs(WGS84).dropna().to_numpy()
    parts = shapely.get_parts(shapely.force_2d(shapes))
    parts = shapely.make_valid(parts)  # a self-intersecting polygon has no valid area to compare
    parts = parts[np.isin(shapely.get_dimensions(parts), (0, 2))]
    return Labels(path, parts[~shapely.is_empty(parts)])


def _check_range(labels: Labels) -> None:
    west, south, east, north = shapely.total_bounds(labels.geometries)
    if -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
        return
    if -90 <= west <= east <= 90 and -180 <= south <= north <= 180:
        raise LabelsError(_swapped(labels.path, labels.columns))
    raise LabelsError(
        f"{labels.path}: {_extent(labels.geometries)} is not in degrees on the Earth; "
        "convert the labels to EPSG:4326."
    )


def _swapped(name: object, columns: tuple[str, str] | None) -> str:
    where = f" in the columns {columns[0]} and {columns[1]}" if columns else ""
    return f"{name}: longitude and latitude look swapped{where}; exchange them."


def _extent(shapes: Shapes) -> str:
    west, south, east, north = shapely.total_bounds(shapes)
    return f"longitude {west:.4f} to {east:.4f}, latitude {south:.4f} to {north:.4f}"


def _patches_hit(shapes: Shapes, footprints: Shapes) -> npt.NDArray[np.int64]:
    """Find the patch of each point, and all patches of each polygon; one patch for each hit."""
    tree = shapely.STRtree(footprints)
    is_point = shapely.get_dimensions(shapes) == 0
    points, polygons = shapes[is_point], shapes[~is_point]

    point, patch = tree.query(points, predicate="intersects")
    order = np.lexsort((patch, point))
    _, first = np.unique(point[order], return_index=True)
    of_points = patch[order][first]

    polygon, patch = tree.query(polygons, predicate="intersects")
    ours, theirs = polygons[polygon], np.asarray(footprints)[patch]
    shared = shapely.area(shapely.intersection(ours, theirs))
    smaller = np.minimum(shapely.area(ours), shapely.area(theirs))
    return np.concatenate([of_points, patch[shared > LEAST_OVERLAP * smaller]])


def pool_counts(
    labels: Labels | npt.ArrayLike, footprints: npt.NDArray[np.object_]
) -> npt.NDArray[np.int64]:
    """Count the labelled pools in each patch, (N,).

    Parameters
    ----------
    labels
        `Labels`, or the number of pools in each patch, (N,).
    footprints
        (N,) polygons of the patches in lon/lat.

    Raises
    ------
    LabelsError
        No label lies in any patch, or the numbers are not one for each patch.
    """
    if isinstance(labels, Labels):
        return labels.per_patch(footprints)
    pools = np.asarray(labels, dtype=np.int64)
    if pools.shape != (len(footprints),):
        raise LabelsError(
            f"Labels must be one number for each patch, {len(footprints)}, not {pools.shape}."
        )
    return pools
