"""The dates of a stack: which files were acquired together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from rareearth_explorer.data.scene import Nodata, open_mosaic
from rareearth_explorer.data.scene.units import Units
from rareearth_explorer.errors import SceneError

ONE_PASS = timedelta(hours=12)
"""Files of two days count as one pass, if asked for, when less than this lies between them."""

SAME_NIGHT = timedelta(hours=2)
"""No change over time is measured between two images that are no more than an orbit apart."""


def by_acquisition(
    files: Sequence[Path], nodata: Mapping[Path, Nodata], one_date: bool
) -> tuple[dict[date, list[Path]], dict[Path, Units]]:
    """Group files by date.

    Parameters
    ----------
    files
        In any order.
    nodata
        The value of empty pixels of each, as for `open_mosaic`.
    one_date
        Whether files of two days (UTC) are one date if less than 12 hours lie between them.

    Returns
    -------
    by_date
        The files of each date, in the order in which dates are named.
    units
        Of each file.

    Raises
    ------
    SceneError
        A file cannot be used or has no date, there is only one date, or files were taken on both
        sides of midnight and nothing says whether they are one date.
    """
    times: dict[Path, datetime] = {}
    units: dict[Path, Units] = {}
    for path in dict.fromkeys(files):
        with open_mosaic([path], udm2="none", nodata=nodata.get(path)) as scene:
            units[path] = scene.sources[0].units
            if scene.time is None:
                raise SceneError(
                    f"{path}: neither name nor metadata gives its date; put the date "
                    "into its name, such as 20220307_scene.tif."
                )
            times[path] = scene.time
    if not one_date:
        _ask_about_midnight(times)
    days = _days(times) if one_date else {path: time.date() for path, time in times.items()}
    by_date: dict[date, list[Path]] = {}
    for path in times:
        by_date.setdefault(days[path], []).append(path)
    if len(by_date) < 2:
        only = next(iter(by_date))
        raise SceneError(
            f"{files[0]}: {'all scenes are' if len(files) > 1 else 'there is one scene,'} of one "
            f"date, {only}; give scenes of two dates or more."
        )
    return by_date, units


def _days(times: Mapping[Path, datetime]) -> dict[Path, date]:
    """Find the date of each file: the day on which its pass began."""
    days: dict[Path, date] = {}
    last: Path | None = None
    for path in sorted(times, key=times.__getitem__):
        goes_on = last is not None and times[path] - times[last] < ONE_PASS
        days[path] = days[last] if last is not None and goes_on else times[path].date()
        last = path
    return days


def _ask_about_midnight(times: Mapping[Path, datetime]) -> None:
    """Refuse files of two days that are certainly one pass, or two passes of one night."""
    for earlier, later in pairwise(sorted(times, key=times.__getitem__)):
        apart = times[later] - times[earlier]
        if times[earlier].date() != times[later].date() and apart < SAME_NIGHT:
            raise SceneError(
                f"{later}: it was taken {round(apart.total_seconds() / 60)} minutes after "
                f"{earlier.name}, but on the next day (UTC); give --one-date to count them as one."
            )
