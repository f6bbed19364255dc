"""AlphaEarth's tiles: found by the index of the copy, and read window by window."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window

from rareearth_explorer.data.grid import cut
from rareearth_explorer.data.progress import progress_bar
from rareearth_explorer.data.storage.finished_parts import Arrays, FinishedParts
from rareearth_explorer.data.storage.remote_files import place_of
from rareearth_explorer.data.storage.replacing import replacing
from rareearth_explorer.data.table.parquet_source import open_source
from rareearth_explorer.errors import CatalogueError, TableError
from rareearth_explorer.published.collection import FetchedTiles, Wanted
from rareearth_explorer.published.pixel_window import transform_of, window_of
from rareearth_explorer.stac.box_reading import reading

PLAN = "RAREEARTH_FETCHED"
"""Tag that records what a file holds."""

BLOCK = 1024
"""Side of the blocks of the published files, in pixels."""

TILE = re.compile(r"\d{4}/\d{1,2}[NS]/[A-Za-z0-9_-][A-Za-z0-9._-]*\.tiff?")

EDGES = ("wgs84_west", "wgs84_south", "wgs84_east", "wgs84_north")


def fetch_alphaearth(wanted: Wanted, folder: Path, *, progress: bool) -> FetchedTiles:
    """Fetch the box of each tile into a file of its own; errors are those of `fetch_published`."""
    found = FetchedTiles()
    for name in _tiles(wanted):
        path = folder / name
        fetched = _fetch(wanted, name, path, progress=progress)
        if fetched is None:
            continue
        kept, projection = fetched
        found.kept += kept
        found.add(projection, path)
    if not found.files:
        raise CatalogueError(
            f"{wanted.root}: no pixel of {wanted.year} lies in the box; check --bbox."
        )
    return found


def _tiles(wanted: Wanted) -> list[str]:
    """Names of the tiles that meet the box, below the base.

    Raises
    ------
    CatalogueError
        There are none of this year, or the index is no index.
    """
    west, south, east, north = wanted.bbox
    place = wanted.place(wanted.facts["index"])
    names, years = set[str](), set[int]()
    try:
        source = open_source(place_of(place))
        columns = ["year", "path", *EDGES]
        if missing := [name for name in columns if name not in source.schema.names]:
            raise CatalogueError(
                f"{place}: the index has no column {missing[0]}; give another copy."
            )
        for group in source.groups:
            for table in source.batches(group, columns):
                rows = {name: np.asarray(table.column(name)) for name in columns}
                years |= {int(year) for year in np.unique(rows["year"])}
                meets = (rows["year"] == wanted.year) & (rows[EDGES[0]] < east)
                meets &= (rows[EDGES[2]] > west) & (rows[EDGES[1]] < north)
                meets &= rows[EDGES[3]] > south
                names |= {str(each) for each in rows["path"][meets]}
    except TableError as error:
        raise CatalogueError(str(error)) from error
    if wanted.year not in years:
        listed = ", ".join(map(str, sorted(years)))
        raise CatalogueError(f"{wanted.root}: {wanted.year} is not among its years, {listed}.")
    if not names:
        raise CatalogueError(
            f"{wanted.root}: no tile of {wanted.year} meets the box; check --bbox."
        )
    return sorted(_below_base(name, place) for name in names)


def _below_base(path: str, index: str) -> str:
    """Return where a tile lies below the base: YEAR/ZONE/FILE, and nothing else.

    Raises
    ------
    CatalogueError
        The path in the index ends in something else, as in a crafted one.
    """
    name = "/".join(path.split("/")[-3:])
    if not TILE.fullmatch(name):
        raise CatalogueError(
            f"{index}: its path {path[:80]!r} does not end in YEAR/ZONE/FILE.tiff; give another "
            "copy."
        )
    return name


def _fetch(wanted: Wanted, name: str, path: Path, *, progress: bool) -> tuple[bool, str] | None:
    """Fetch the window of one tile; whether it was there before, and its projection."""
    place = wanted.place(name)
    with reading(place), rasterio.open(place) as source:
        window = window_of(wanted.bbox, source.crs, source.transform, *source.shape[::-1])
        if window is None:
            return None
        plan = wanted.plan(name, window)
        projection = str(source.crs.to_string())
        if _is_there(path, plan):
            return True, projection
        path.parent.mkdir(parents=True, exist_ok=True)
        with FinishedParts(path, plan, ".parts", CatalogueError) as parts:
            blocks = [*_blocks(window)]
            missing = [each for each in blocks if not parts.has(*_part(each, source.count))]
            done = len(blocks) - len(missing)
            title = f"fetching {path.name}"
            with progress_bar(title, "part", len(blocks), done=done, shown=progress) as bar:
                for block in missing:
                    with reading(place):
                        pixels = source.read(window=block)
                    parts.save(_part(block, source.count)[0], pixels=pixels)
                    bar.update()
            _write(path, source, window, blocks, parts, plan)
            parts.remove()
    return False, projection


def _blocks(window: Window) -> Iterator[Window]:
    for each in cut(window.width, window.height, BLOCK):
        yield Window(
            window.col_off + each.col_off, window.row_off + each.row_off, each.width, each.height
        )


def _part(block: Window, bands: int) -> tuple[str, Any]:
    """Name of a part, and whether arrays are its pixels."""

    def fits(shape: tuple[int, ...], arrays: Arrays) -> bool:
        return {*arrays} == {"pixels"} and arrays["pixels"].shape == shape

    shape = (bands, int(block.height), int(block.width))
    return f"{int(block.row_off):05d}-{int(block.col_off):05d}", partial(fits, shape)


def _write(
    path: Path, source: Any, window: Window, blocks: list[Window], parts: FinishedParts,
    plan: dict[str, Any],
) -> None:  # fmt: skip
    """Write the window as a file like the published one, whose rows run as they do there."""
    profile = {
        "driver": "GTiff", "width": int(window.width), "height": int(window.height),
        "count": source.count, "dtype": source.dtypes[0], "nodata": source.nodata,
        "crs": source.crs, "transform": transform_of(window, source.transform), "tiled": True,
        "blockxsize": 256, "blockysize": 256, "compress": "deflate", "zlevel": 1,
        "interleave": "pixel", "bigtiff": "if_safer",
    }  # fmt: skip
    with (
        parts.writing(RasterioError),
        replacing(path, within=parts.folder) as beside,
        rasterio.open(beside, "w", **profile) as target,
    ):
        target.descriptions = source.descriptions
        target.update_tags(**{PLAN: json.dumps(plan)})
        for block in blocks:
            pixels = parts.load(_part(block, source.count)[0])["pixels"]
            place = block.col_off - window.col_off, block.row_off - window.row_off
            target.write(pixels, window=Window(*place, block.width, block.height))


def _is_there(path: Path, plan: dict[str, Any]) -> bool:
    """Whether the file holds this already; another file is never overwritten."""
    if not path.exists():
        return False
    try:
        with rasterio.open(path) as dataset:
            if dataset.tags().get(PLAN) == json.dumps(plan):
                return True
    except RasterioError:
        pass
    raise CatalogueError(
        f"{path}: a file exists that was not fetched with these options; remove it or choose "
        "another -o."
    )
