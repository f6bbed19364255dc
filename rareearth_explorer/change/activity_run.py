"""Measure activity over scenes of several dates and write the files of the command `activity`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rareearth_explorer.change.activity_index import Index
from rareearth_explorer.change.deviation import write_activity
from rareearth_explorer.change.normalisation import Normalisation, normalise
from rareearth_explorer.change.pools_in_use import LEAST_STD, Pools
from rareearth_explorer.change.stack import Stack, open_stack
from rareearth_explorer.change.stack_units import unit_doubts
from rareearth_explorer.change.table_activity import store_activity
from rareearth_explorer.change.time_series import series_at
from rareearth_explorer.data.labels import Labels, open_labels
from rareearth_explorer.data.scene import Nodata, Udm2, images_of, masks_of
from rareearth_explorer.data.scene.fill import require_declared_fill
from rareearth_explorer.data.storage.inputs import require_other
from rareearth_explorer.data.storage.safe_text import csv_of
from rareearth_explorer.data.storage.text_files import write_text
from rareearth_explorer.data.table import PatchTable, open_table
from rareearth_explorer.errors import ExplorerError


@dataclass(frozen=True, eq=False)
class ActivityReport:
    """Files written by a run.

    Attributes
    ----------
    raster
        Standard deviation over time of each band and of the index, and the number of valid dates.
    pools
        Use of the labelled pools; None without labels.
    pools_file, series_file
        The pools as GeoJSON, and the series of each as CSV; written if there are pools.
    stored
        Number of patches whose activity is now in the table; None without a table.
    """

    raster: Path
    pools: Pools | None
    pools_file: Path
    series_file: Path
    stored: int | None


@dataclass(eq=False)
class ActivityRun:
    """A stack of scenes, and the measurements and files to make from it.

    Attributes
    ----------
    stack
        The scenes, by date.
    index
        Index whose standard deviation is written with that of each band.
    raster
        Path of the GeoTIFF of standard deviations.
    labels, threshold
        Labelled pools, and the standard deviation from which a pool is in use.
    table
        The patch table that gets the activity of each patch.
    normalisation
        None until `normalise` is called.
    """

    stack: Stack
    index: Index
    raster: Path
    labels: Labels | None
    threshold: float
    table: PatchTable | None
    normalisation: Normalisation | None = None

    def normalise(self) -> Normalisation:
        """Convert all dates to the first scene's units, fitted on unchanged pixels."""
        self.normalisation = normalise(self.stack)
        return self.normalisation

    def write(self) -> ActivityReport:
        """Measure, and write the raster, the pools and the table's column.

        Raises
        ------
        ExplorerError
            A scene cannot be read, or a file cannot be written.
        """
        pools = self._pools()
        write_activity(self.stack, self.raster, self.index, self.normalisation)
        listed, series = _pools_files(self.raster)
        if pools is not None:
            write_text(listed, pools.to_geodataframe().to_json(drop_id=True))
            write_text(series, csv_of(pools.to_long_dataframe()))
        return ActivityReport(self.raster, pools, listed, series, self._store())

    def _pools(self) -> Pools | None:
        if self.labels is None:
            return None
        index = Index.named("blue-white", self.stack.bands)
        centres = self.labels.centres
        series = series_at(self.stack, centres, index=index, normalisation=self.normalisation)
        return Pools.of(series, self.threshold)

    def _store(self) -> int | None:
        if self.table is None:
            return None
        assert self.table.path is not None  # tables opened from a file have a path
        return store_activity(
            self.table.path,
            self.raster,
            self.stack,
            self.index,
            normalised=self.normalisation is not None,
        )


@contextmanager
def open_activity(
    paths: Sequence[Path],
    raster: Path,
    *,
    index: str | None = None,
    pools: Path | None = None,
    layer: str | None = None,
    threshold: float | None = None,
    table: Path | None = None,
    bands: Sequence[str] | None = None,
    udm2: Udm2 = "beside",
    reflectance: bool = False,
    nodata: Nodata = None,
    one_date: bool = False,
    normalise: bool = False,
) -> Iterator[ActivityRun]:
    """Open scenes of several dates and all other files before the measurement starts.

    Parameters
    ----------
    paths
        GeoTIFFs, or folders as Planet delivers them, of two dates or more.
    raster
        Path of the GeoTIFF of standard deviations; the files about pools are written beside it.
    index
        Name of an index, or two bands; None chooses by the scenes' bands.
    pools
        Labelled pools.
    layer
        As for `open_labels`.
    threshold
        Standard deviation of the blue-white index, above 0, from which a pool is in use.
    table
        Patch table that gets the activity of each patch as a column.
    bands, udm2, reflectance, nodata, one_date
        As for `open_stack`.
    normalise
        Whether the dates will be normalised, so that their units may differ.

    Raises
    ------
    ExplorerError
        A file cannot be opened or would be overwritten, the threshold is not above 0, or the
        table has rows without an embedding.
    """
    images = images_of(paths)
    given = [*images, *masks_of(images, udm2), pools, table]
    for output in (raster, *(_pools_files(raster) if pools else ())):
        require_other(output, given)
    # Open all other files first, so that a wrong path is reported before the long measurement.
    if threshold is not None and not threshold > 0:
        raise ExplorerError(f"A threshold of {threshold:g} means nothing; give one above 0.")
    labels = open_labels(pools, layer=layer) if pools else None
    patches = _table(table) if table else None
    opened = open_stack(
        images, bands=bands, udm2=udm2, reflectance=reflectance, nodata=nodata, one_date=one_date
    )
    with opened as stack:
        fills = [doubt for scene in stack.scenes for doubt in require_declared_fill(scene)]
        doubts = unit_doubts(stack, normalise=normalise)
        stack = replace(stack, notes=(*stack.notes, *fills, *doubts))
        least = LEAST_STD if threshold is None else threshold
        yield ActivityRun(stack, Index.named(index, stack.bands), raster, labels, least, patches)


def _table(path: Path) -> PatchTable:
    table = open_table(path)
    table.require_own_file("activity")
    return table


def _pools_files(raster: Path) -> tuple[Path, Path]:
    """Name the files beside the raster: the pools, and the series of each."""
    return (
        raster.with_name(f"{raster.stem}_pools.geojson"),
        raster.with_name(f"{raster.stem}_pools.csv"),
    )
