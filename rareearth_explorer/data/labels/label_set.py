"""Labels in memory, and how many of them each patch holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.data.places.longitudes import turned, wrapped
from rareearth_explorer.errors import LabelsError

LEAST_OVERLAP = 1e-3
"""Share of the smaller of two polygons that must overlap; less is a rounding error."""

TURNS = (0.0, 360.0, -360.0)
"""Degrees by which labels are moved to meet patches whose longitudes go on above 180."""

Shapes = npt.NDArray[np.object_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PoolCount:
    """How many labels each patch holds, and what became of the others.

    Attributes
    ----------
    per_patch
        (N,) number of labels in each patch.
    labels
        Number of labels.
    outside
        Number of labels that lie in no patch.
    left_out
        Numbers of things in the file that are no labels, by what they are.
    """

    per_patch: Rows
    labels: int
    outside: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether every label of the file lies in a patch."""
        return not self.outside and not self.left_out

    def __str__(self) -> str:
        """Say how many labels lie in patches, how many do not, and what was left out."""
        inside = self.labels - self.outside
        said = f"{inside:,} of {self.labels:,} labels lie in patches"
        if self.outside:
            said += f", {self.outside:,} in none"
        if self.left_out:
            said += f"; left out: {listed(self.left_out)}"
        return said


@dataclass(frozen=True, eq=False)
class Labels:
    """Points or polygons on the Earth, each of them a pool.

    Attributes
    ----------
    path
        The file of the labels, or None.
    geometries
        (N,) shapely geometries in WGS 84 lon/lat, none of them torn at the antimeridian.
    columns
        Names of the longitude and latitude columns, if the file has them.
    left_out
        Numbers of things in the file that are no labels, by what they are.
    notes
        Clauses about the file that its reader should know.
    """

    path: Path | None
    geometries: Shapes
    columns: tuple[str, str] | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def from_points(cls, lonlat: npt.ArrayLike) -> Self:
        """Make labels from (N, 2) longitudes and latitudes in degrees."""
        places = np.array(lonlat, np.float64).reshape(-1, 2)
        places[:, 0] = wrapped(places[:, 0])
        return cls(None, np.asarray(shapely.points(places)))

    def __len__(self) -> int:
        return len(self.geometries)

    @property
    def centres(self) -> npt.NDArray[np.float64]:
        """(N, 2) lon/lat in degrees of each point, or of each polygon's centroid."""
        places = np.array(shapely.get_coordinates(shapely.centroid(self.geometries)))
        places[:, 0] = wrapped(places[:, 0])
        return places

    def per_patch(self, footprints: Shapes) -> Rows:
        """Count the labels in each patch, as `count` does.

        Returns
        -------
        (N,) int64
            Number of labels per patch.

        Raises
        ------
        LabelsError
            If there are labels, but none of them lies in a patch.
        """
        return self.count(footprints).per_patch

    def count(self, footprints: Shapes) -> PoolCount:
        """Count the labels in each patch, and those in none.

        A point counts in one patch only; on a shared edge, in the first patch. A polygon counts in
        every patch that it overlaps.

        Parameters
        ----------
        footprints
            (N,) shapely polygons in WGS 84 lon/lat; longitudes may go on above 180.

        Raises
        ------
        LabelsError
            If there are labels, but none of them lies in a patch.
        """
        label, patch = _hits(self.geometries, footprints)
        if len(self) and not len(patch):
            raise LabelsError(self._why_nowhere(footprints))
        counts = np.bincount(patch, minlength=len(footprints)).astype(np.int64)
        outside = len(self) - len(np.unique(label))
        return PoolCount(counts, len(self), outside, self.left_out)

    def _why_nowhere(self, footprints: Shapes) -> str:
        name = self.path or "The labels"
        exchanged = shapely.transform(self.geometries, lambda lonlat: lonlat[:, ::-1])
        if len(_hits(exchanged, footprints)[0]):
            where = (
                f" in the columns {self.columns[0]} and {self.columns[1]}" if self.columns else ""
            )
            return f"{name}: longitude and latitude look swapped{where}; exchange them."
        return (
            f"{name}: no label lies in a patch: the labels are at {_extent(self.geometries)}, "
            f"the patches at {_extent(footprints)}; choose labels of the same area."
        )


def listed(left_out: Mapping[str, int]) -> str:
    """List what was left out, as in "2 rows without a place, 1 open line"."""
    return ", ".join(f"{count:,} {what}" for what, count in left_out.items())


def _extent(shapes: Shapes) -> str:
    west, south, east, north = shapely.total_bounds(shapes)
    return f"longitude {west:.4f} to {east:.4f}, latitude {south:.4f} to {north:.4f}"


def _hits(shapes: Shapes, footprints: Shapes) -> tuple[Rows, Rows]:
    """Find the patch of each point, and all patches of each polygon.

    Returns
    -------
    label, patch
        (H,) row numbers of each hit, moved around the Earth where that is needed to meet.
    """
    tree = shapely.STRtree(footprints)
    west, _, east, _ = shapely.total_bounds(footprints)
    from_west, _, to_east, _ = shapely.bounds(shapes).T
    labels, patches = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for turn in TURNS:
        near = np.flatnonzero((to_east + turn >= west) & (from_west + turn <= east))
        if len(near):
            moved = shapes[near] if turn == 0 else turned(shapes[near], turn)
            label, patch = _hits_as_they_lie(moved, tree, footprints)
            labels.append(near[label])
            patches.append(patch)
    return _once_per_point(np.concatenate(labels), np.concatenate(patches), shapes)


def _hits_as_they_lie(
    shapes: Shapes, tree: shapely.STRtree, footprints: Shapes
) -> tuple[Rows, Rows]:
    label, patch = tree.query(shapes, predicate="intersects")
    is_point = shapely.get_dimensions(shapes[label]) == 0
    ours, theirs = shapes[label[~is_point]], np.asarray(footprints)[patch[~is_point]]
    shared = shapely.area(shapely.intersection(ours, theirs))
    smaller = np.minimum(shapely.area(ours), shapely.area(theirs))
    counts = is_point.copy()
    counts[~is_point] = shared > LEAST_OVERLAP * smaller
    return label[counts], patch[counts]


def _once_per_point(label: Rows, patch: Rows, shapes: Shapes) -> tuple[Rows, Rows]:
    """Keep the first patch of each point, and each patch of a polygon once."""
    order = np.lexsort((patch, label))
    label, patch = label[order], patch[order]
    again = np.zeros(len(label), bool)
    same = label[1:] == label[:-1]
    point = shapely.get_dimensions(shapes[label[1:]]) == 0
    again[1:] = same & (point | (patch[1:] == patch[:-1]))
    return label[~again], patch[~again]


def count_pools(labels: Labels | npt.ArrayLike, footprints: Shapes) -> PoolCount:
    """Count the labelled pools in each patch.

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
        return labels.count(footprints)
    pools = np.asarray(labels, dtype=np.int64)
    if pools.shape != (len(footprints),):
        raise LabelsError(
            f"Labels must be one number for each patch, {len(footprints)}, not {pools.shape}."
        )
    return PoolCount(pools, int(pools.sum()))


def pool_counts(labels: Labels | npt.ArrayLike, footprints: Shapes) -> Rows:
    """Count the labelled pools in each patch, (N,), as `count_pools` does.

    Raises
    ------
    LabelsError
        No label lies in any patch, or the numbers are not one for each patch.
    """
    return count_pools(labels, footprints).per_patch
