"""Fetch imagery: search, choose, read and join images into a Cloud-Optimized GeoTIFF."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window
from shapely.geometry import box

from rareearth_explorer.data.progress import progress_bar
from rareearth_explorer.data.scene.dates import acquisition_time
from rareearth_explorer.data.storage.finished_parts import Arrays, FinishedParts
from rareearth_explorer.errors import CatalogueError
from rareearth_explorer.stac.assets import Band, band_of
from rareearth_explorer.stac.box_reading import Frame
from rareearth_explorer.stac.choosing import Choice, bounds_of, choose
from rareearth_explorer.stac.fetched_file import was_made_of, write_file
from rareearth_explorer.stac.request import Request
from rareearth_explorer.stac.searching import search

AT_ONCE = 8
"""Number of parts read in parallel; waiting for the network needs no processor."""

VISIBLE = frozenset({"blue", "green", "red"})

MOST_BELOW_ZERO = 0.25
"""Share of visible pixels below 0 above which an offset was probably subtracted before."""


@dataclass(frozen=True)
class Fetched:
    """Result of a request.

    Attributes
    ----------
    path
        The file.
    time
        Acquisition time in UTC.
    images
        Names of the images in the file, the first on top.
    cloud, cover
        As in `Choice`.
    width, height
        In pixels.
    added
        Numbers added to the digital numbers of images and bands, without repetition.
    parts, kept
        Number of parts, and number of them from an earlier run; both 0 if the complete file
        already existed.
    """

    path: Path
    time: datetime
    images: tuple[str, ...]
    cloud: float
    cover: float
    width: int
    height: int
    added: tuple[int, ...]
    parts: int = 0
    kept: int = 0


@dataclass(frozen=True)
class Part:
    """Unit of reading: one band of one image in one block."""

    name: str
    href: str
    block: Window


def fetch(
    request: Request,
    output: Path | None = None,
    *,
    added: int | None = None,
    progress: bool = True,
) -> Fetched:
    """Find, choose and read imagery, and write it as a Cloud-Optimized GeoTIFF.

    A stopped run resumes with its fetched parts. An existing file of the same request and images
    is verified and left as it is.

    Parameters
    ----------
    request
        Request for imagery.
    output
        Path of the file; by default `<collection>_<date>.tif` in the working folder.
    added
        Number to add to all digital numbers, such as 0 or -1000; by default from the catalogue's
        metadata, see `Band`.
    progress
        Whether to show progress on standard error.

    Raises
    ------
    CatalogueError
        The catalogue has no matching imagery or cannot be read, or the file cannot be written.
    """
    choice = choose(search(request), request)
    path = output or Path(f"{request.collection}_{choice.time:%Y%m%d}.tif")
    _require_same_day(path, choice.time)
    images = [[band_of(item, role) for role in request.bands] for item in choice.items]
    frame = Frame.over(request.bbox, [band.href for band in images[0]])
    shifts = [[band.added if added is None else added for band in bands] for bands in images]
    _require_whole_numbers(path, frame, shifts)
    begun = {**asdict(request), "images": [item.id for item in choice.items]}
    begun |= {"bbox": list(request.bbox), "bands": list(request.bands)}
    plan = {**begun, "added": shifts}
    fetched = Fetched(
        path, choice.time, tuple(begun["images"]), choice.cloud, choice.cover,
        frame.width, frame.height, tuple(sorted({each for image in shifts for each in image})),
    )  # fmt: skip
    if _is_there(path, plan):
        return fetched
    scales = {
        role: (band.scale, 0 if band.is_reflectance else band.offset)
        for role, band in zip(request.bands, images[0], strict=True)
    }
    with FinishedParts(path, begun, ".parts", CatalogueError) as parts:
        work = _cut(frame, choice, images)
        missing = [part for part in work if not parts.has(part.name, partial(_is_cut, frame, part))]
        shown = progress and sys.stderr.isatty()
        done = len(work) - len(missing)
        title = f"fetching {path.name}"
        with progress_bar(title, "part", len(work), done=done, shown=shown) as bar:
            _read(frame, parts, missing, bar)
        blocks = _join(frame, parts, {part.name for part in work}, shifts)
        if added is None and any(each for image in shifts for each in image):
            blocks = _doubting(blocks, request.bands, path)
        title, steps = f"writing {path.name}", len(frame.blocks()) + 1  # and the overviews
        with progress_bar(title, "step", steps, shown=shown) as bar:
            write_file(parts, path, frame, scales, choice.time, plan, _counted(blocks, bar))
            bar.update()
        parts.remove()
        return replace(fetched, parts=len(work), kept=len(work) - len(missing))


def _require_same_day(path: Path, time: datetime) -> None:
    """Check that the file's name has no other date, which would take precedence over the tag."""
    named = acquisition_time(path.name, None)
    if named and named.date() != time.date():
        raise CatalogueError(
            f"{path}: its name has the date {named:%Y-%m-%d}, and the chosen image is of "
            f"{time:%Y-%m-%d}; choose another name with -o, or other --dates."
        )


