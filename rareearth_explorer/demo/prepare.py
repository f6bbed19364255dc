"""Prepare synthetic scenes like real ones, once: the demo, and a scene of the paper's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely
from platformdirs import user_data_path

from rareearth_explorer.change import Index, open_stack, store_activity, write_activity
from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.table import open_table
from rareearth_explorer.demo.synthetic import (
    PAPER_PATCHES,
    PATCHES,
    DemoFiles,
    make_demo,
    make_paper_scene,
)
from rareearth_explorer.embedding import embed

__all__ = ["PreparedDemo", "demo_folder", "prepare_demo", "prepare_paper_scene"]

TABLE = "demo_table.parquet"
"""Name of the demo's table in its folder."""


@dataclass(frozen=True)
class PreparedDemo:
    """Files of the demo, ready to explore.

    Attributes
    ----------
    table
        Patch table of the first date, with its projection and the activity of its patches.
    scene
        The synthetic scene of the first date.
    labels
        The synthetic pools.
    other_dates
        Synthetic scenes of the same area on later dates.
    """

    table: Path
    scene: Path
    labels: Path
    other_dates: tuple[Path, ...] = ()


def demo_folder() -> Path:
    """Return the demo's folder, in the user's data folder."""
    return user_data_path("rareearth-explorer") / "demo"


def prepare_demo(
    folder: Path | None = None,
    *,
    seed: int = 0,
    patches: tuple[int, int] = PATCHES,
    progress: bool = True,
) -> PreparedDemo:
    """Draw, embed and project the demo scene; existing files are kept.

    Parameters
    ----------
    folder
        Folder of the files; `demo_folder()` if None.
    seed, patches
        As for `make_demo`.
    progress
        Whether to show progress on standard error.

    Raises
    ------
    ExplorerError
        The folder cannot be written.
    """
    folder = folder or demo_folder()
    files = make_demo(folder, seed=seed, patches=patches, progress=progress)
    return _prepare(files, folder / TABLE, progress)


def demo_of(table: Path) -> PreparedDemo | None:
    """Find scene and labels for the demo's own table; None for any other table."""
    own = demo_folder() / TABLE
    if table.resolve() != own.resolve():
        return None
    files = DemoFiles.within(own.parent)
    return PreparedDemo(own, files.scenes[0], files.labels, files.scenes[1:])


def prepare_paper_scene(
    folder: Path | None = None,
    pools: Path | None = None,
    *,
    layer: str | None = None,
    seed: int = 0,
    patches: tuple[int, int] = PAPER_PATCHES,
    progress: bool = True,
) -> PreparedDemo:
    """Draw, embed and project a synthetic scene of the paper's size, for benchmarks.

    Parameters
    ----------
    folder
        Folder of the files; in the user's data folder if None.
    pools
        Label file with the positions of real pools to draw synthetic mines around; None to
        invent positions.
    layer
        As for `open_labels`.
    seed, patches
        As for `make_paper_scene`.
    progress
        Whether to show progress on standard error.

    Raises
    ------
    ExplorerError
        The folder cannot be written, or the pools cannot be read or lie too far apart.
    """
    folder = folder or demo_folder().with_name("paper-sized")
    places = None
    if pools is not None:
        places = shapely.get_coordinates(
            shapely.centroid(open_labels(pools, layer=layer).geometries)
        )
    files = make_paper_scene(folder, places, seed=seed, patches=patches, progress=progress)
    return _prepare(files, folder / "paper_sized_table.parquet", progress)


def _prepare(files: DemoFiles, table: Path, progress: bool) -> PreparedDemo:
    """Embed and project the first scene, unless its table exists."""
    first = files.scenes[0]
    if not table.exists() or table.stat().st_mtime < first.stat().st_mtime:
        # Use a temporary file, so that the table appears only together with its projection.
        fresh = table.with_name(f"{table.stem}_unprojected.parquet")
        embed(first, fresh, udm2="none", progress=progress)
        fresh.replace(table)
    if len(files.scenes) > 1 and open_table(table).activity is None:
        _measure_activity(files.scenes, table, progress)
    return PreparedDemo(table, first, files.labels, files.scenes[1:])


def _measure_activity(scenes: Sequence[Path], table: Path, progress: bool) -> None:
    """Measure the activity of each patch over the dates, and store it in the table."""
    raster = table.with_name(table.stem.replace("table", "activity") + ".tif")
    with open_stack(scenes) as stack:
        index = Index.named(None, stack.bands)
        write_activity(stack, raster, index, progress=progress)
        store_activity(table, raster, stack, index, progress=progress)
