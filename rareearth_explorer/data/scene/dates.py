"""Find the acquisition time of a scene in its metadata and its file name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{12}|(?:19|20)\d{10})(?!\d)")
"""Date and time without anything between them, to the second or to the minute."""

_ORDINAL = re.compile(r"(?<!\d)((?:19|20)\d{5})T(\d{6})(?!\d)")
"""Year, day of the year, and time, as in HLS."""

_NAMED = re.compile(
    r"(?<!\d)(?P<date>(?:19|20)\d\d(?P<dash>[-_]?)\d\d(?P=dash)\d\d)(?!\d)"
    r"(?:[_T](?P<time>\d{6})(?!\d)|T(?P<hours>\d\d[-:]\d\d[-:]\d\d)(?!\d))?"
)

_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_](0[1-9]|1[0-2])(?!\d|[-_]\d\d?(?!\d))")
_QUARTER = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_]?q([1-4])(?!\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Acquired:
    """When a scene was captured.

    Attributes
    ----------
    time
        In UTC; noon if only the day is known, the middle if only the months are.
    months
        The months that a basemap is made of, such as `2022-01`; empty for a scene of one day.
    """

    time: datetime
    months: str = ""


def acquired_by_name(name: str, tag: str | None) -> Acquired | None:
    """Find the time in a file name or tag; None if neither tells.

    A day in the file name takes precedence over the tag, which some programs set to the time of
    writing; so do the months of a basemap. If both give the same day, the tag adds the hour that
    the name may lack. A date without an hour means noon.

    Parameters
    ----------
    name
        File name such as `20170915_020728_103d_3B_AnalyticMS.tif`, `2017-07-19_1004.tif` (whose
        1004 is a satellite, not an hour), `20220307034030.tif`, `m_4709963_se_14_1_20180716.tif`,
        `HLS.L30.T47RNH.2022010T035513.v2.0.tif` or `global_monthly_2022_01_mosaic.tif`.
    tag
        Value of TIFFTAG_DATETIME, `YYYY:MM:DD HH:MM:SS`.
    """
    tagged = _parse(tag or "", "%Y:%m:%d %H:%M:%S")
    if exact := next(_exact(name), None):
        return Acquired(exact)
    if day := next(_days(name), None):
        same = tagged and tagged.date() == day.date()
        return Acquired(tagged if tagged and same else day.replace(hour=12))
    return _months(name) or (Acquired(tagged) if tagged else None)


def acquisition_time(name: str, tag: str | None) -> datetime | None:
    """Find the acquisition time of a scene, in UTC, as `acquired_by_name`; None if unknown."""
    found = acquired_by_name(name, tag)
    return None if found is None else found.time


def _exact(name: str) -> Iterator[datetime]:
    """Find times in a name, the first first."""
    found = [
        *((m.start(), m[1], "%Y%m%d%H%M%S"[: 12 if len(m[1]) == 14 else 10])
          for m in _COMPACT.finditer(name)),
        *((m.start(), m[1] + m[2], "%Y%j%H%M%S") for m in _ORDINAL.finditer(name)),
        *((m.start(), _digits(m["date"]) + _digits(m["time"] or m["hours"]), "%Y%m%d%H%M%S")
          for m in _NAMED.finditer(name) if m["time"] or m["hours"]),
    ]  # fmt: skip
    first_day = next((m.start() for m in _NAMED.finditer(name) if _day(m) is not None), len(name))
    for start, digits, pattern in sorted(found):
        # A day that is named before counts more: the second date of Landsat is of processing.
        if start <= first_day and (time := _parse(digits, pattern)):
            yield time


def _days(name: str) -> Iterator[datetime]:
    return filter(None, map(_day, _NAMED.finditer(name)))


def _day(match: re.Match[str]) -> datetime | None:
    return _parse(_digits(match["date"]), "%Y%m%d")


def _months(name: str) -> Acquired | None:
    """Find the month, the quarter, or the first and last month of a basemap in its name."""
    months = [(int(year), int(month)) for year, month in _MONTH.findall(name)[:2]]
    for year, quarter in _QUARTER.findall(name)[:1]:
        months = [(int(year), 3 * int(quarter) - 2), (int(year), 3 * int(quarter))]
    if not months or months[-1] < months[0]:
        return None
    start = datetime(*months[0], 1, tzinfo=UTC)
    year, month = months[-1]
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    middle = (start + (end - start) / 2).date()
    said = " to ".join(dict.fromkeys(f"{year}-{month:02d}" for year, month in months))
    return Acquired(
        datetime(middle.year, middle.month, middle.day, tzinfo=UTC) + timedelta(hours=12), said
    )


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _parse(text: str, pattern: str) -> datetime | None:
    try:
        return datetime.strptime(text, pattern).replace(tzinfo=UTC)
    except ValueError:
        return None
