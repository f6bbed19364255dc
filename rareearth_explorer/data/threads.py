"""Spread work over the cores of this machine."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    work: Callable[[T], R], items: Iterable[T], threads: int, name: str = "working"
) -> Iterator[tuple[T, R]]:
    """Work on items in threads, and yield each item and its result in the order of the items.

    At most two items for each thread are in progress, so that memory does not grow with their
    number. If the caller stops, the remaining items are not started.

    Parameters
    ----------
    work
        Function called with each item, in another thread.
    items
        Items, read only as needed.
    threads
        Number of threads, above 0.
    name
        Name of the threads.
    """
    waiting = iter(items)
    running: deque[tuple[T, Future[R]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix=name) as pool:

        def begin(count: int) -> None:
            running.extend((item, pool.submit(work, item)) for item in islice(waiting, count))

        try:
            begin(2 * threads)
            while running:
                item, future = running.popleft()
                yield item, future.result()
                begin(1)
        finally:
            for _, future in running:
                future.cancel()
