"""The patch table in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.places import in_one_frame, near_frame
from rareearth_explorer.data.places.longitudes import turned
from rareearth_explorer.data.recipes import recipe_called
from rareearth_explorer.data.table.carried_columns import CarriedColumns, Titles
from rareearth_explorer.data.table.footprints import require_on_map
from rareearth_explorer.data.table.identity import polygon_places, table_identity
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa


def unit_rows(embeddings: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
    """Scale rows to length 1, so that a dot product is a cosine; rows of zeros stay zeros.

    Raises
    ------
    TableError
        A row holds NaN or infinity; the message calls the table `name`.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # told below
        norms = np.linalg.norm(embeddings, axis=1, keepdims=True)
    finite = np.isfinite(norms[:, 0])
    if not finite.all():
        raise TableError(
            f"{name}: the embedding in row {int(np.argmin(finite))} holds NaN or infinity "
            f"({int((~finite).sum())} such rows); embed the scene again or remove these rows."
        )
    return np.asarray(embeddings / np.where(norms > 0, norms, 1), dtype=np.float32)


@dataclass(frozen=True, eq=False, repr=False)
class PatchTable:
    """Patches of one scene, with footprints and embeddings.

    The row number identifies a patch everywhere in the program.

    Attributes
    ----------
    corners
        (N, 4, 2) lon/lat of the footprints, WGS 84 degrees, in order around each; longitudes are
        continuous, so across the antimeridian they go on above 180.
    unit_embeddings
        (N, D) float32, rows of length 1 (or 0); memory-mapped if the table was opened before.
    row, column
        (N,) place in the patch grid, or None for tables without one.
    umap
        (N, 2) float32 coordinates of the stored projection, or None.
    activity
        (N,) float32 variation of each patch over time, higher is more; NaN if unknown; None if
        it was not measured.
    metadata
        Recorded facts: `grid`, `encoder`, `scenes`, `projection`, `activity`.
    path
        File of the table, or None.
    left_out
        Numbers of rows of the file that were left out, by what they lack.
    notes
        Clauses about the file that its reader should know.
    embedding_column
        Name of the file's column that holds the embeddings.
    recipe
        Name of the recipe that the file follows, or that it was imported by; empty if none.
    others
        Columns of others, not read yet; None without.
    """

    corners: npt.NDArray[np.float64]
    unit_embeddings: npt.NDArray[np.float32]
    row: npt.NDArray[np.int32] | None = None
    column: npt.NDArray[np.int32] | None = None
    umap: npt.NDArray[np.float32] | None = None
    activity: npt.NDArray[np.float32] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    embedding_column: str = "embedding"
    recipe: str = ""
    read_embeddings: Callable[[], npt.NDArray[np.float32]] | None = field(default=None, repr=False)
    read_identity: Callable[[], str] | None = field(default=None, repr=False)
    others: CarriedColumns | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Say what the table is, without its arrays."""
        (south, west), (north, east) = self.bounds
        facts = [f"{len(self):,} patches", f"{self.dim} numbers each"]
        facts += [str(self.path)] if self.path else []
        facts += [self.recipe] if self.recipe else []
        facts.append(f"{south:.4f} to {north:.4f} N, {west:.4f} to {east:.4f} E")
        return f"<PatchTable: {', '.join(facts)}>"

    @classmethod
    def from_arrays(
        cls,
        embeddings: npt.ArrayLike,
        corners: npt.ArrayLike,
        **attributes: Any,
    ) -> Self:
        """Build a table from embeddings (N, D) and footprint corners (N, 4, 2) lon/lat."""
        stored = np.ascontiguousarray(embeddings, dtype=np.float32)
        places = np.ascontiguousarray(corners, dtype=np.float64)
        if stored.ndim != 2 or places.shape != (len(stored), 4, 2):
            raise TableError(
                f"The patch table: embeddings of shape {stored.shape} do not match corners "
                f"of shape {places.shape}; give (N, D) and (N, 4, 2)."
            )
        require_on_map(places, "The patch table")
        units = unit_rows(stored, "The patch table")
        return cls(in_one_frame(places), units, read_embeddings=lambda: stored, **attributes)

    def __len__(self) -> int:
        """Count the patches."""
        return len(self.corners)

    @property
    def dropped(self) -> int:
        """Number of rows of the file that were left out."""
        return sum(self.left_out.values())

    def require_own_file(self, what: str) -> None:
        """Check that a column can be added to the table's file, one value for each of its rows.

        Raises
        ------
        TableError
            Rows of the file were left out, or it is a folder of parts; `what` is the column.
        """
        lack = f"{self.dropped:,} rows were left out" if self.dropped else ""
        if self.path is not None and self.path.is_dir():
            lack = "it is a folder of parts"
        if lack:
            raise TableError(
                f"{self.path}: {lack}, so {what} cannot be stored in it; write one table with "
                f"'rareearth-explorer import {self.path} -o TABLE.parquet'."
            )

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return int(self.unit_embeddings.shape[1])

    @cached_property
    def embeddings(self) -> npt.NDArray[np.float32]:
        """Embeddings as the encoder gave them, (N, D) float32; read on first access."""
        return self.unit_embeddings if self.read_embeddings is None else self.read_embeddings()

    @cached_property
    def carried(self) -> pa.Table | None:
        """Columns of others: ids, dates and more, N rows; read on first access. None without."""
        return None if self.others is None else self.others.read()

    def titles_of(self, patch: int) -> tuple[str, ...]:
        """Return what names a patch in its source: its id and its date, as far as known."""
        return () if self._titles is None else self._titles.of(patch)

    @cached_property
    def _titles(self) -> Titles | None:
        known = recipe_called(self.recipe) if self.recipe else None
        names = (known.id, known.date, known.cell) if known else ()
        return None if self.others is None else self.others.titles(names)

    @cached_property
    def identity(self) -> str:
        """Digest of the stored embeddings and places, the same for every copy of the table."""
        if self.read_identity is not None:
            return self.read_identity()
        return table_identity(self.embeddings, polygon_places(self.corners))

    @cached_property
    def centroids(self) -> npt.NDArray[np.float64]:
        """Centres of the patches, (N, 2) lon/lat, WGS 84 degrees."""
        return np.asarray(self.corners.mean(axis=1))

    @cached_property
    def footprints(self) -> npt.NDArray[np.object_]:
        """The patches as shapely polygons in lon/lat, (N,)."""
        import shapely

        return np.asarray(shapely.polygons(self.corners))

    def intersecting(self, area: Any) -> npt.NDArray[np.int64]:
        """Find the patches that share a point with a shapely geometry in lon/lat.

        Returns their row numbers, ascending.
        """
        import shapely

        (_, west), (_, east) = self.bounds
        middle = shapely.bounds(area)[[0, 2]].mean()
        turn = float(near_frame(middle, west, east)) - middle
        area = area if abs(turn) < 1 else turned(np.array([area], object), turn)[0]
        return np.sort(self._tree.query(area, predicate="intersects"))

    @cached_property
    def _tree(self) -> Any:
        import shapely

        return shapely.STRtree(self.footprints)

    @property
    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """((south, west), (north, east)) of all footprints, as in Leaflet."""
        west, south = self.corners.min(axis=(0, 1))
        east, north = self.corners.max(axis=(0, 1))
        return (float(south), float(west)), (float(north), float(east))

    @cached_property
    def grid(self) -> PatchGrid | None:
        """Patch grid of the table, or None."""
        recorded = self.metadata.get("grid")
        return PatchGrid.from_metadata(recorded) if recorded else None
