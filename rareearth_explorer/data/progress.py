"""Progress of long runs, on a terminal or in a log."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm

LOG_PAUSE = 30.0
"""Seconds between two lines of progress if standard error is not a terminal."""


def progress_bar(title: str, unit: str, total: int, *, done: int = 0, shown: bool = True) -> Any:
    """Make a progress bar with rate and time left; in a log, print a line at intervals.

    Parameters
    ----------
    title, unit
        Name of the work, and unit of the count.
    total, done
        Total count, and count already done.
    shown
        Whether to show it at all.
    """
    pause = 0.0 if sys.stderr.isatty() else LOG_PAUSE
    return tqdm(
        desc=title,
        initial=done,
        total=total,
        unit=unit,
        delay=pause,
        mininterval=max(0.1, pause),
        maxinterval=max(10.0, pause),
        disable=not shown,
    )
