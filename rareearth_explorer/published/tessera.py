"""TESSERA's tiles of 0.1 degree: the rows of the box are read by ranges of bytes."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from rasterio.windows import Window

from rareearth_explorer.data.progress import progress_bar
from rareearth_explorer.data.storage.finished_parts import FinishedParts
from rareearth_explorer.data.storage.remote_files import (
    Address,
    NotThereError,
    open_remote,
    place_of,
)
from rareearth_explorer.data.storage.replacing import write_atomically
from rareearth_explorer.errors import CatalogueError, TableError
from rareearth_explorer.published.collection import FetchedTiles, Wanted
from rareearth_explorer.published.pixel_window import transform_of, window_of

TENTH = 10
"""Tiles a degree."""

ROWS = 128
"""Rows of pixels that are read at once: 18 MB of codes in a whole tile."""


@dataclass(frozen=True)
class _Tile:
    """The part of a tile that is wanted."""

    name: str
    crs: str
    transform: Affine
    land: npt.NDArray[np.uint8]
    window: Window
    layout: Mapping[str, str]


def fetch_tessera(wanted: Wanted, folder: Path, *, progress: bool) -> FetchedTiles:
    """Fetch the box of each tile with its scales and land mask; errors as in `fetch_published`."""
    found = FetchedTiles()
    names = [*_names(wanted)]
    with progress_bar("fetching TESSERA", "tile", len(names), shown=progress) as bar:
        for name in names:
            try:
                tile = _tile(wanted, name)
                if tile is not None:
                    kept, path = _fetch(wanted, tile, folder)
                    found.kept += kept
                    found.add(tile.crs, path)
            except NotThereError:
                found.absent += 1
            except TableError as error:
                raise CatalogueError(str(error)) from error
            bar.update()
    if not found.files:
        raise CatalogueError(
            f"{wanted.root}: it has no tile of {wanted.year} in the box; check --year and --bbox."
        )
    return found


def _names(wanted: Wanted) -> Iterator[str]:
    """Names of the tiles that may meet the box: they are called by their centres."""
    west, south, east, north = (edge * TENTH for edge in wanted.bbox)
    for column in range(math.floor(west), math.ceil(east)):
        for row in range(math.floor(south), math.ceil(north)):
            lon, lat = (column + 0.5) / TENTH, (row + 0.5) / TENTH
            yield f"grid_{lon:.2f}_{lat:.2f}"


def _tile(wanted: Wanted, name: str) -> _Tile | None:
    """Read the land mask, which says where a tile lies; None if the box misses its pixels."""
    layout, content = _mask(wanted, name)
    with rasterio.MemoryFile(content) as memory, memory.open() as mask:
        window = window_of(wanted.bbox, mask.crs, mask.transform, mask.width, mask.height)
        if window is None:
            return None
        transform = transform_of(window, mask.transform)
        land = mask.read(1, window=window)
        return _Tile(name, str(mask.crs), transform, land, window, layout)


def _mask(wanted: Wanted, name: str) -> tuple[Mapping[str, str], bytes]:
    """Find the layout that has the land mask of a tile, and read the mask."""
    *others, last = wanted.facts["layout"]
    for layout in others:
        try:
            return layout, _bytes(wanted.place(layout["mask"].format(tile=name)))
        except NotThereError:
            continue
    return last, _bytes(wanted.place(last["mask"].format(tile=name)))


def _fetch(wanted: Wanted, tile: _Tile, folder: Path) -> tuple[bool, Path]:
    """Fetch a tile's part; return whether it was there before, and its file of codes."""
    home = folder / str(wanted.year) / tile.name
    path = home / f"{tile.name}.npy"
    plan = wanted.plan(tile.name, tile.window)
    record = home / f"{tile.name}.json"
    if record.is_file():
        if json.loads(record.read_text()) == plan and path.is_file():
            return True, path
        raise CatalogueError(
            f"{home}: it holds a tile that was fetched with other options; remove it or choose "
            "another -o."
        )
    home.mkdir(parents=True, exist_ok=True)
    named = {"year": wanted.year, "tile": tile.name}
    with FinishedParts(path, plan, ".parts", CatalogueError) as parts, parts.writing():
        arrays = {
            key: _cropped(wanted.place(tile.layout[key].format(**named)), tile.window, parts, key)
            for key in ("codes", "scales")
        }
        _save(home / f"{tile.name}_scales.npy", arrays["scales"])
        _save_mask(home / f"{tile.name}.tiff", tile)
        _save(path, arrays["codes"])
        write_atomically(record, json.dumps(plan), synced=True)
        parts.remove()
    return False, path


def _cropped(place: str, window: Window, parts: FinishedParts, key: str) -> npt.NDArray[Any]:
    """Read the window of an array (H, W, ...) row by row; rows that were fetched are kept."""
    (top, bottom), (left, right) = window.toranges()
    file = _opened(place)
    shape, dtype, start = _header(file, place)
    if len(shape) < 2 or shape[0] < bottom or shape[1] < right:
        raise CatalogueError(
            f"{place}: its array of {' x '.join(map(str, shape))} does not fit the land mask of "
            "the tile; give another copy."
        )
    size = math.prod(shape[1:]) * dtype.itemsize
    pieces = []
    for row in range(top, bottom, ROWS):
        count = min(ROWS, bottom - row)
        name = f"{key}-{row:05d}"
        if not parts.has(name):
            file.seek(start + row * size)
            data = file.read(count * size)
            if len(data) != count * size:
                raise CatalogueError(f"{place}: the file ends early; run the command again.")
            rows = np.frombuffer(data, dtype).reshape(count, *shape[1:])[:, left:right]
            parts.save(name, pixels=rows)
        pieces.append(parts.load(name)["pixels"])
    return np.concatenate(pieces)


def _header(file: Any, place: str) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Read the shape and type of an array file, and where its numbers begin."""
    try:
        version = np.lib.format.read_magic(file)
        read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
        shape, by_column, dtype = read[version[0]](file)
    except (ValueError, KeyError) as error:
        raise CatalogueError(f"{place}: this is no array file; give another copy.") from error
    if by_column or dtype.hasobject:
        raise CatalogueError(f"{place}: its array is not stored by rows; give another copy.")
    return shape, dtype, file.tell()


def _opened(place: str) -> Any:
    """Open a file of the copy, remote or not, to read parts of it."""
    where = place_of(place)
    if isinstance(where, Address):
        return open_remote(where)[0].file
    if not where.is_file():
        raise NotThereError(f"{where}: there is no such file; check the path.")
    return where.open("rb")


def _bytes(place: str) -> bytes:
    with _opened(place) as file:
        return bytes(file.read())


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    content = io.BytesIO()
    np.save(content, array)
    write_atomically(path, content.getvalue(), synced=True)


def _save_mask(path: Path, tile: _Tile) -> None:
    height, width = tile.land.shape
    profile = {"driver": "GTiff", "height": height, "width": width, "count": 1,
               "dtype": tile.land.dtype, "crs": tile.crs, "transform": tile.transform}  # fmt: skip
    with rasterio.MemoryFile() as memory:
        with memory.open(**profile) as mask:
            mask.write(tile.land, 1)
        write_atomically(path, bytes(memory.getbuffer()), synced=True)
