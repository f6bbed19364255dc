"""Programs that tests start: they end with the test, however it goes, and so do their children."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
from patience import PATIENCE


@contextlib.contextmanager
def running(command: Sequence[str | Path], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a program until the block is left; `options` are those of `subprocess.Popen`."""
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[Any]) -> None:
    """End a program and all that it started: ask first, then kill; its pipes are closed."""
    family = descendants(process.pid)
    process.terminate()  # does nothing to a program that has been waited for
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # what nobody reads any more
                pipe.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE / 10)
    process.kill()
    process.wait()
    for left in family:  # a program that ends in good order has ended these
        with contextlib.suppress(psutil.NoSuchProcess):
            left.kill()
    psutil.wait_procs(family, PATIENCE)


def descendants(pid: int) -> list[psutil.Process]:
    """Everything that a process started and that still runs."""
    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [process for process in below if alive(process)]


def children() -> set[psutil.Process]:
    """The processes that this one has started."""
    listed = [*Path("/proc/self/task").glob("*/children")]
    if not listed:  # not Linux; psutil looks at every process of the machine
        return set(psutil.Process().children())
    found = set()
    for thread in listed:
        with contextlib.suppress(OSError, psutil.NoSuchProcess):  # it has ended meanwhile
            found |= {psutil.Process(int(pid)) for pid in thread.read_text().split()}
    return found


def alive(process: psutil.Process) -> bool:
    """Whether a process runs; one that only waits to be waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
