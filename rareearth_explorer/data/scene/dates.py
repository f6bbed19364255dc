"""Find the acquisition time of a scene in its metadata and its file name."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_NAMED = re.compile(
    r"(?<!\d)(?P<date>(?:19|20)\d\d(?P<dash>[-_]?)\d\d(?P=dash)\d\d)(?!\d)"
    r"(?:[_T](?P<time>\d{6})(?!\d))?"
)


def acquisition_time(name: str, tag: str | None) -> datetime | None:
    """Find the acquisition time of a scene, in UTC; None if unknown.

    A date in the file name takes precedence over the tag, which some programs set to the time of
    writing. If both give the same day, the tag adds the hour that the name may lack. A date
    without an hour means noon.

    Parameters
    ----------
    name
        File name such as `20170915_020728_103d_3B_AnalyticMS.tif`, `2017-07-19_1004.tif` (whose
        1004 is a satellite, not an hour) or `m_4709963_se_14_1_20180716.tif`.
    tag
        Value of TIFFTAG_DATETIME, `YYYY:MM:DD HH:MM:SS`.
    """
    tagged = _parse(tag or "", "%Y:%m:%d %H:%M:%S")
    for match in _NAMED.finditer(name):
        date = re.sub(r"\D", "", match["date"])
        day = _parse(date, "%Y%m%d")
        if day is None:
            continue
        if exact := _parse(f"{date}{match['time']}", "%Y%m%d%H%M%S"):
            return exact
        return tagged if tagged and tagged.date() == day.date() else day.replace(hour=12)
    return tagged


def _parse(text: str, pattern: str) -> datetime | None:
    try:
        return datetime.strptime(text, pattern).replace(tzinfo=UTC)
    except ValueError:
        return None
