"""How long tests wait for what must happen, however slow the machine; none judges by the clock."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

PATIENCE = 300 * float(os.environ.get("RAREEARTH_TEST_PATIENCE", "1"))
"""Seconds before a test gives up waiting; a wait that is over ends at once."""

PAUSE = 0.02
"""Seconds between two looks."""


def eventually(holds: Callable[[], object], otherwise: str) -> None:
    """Wait until a condition holds.

    Parameters
    ----------
    holds
        The condition; looked at again and again.
    otherwise
        What is wrong if it never holds.
    """
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(PAUSE)


async def comes(holds: Callable[[], object], otherwise: str) -> None:
    """Wait, on the event loop, until a condition holds; as `eventually`."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, otherwise
        await asyncio.sleep(PAUSE)
