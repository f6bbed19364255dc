"""A stack: scenes of one area on several dates, on one pixel grid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS
from rasterio.windows import Window

from rareearth_explorer.change.alignment import Alignment
from rareearth_explorer.change.stack_dates import by_acquisition
from rareearth_explorer.data.grid import WGS84, cut, pixels_under, windows_over
from rareearth_explorer.data.scene import Nodata, Scene, open_mosaic
from rareearth_explorer.data.scene.opening import Udm2
from rareearth_explorer.data.scene.sources import LEFT_OUT
from rareearth_explorer.data.scene.units import (
    need_reflectance,
    require_one_unit,
    unit_notes,
)
from rareearth_explorer.errors import SceneError

Masked = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Stack:
    """Scenes by date on the pixel grid of the first named; close it, or use it in a `with`.

    Attributes
    ----------
    scenes
        T scenes, the earliest first.
    first
        The scene named first, whose pixel grid all others are resampled to.
    times
        Acquisition time of each, in UTC.
    notes
        Sentences about the treatment of files that differ from the first.
    """

    scenes: tuple[Scene, ...]
    first: Scene
    times: tuple[datetime, ...]
    notes: tuple[str, ...]
    _alignments: tuple[Alignment, ...] = field(repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Count the dates."""
        return len(self.scenes)

    def close(self) -> None:
        """Close all files; no thread may be reading them."""
        for scene in self.scenes:
            scene.close()

    @property
    def bands(self) -> tuple[str, ...]:
        """Roles of the bands, as in the first scene."""
        return self.first.bands

    @property
    def dates(self) -> tuple[date, ...]:
        """Day of each scene, in UTC."""
        return tuple(time.date() for time in self.times)

    @property
    def days(self) -> npt.NDArray[np.float64]:
        """(T,) days from the first date, with fractions if the hour is known."""
        return np.array([(t - self.times[0]).total_seconds() / 86_400 for t in self.times])

    @property
    def crs(self) -> CRS:
        """Coordinate reference system of all scenes."""
        return self.first.crs

    @property
    def transform(self) -> Affine:
        """Pixel (column, row) to coordinates, as in the first scene."""
        return self.first.transform

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.first.height

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.first.width

    def read(self, number: int, window: Window) -> Masked:
        """Read a window of one date, resampled to the first scene's pixels.

        Parameters
        ----------
        number
            Number of the date, from 0.
        window
            Pixels of the first scene, within it.

        Returns
        -------
        pixels
            (C, h, w) in the scene's units. The values of empty pixels are meaningless.
        valid
            (h, w), False for pixels without data, or with cloud by the date's UDM2.
        """
        return self._alignments[number].read(self.scenes[number], window, self.bands)

    def windows(self, side: int) -> Iterator[Window]:
        """Cut the first scene into windows of at most `side` pixels a side, row by row."""
        return cut(self.width, self.height, side)

    def pixels_under(self, lonlat: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Find the fractional column and row, (N, 2), of WGS 84 points, (N, 2) lon/lat."""
        lon, lat = np.asarray(lonlat, np.float64).reshape(-1, 2).T
        crs = self.crs.to_wkt()
        return np.stack(pixels_under(lon, lat, WGS84, crs, self.transform, self.width), axis=-1)

    def chips(
        self, window: Window, size: int, *, bands: Sequence[str] | None = None
    ) -> list[npt.NDArray[np.uint8] | None]:
        """Draw a window on each date: (size, size, 3) RGB; None outside the scene.

        Each is stretched by its own scene's statistics, so that haze does not hide changes.
        """
        parts = [alignment.window_in(window) for alignment in self._alignments]
        return [
            None if part is None else scene.chip(part, size, bands=bands)
            for scene, part in zip(self.scenes, parts, strict=True)
        ]

    def patch_window(self, corners: npt.ArrayLike) -> Window | None:
        """Find the pixels of a patch from its corners, (4, 2) lon/lat; None outside the stack."""
        footprint = np.asarray(corners, np.float64)[None]
        (window,), _ = windows_over(
            footprint, self.crs.to_wkt(), self.transform, self.width, self.height
        )
        return window


def open_stack(
    paths: Sequence[str | Path],
    *,
    bands: Sequence[str] | Mapping[Path, Sequence[str]] | None = None,
    udm2: Udm2 = "beside",
    reflectance: bool = False,
    nodata: Nodata | Mapping[Path, Nodata] = None,
    one_date: bool = False,
) -> Stack:
    """Open scenes of several dates as one stack; several files of a day are a mosaic.

    The grid is that of the file named first. If some files say with a scale and an offset how to
    make reflectance of their numbers, Planet's reflectance x 10,000 is brought to it. A scene with
    shifted pixels or another pixel size is resampled by nearest neighbour, and `notes` gives the
    largest shift.

    Parameters
    ----------
    paths
        Files in any order, of two dates or more, in one CRS.
    bands, udm2, reflectance, nodata
        As for `open_mosaic`; bands and nodata may also be given file by file.
    one_date
        Whether files of two days (UTC) are one date if less than 12 hours lie between them, as in
        a pass over midnight. The date is that of the earliest file.

    Raises
    ------
    SceneError
        A file cannot be used or has no date, there is only one date, files were taken on both
        sides of midnight and `one_date` is not given, or a scene differs from the first in CRS,
        bands or units, or does not overlap it.
    """
    files = [Path(path) for path in paths]
    masks = dict(zip(files, udm2, strict=False)) if not isinstance(udm2, str) else {}
    if not isinstance(udm2, str) and len(udm2) != len(files):
        raise SceneError(
            f"{udm2[0]}: the masks are {len(udm2)} and the scenes {len(files)}; give one "
            "for each, in the same order."
        )
    empty = nodata if isinstance(nodata, Mapping) else dict.fromkeys(files, nodata)
    by_date, units = by_acquisition(files, empty, one_date)
    require_one_unit([*units], [*units.values()], converted=reflectance)
    to_one = need_reflectance([*units.values()])
    with ExitStack() as opened:
        scenes = {
            day: opened.enter_context(
                open_mosaic(
                    same,
                    bands=bands.get(same[0]) if isinstance(bands, Mapping) else bands,
                    udm2=udm2 if isinstance(udm2, str) else [masks[path] for path in same],
                    reflectance=reflectance,
                    to_one=to_one,
                    nodata=empty.get(same[0]),
                    one_date=one_date,
                )
            )
            for day, same in by_date.items()
        }
        first = next(iter(scenes.values()))
        order = sorted(scenes)
        alignments = [Alignment.of(scenes[day], first) for day in order]
        notes = [
            *_notes(by_date, alignments, first),
            *_file_notes(scenes.values()),
            *unit_notes([*units], [*units.values()]),
        ]
        opened.pop_all()
    in_order = tuple(scenes[day] for day in order)
    times = tuple(min(_times(scene)) for scene in in_order)
    return Stack(in_order, first, times, tuple(notes), tuple(alignments))


def stack_of(scenes: Sequence[Scene]) -> Stack:
    """Open the files of scenes again, as one stack with the bands that all of them have.

    The grid is that of the first scene. A scene without band roles gets those of the first one,
    if it has as many bands. Scenes less than 12 hours apart become one date.

    Raises
    ------
    SceneError
        As for `open_stack`.
    """
    sources = [source for scene in scenes for source in scene.sources]
    first = sources[0].bands
    roles = {
        source.path: first if _untold(source.bands, len(first)) else source.bands
        for source in sources
    }
    shared = set(first).intersection(*roles.values()) - {LEFT_OUT}
    if shared:  # otherwise the check below names the missing band
        roles = {
            path: tuple(role if role in shared else LEFT_OUT for role in told)
            for path, told in roles.items()
        }
    nodata = {source.path: source.nodata for source in sources}
    # A scene may be a pass over midnight, whose files must not come apart.
    return open_stack(list(roles), bands=roles, nodata=nodata, one_date=True)


def _times(scene: Scene) -> list[datetime]:
    """Acquisition times of the files of a scene, as far as they are known."""
    return [source.time for source in scene.sources if source.time]


def _untold(roles: Sequence[str], count: int) -> bool:
    """Whether bands are named by position and have this count."""
    return len(roles) == count and all(re.fullmatch(r"b\d+", role) for role in roles)


def _file_notes(scenes: Iterable[Scene]) -> Iterator[str]:
    """Repeat what each file's scene notes, except its units, which are compared over all dates."""
    for scene in scenes:
        yield from (note for note in scene.notes if not note.startswith("warning: "))


def _notes(
    by_date: dict[date, list[Path]], alignments: Sequence[Alignment], first: Scene
) -> Iterator[str]:
    """Describe in sentences how mosaics and another order of the files were treated."""
    for day, same in by_date.items():
        if len(same) > 1:
            yield f"{day}: {len(same)} files form one mosaic, {same[0].name} on top."
    if any(later < earlier for earlier, later in pairwise(by_date)):
        yield (
            f"The scenes are sorted by date, {min(by_date)} first; the pixels "
            f"are those of {first.path.name}, which was named first."
        )
    for alignment in alignments:
        yield from alignment.notes(first.path.name)
