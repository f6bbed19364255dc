"""Which group and which year of a Zarr store are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.table.several_dates import NEWEST
from rareearth_explorer.errors import SceneError

YEAR = re.compile(r"(19|20)\d\d")


@dataclass(frozen=True)
class Year:
    """The year that is read.

    Attributes
    ----------
    index
        Its place along the axis of time; 0 without one.
    year
        The year; None if the store does not say it.
    all
        All years of the group, in the order of the axis.
    """

    index: int
    year: int | None
    all: tuple[int, ...]


def chosen_group(path: Path, date: str | None) -> Path:
    """Find the folder of the group to read: the store's root, or a group at most two levels below.

    Raises
    ------
    SceneError
        There is none, or there are several.
    """
    depths = ("", "*/", "*/*/")
    found = [
        file.parents[1]
        for depth in depths
        for file in sorted(path.glob(f"{depth}embeddings/zarr.json"))
    ]
    if not found:
        raise SceneError(
            f"{path}: this holds no array 'embeddings' of Zarr version 3; give a store of TESSERA, "
            "or a group of it."
        )
    years = {each: _year_in_path(each) for each in found}
    asked = str(max(map(str, filter(None, years.values())), default="")) if date == NEWEST else date
    if any(years.values()) and asked is not None:
        found = [each for each in found if str(years[each]) == asked]
        if not found:
            raise SceneError(f"{path}: {_unavailable(asked, years.values())}")
    if len(found) > 1:
        names = ", ".join(str(each.relative_to(path)) for each in found[:6])
        more = " and more" if len(found) > 6 else ""
        of_years = ", or a year with --date" if len({years[each] for each in found}) > 1 else ""
        raise SceneError(
            f"{path}: it holds several groups, {names}{more}; give one of them, such as "
            f"{found[0]}{of_years}."
        )
    return found[0]


def chosen_year(
    folder: Path, time: npt.NDArray[Any] | None, steps: int | None, date: str | None
) -> Year:
    """Choose the year to read.

    Parameters
    ----------
    folder
        The group, for errors, and for the year in its name or in that of a folder above.
    time
        The array of years, or None.
    steps
        Length of the axis of time; None without one.
    date
        The year as asked, `newest`, or None.

    Raises
    ------
    SceneError
        The year is not there, not given where there are several, or the store does not say it.
    """
    if steps is None:
        year = _year_in_path(folder)
        if date not in (None, NEWEST, str(year)):
            raise SceneError(f"{folder}: {_unavailable(date, [year])}")
        return Year(0, year, () if year is None else (year,))
    if time is None or time.shape != (steps,) or not _are_years(time):
        raise SceneError(
            f"{folder}: its array 'time' does not give a year for each of the {steps} dates of "
            "'embeddings'; write one year into a store of its own."
        )
    years = tuple(int(each) for each in time)
    if date is None and steps > 1:
        raise SceneError(
            f"{folder}: it holds the years {', '.join(map(str, years))}; choose one with --date."
        )
    asked = str(max(years)) if date in (None, NEWEST) else date
    if asked not in map(str, years):
        raise SceneError(f"{folder}: {_unavailable(asked, years)}")
    place = [str(year) for year in years].index(str(asked))
    return Year(place, years[place], years)


def _are_years(time: npt.NDArray[Any]) -> bool:
    whole = time.dtype.kind in "iu"
    return bool(
        whole and ((time >= 1900) & (time < 2200)).all() and len(np.unique(time)) == len(time)
    )


def _year_in_path(folder: Path) -> int | None:
    """Return the year that the group or a folder above it is named by; the nearest one."""
    for part in reversed(folder.absolute().parts):
        if YEAR.fullmatch(part.removesuffix(".zarr")):
            return int(part.removesuffix(".zarr"))
    return None


def _unavailable(asked: str | None, years: Any) -> str:
    known = sorted({each for each in years if each is not None})
    if not known:
        return f"it does not say its year, so {asked} cannot be chosen; leave out --date."
    return f"there is no year {asked}; choose {' or '.join(map(str, known))} with --date."
