"""The rows of a large table that are asked for, found and copied in pieces.

A box or a date usually keeps a small part of a published table. So its row groups are looked at one
after the other, those without wanted rows are not read, and the others are copied to a small file,
which is then read as any table. Memory holds `BATCH` rows, however large the table is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.data.grid import Bbox
from rareearth_explorer.data.numbers.declared_coding import STAC_FILES
from rareearth_explorer.data.places import bbox_columns, decode_places, place_columns
from rareearth_explorer.data.places.declared_crs import shape_column
from rareearth_explorer.data.places.lonlat_box import meets
from rareearth_explorer.data.places.squares import usual_spacing
from rareearth_explorer.data.table.chosen_rows import NONE_IN_BOX, OTHER_DATES, OUTSIDE
from rareearth_explorer.data.table.group_statistics import edge_columns, may_begin_with, may_meet
from rareearth_explorer.data.table.own_columns import is_ours
from rareearth_explorer.data.table.parquet_source import ParquetSource, RowGroup
from rareearth_explorer.data.table.reading import Reading
from rareearth_explorer.data.table.recorded_facts import recorded_facts
from rareearth_explorer.data.table.several_dates import (
    NEWEST,
    begins_with,
    date_columns,
    rows_of_date,
)
from rareearth_explorer.data.table.table_columns import (
    embedding_columns,
    places_columns,
    recipe_to_follow,
)
from rareearth_explorer.data.table.table_writing import COMPRESSION
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

Rows = npt.NDArray[np.bool_]

MARGIN = 1e-6
"""Degrees around the box in which rows are copied, too; the reader then decides exactly."""

FIRST = 1000
"""Rows that tell what a remote table is."""


@dataclass(frozen=True)
class Selection:
    """The rows that were copied.

    Attributes
    ----------
    path
        File or folder of the copy, called as the table is.
    reading
        How to read the copy.
    left_out
        Numbers of rows that were not copied, by why.
    """

    path: Path
    reading: Reading
    left_out: dict[str, int]


@contextmanager
def selection(source: ParquetSource, how: Reading, within: Path) -> Iterator[Selection]:
    """Copy the rows that are asked for by box and date, for as long as the `with` block lasts.

    Points whose squares have no known size need the distance of all points, so their places are
    read in all row groups, and 16 bytes are held for each.

    Parameters
    ----------
    source
        The table.
    how
        How to read it, with a box or a date.
    within
        Folder for the copy, which exists.

    Raises
    ------
    TableError
        No row is asked for, the table has no embeddings or dates, or it is damaged.
    OSError
        The copy cannot be written.
    """
    with TemporaryDirectory(dir=within, prefix="rows-") as folder, _spoken_of(folder, source):
        search = _Search(source, how)
        path = _copy(source, search.found(), Path(folder) / source.path.name)
        if search.spacing is not None:
            how = replace(how, spacing=search.spacing)
        yield Selection(path, how, search.left_out)


@contextmanager
def first_rows(source: ParquetSource, within: Path) -> Iterator[Path]:
    """Copy the first rows of a table, for as long as the `with` block lasts.

    Raises
    ------
    TableError
        The table is damaged.
    """
    with TemporaryDirectory(dir=within, prefix="rows-") as folder, _spoken_of(folder, source):
        group = next(each for each in source.groups if each.rows)
        rows = np.arange(group.rows) < FIRST
        yield _copy(source, [(group, rows)], Path(folder) / source.path.name)


def may_be_selected(source: ParquetSource, how: Reading) -> bool:
    """Whether rows must be copied first, and the columns can be copied under their names."""
    asked = how.bbox is not None or how.date not in (None, NEWEST) or not source.parts
    return asked and len(set(source.schema.names)) == len(source.schema.names)


@contextmanager
def _spoken_of(folder: str, source: ParquetSource) -> Iterator[None]:
    """Let sentences about the copy name the table."""
    try:
        yield
    except TableError as error:
        copy = f"{Path(folder) / source.path.name}"
        raise TableError(str(error).replace(copy, source.title)) from error


class _Search:
    """Finds the rows to copy, and what to say of the others."""

    def __init__(self, source: ParquetSource, how: Reading) -> None:
        self._source, self._how = source, how
        ours = is_ours(recorded_facts(source.schema.metadata)[0])
        recipe = recipe_to_follow(source.schema, how, ours=ours)
        found = embedding_columns(source.schema, source.title, how, recipe)
        self._names = places_columns(source.schema, found)
        self._dates = date_columns([n for n in source.schema.names if n not in found.names])
        sized = how.spacing is not None or (recipe is not None and recipe.size is not None)
        self._points: list[npt.NDArray[np.float64]] | None = None if sized else []
        self.left_out: dict[str, int] = {}

    @property
    def spacing(self) -> float | None:
        """Side of the squares around points, from all of them; None if it is known, or none are."""
        return usual_spacing(np.concatenate(self._points)) if self._points else None

    def found(self) -> list[tuple[RowGroup, Rows]]:
        """Find the row groups and rows to copy.

        Raises
        ------
        TableError
            There are none.
        """
        if not self._each_for_itself():
            return [(group, np.ones(group.rows, bool)) for group in self._source.groups]
        dated = self._of_date()
        of_date = sum(int(rows.sum()) for _, rows in dated)
        self.left_out[OTHER_DATES] = self._source.rows - of_date
        if self._how.bbox is None:
            return dated
        found = [*self._in_box(dated, self._how.bbox)]
        kept = sum(int(rows.sum()) for _, rows in found)
        if not kept:
            raise TableError(f"{self._source.title}: {NONE_IN_BOX}.")
        self.left_out[OUTSIDE] = of_date - kept
        return found

    def _each_for_itself(self) -> bool:
        """Whether the place of a row does not depend on other rows.

        Text that holds both coordinates is read in the order that all rows together tell.
        """
        stands_alone = shape_column(self._source.schema), bbox_columns(self._names)
        return any(stands_alone) or place_columns(self._names) is not None

    def _of_date(self) -> list[tuple[RowGroup, Rows]]:
        """Rows of the date, by the first column that has it, as `rows_of_date` takes them."""
        source, date = self._source, self._how.date
        if date is None or date == NEWEST:
            return [(group, np.ones(group.rows, bool)) for group in source.groups]
        for column in self._dates:
            found = [
                (group, rows)
                for group in source.groups
                if may_begin_with(source, group, column, date)
                and (rows := self._dated(group, column, date)).any()
            ]
            if found:
                return found
        rows_of_date(source.read(self._dates), date, source.title)
        raise AssertionError("rows_of_date finds what the row groups do not hold")

    def _dated(self, group: RowGroup, column: str, date: str) -> Rows:
        tables = self._source.batches(group, [column])
        return np.concatenate([begins_with(table, column, date) for table in tables])

    def _in_box(
        self, dated: list[tuple[RowGroup, Rows]], box: Bbox
    ) -> Iterator[tuple[RowGroup, Rows]]:
        edges = edge_columns(self._source.schema, self._names, crs=self._how.crs)
        for group, rows in dated:
            may = may_meet(self._source, group, edges, box)
            if self._points is None and not may:
                continue
            inside = self._inside(group, rows, box)
            if may and inside.any():
                yield group, inside

    def _inside(self, group: RowGroup, rows: Rows, box: Bbox) -> Rows:
        """Tell which rows of a group may have their centre in the box."""
        inside = rows.copy()
        start = 0
        for table in self._source.batches(group, self._names):
            here = slice(start, start + len(table))
            start += len(table)
            inside[here] &= self._inside_of(table, rows[here], box)
        return inside

    def _inside_of(self, table: pa.Table, rows: Rows, box: Bbox) -> Rows:
        try:
            places = decode_places(table, self._source.title, TableError, crs=self._how.crs)
        except TableError:  # the reader of the copy says it
            return np.ones(len(table), bool)
        if places is None:
            return np.ones(len(table), bool)
        self._remember(places.shapes[places.present & rows])
        return meets(box, shapely.bounds(places.shapes), MARGIN)

    def _remember(self, shapes: npt.NDArray[np.object_]) -> None:
        """Hold points for their distance, until a shape is none."""
        if self._points is None or not len(shapes):
            return
        if (shapely.get_type_id(shapes) == shapely.GeometryType.POINT).all():
            self._points.append(shapely.get_coordinates(shapes))
        else:
            self._points = None


def _copy(source: ParquetSource, found: list[tuple[RowGroup, Rows]], path: Path) -> Path:
    """Write rows to a file, or to the only part of a folder, beside copies of its STAC files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = bool(source.parts) and source.path.is_dir()
    file = path / "part.parquet" if whole else path
    file.parent.mkdir(exist_ok=True)
    for each in _stac_files(source):
        shutil.copy(each, (path if each.parent == source.path else path.parent) / each.name)
    with pq.ParquetWriter(file, source.schema, **COMPRESSION) as writer:
        for group, rows in found:
            start = 0
            for table in source.batches(group):
                here = rows[start : start + len(table)]
                start += len(table)
                if here.any():
                    writer.write_table(table.filter(pa.array(here)))
                if not rows[start:].any():
                    break
    return path


def _stac_files(source: ParquetSource) -> list[Path]:
    """STAC's files beside a table, which may say what its codes stand for."""
    if not source.parts:  # a server does not list what is beside a file
        return []
    beside = source.path if source.path.is_dir() else source.path.parent
    names = [source.path.with_suffix(".json"), *map(beside.joinpath, STAC_FILES)]
    return [each for each in names if each.is_file()]