def _require_whole_numbers(path: Path, frame: Frame, shifts: list[list[int]]) -> None:
    """Check that the pixels are digital numbers if an offset is added."""
    if any(map(any, shifts)) and not np.issubdtype(frame.dtype, np.integer):
        raise CatalogueError(
            f"{path}: the pixels of these images are {frame.dtype}, not digital numbers, so no "
            "offset can be added; give --offset 0."
        )


def _is_there(path: Path, plan: dict[str, Any]) -> bool:
    """Whether the file exists with the same plan and is intact; never overwrite another one."""
    made = was_made_of(path, plan) if path.exists() else None
    if made is False:
        raise CatalogueError(
            f"{path}: a file exists that was not fetched with these options; remove it "
            "or choose another -o."
        )
    return bool(made)


def _cut(frame: Frame, choice: Choice, images: list[list[Band]]) -> list[Part]:
    """Cut the frame into parts where images cover it."""
    parts = []
    for number, block in enumerate(frame.blocks()):
        here = box(*frame.lonlat(block))
        for image, (item, bands) in enumerate(zip(choice.items, images, strict=True)):
            bounds = bounds_of(item)
            if bounds is None or bounds.intersects(here):
                parts += [
                    Part(_name(number, image, place), band.href, block)
                    for place, band in enumerate(bands)
                ]
    return parts


def _is_cut(frame: Frame, part: Part, arrays: Arrays) -> bool:
    """Whether arrays read from the disk are the pixels of a part."""
    if set(arrays) != {"pixels"}:
        return False
    pixels = arrays["pixels"]
    return pixels.dtype == frame.dtype and pixels.shape == (part.block.height, part.block.width)


def _name(block: int, image: int, band: int) -> str:
    return f"{block:05d}-{image:02d}-{band:02d}"


def _read(frame: Frame, parts: FinishedParts, missing: list[Part], bar: Any) -> None:
    """Read and keep the missing parts, several at a time."""

    def read(part: Part) -> None:
        parts.save(part.name, pixels=frame.read(part.href, part.block))

    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetching")
    try:
        for done in as_completed([pool.submit(read, part) for part in missing]):
            done.result()
            bar.update()
    finally:
        pool.shutdown(cancel_futures=True)


def _join(
    frame: Frame, parts: FinishedParts, names: set[str], shifts: list[list[int]]
) -> Iterator[tuple[Window, npt.NDArray[Any]]]:
    """Join the images of each block: the first image with data in any band is used."""
    for number, block in enumerate(frame.blocks()):
        shape = len(shifts[0]), block.height, block.width
        joined = np.full(shape, frame.nodata, frame.dtype)
        done = np.zeros(shape[1:], bool)
        for image, added in enumerate(shifts):
            if _name(number, image, 0) not in names:
                continue
            pixels = np.stack(
                [parts.load(_name(number, image, band))["pixels"] for band in range(shape[0])]
            )
            empty = np.isnan(pixels) if np.isnan(frame.nodata) else pixels == frame.nodata
            new = ~empty.all(axis=0) & ~done
            np.copyto(joined, _shift(pixels, added, empty), where=new)
            done |= new
        yield block, joined


def _counted(
    blocks: Iterable[tuple[Window, npt.NDArray[Any]]], bar: Any
) -> Iterator[tuple[Window, npt.NDArray[Any]]]:
    """Yield blocks, and count those that are finished."""
    for block in blocks:
        yield block
        bar.update()


def _shift(
    pixels: npt.NDArray[Any], added: list[int], empty: npt.NDArray[np.bool_]
) -> npt.NDArray[Any]:
    """Add offsets to digital numbers, (C, h, w), to get reflectance.

    Measured values never become 0, which is nodata; nodata of single bands is unchanged.
    """
    if not any(added):
        return pixels
    sums: npt.NDArray[np.int64] = pixels.astype(np.int64) + np.array(added)[:, None, None]
    reflectance = sums.clip(1, np.iinfo(pixels.dtype).max).astype(pixels.dtype)
    return np.where(empty, pixels, reflectance)


def _doubting(
    blocks: Iterator[tuple[Window, npt.NDArray[Any]]], bands: tuple[str, ...], path: Path
) -> Iterator[tuple[Window, npt.NDArray[Any]]]:
    """Yield blocks, and raise at the end if the offset made many pixels negative.

    Almost nothing on land is that dark in visible light, and some catalogues announce an offset
    that was already subtracted (https://github.com/Element84/earth-search/issues/71).
    """
    seen = [place for place, role in enumerate(bands) if role in VISIBLE] or [*range(len(bands))]
    below = total = 0
    for block, pixels in blocks:
        below += int((pixels[seen] == 1).sum())
        total += int((pixels[seen] > 0).sum())
        yield block, pixels
    if below > MOST_BELOW_ZERO * total:
        raise CatalogueError(
            f"{path}: with the catalogue's offset, {below / total:.0%} of the visible "
            "pixels fall below 0, so it was probably subtracted before; run the same again with "
            "--offset 0, or with the offset itself if it is right: nothing is fetched twice."
        )
