"""One process for the projections of all visitors, so that each does not start one of 300 MB.

Kernels connect to it with `multiprocessing.connection` and send a function with its arguments;
the answer is the result, or the exception that was raised. Jobs run one after another. Whoever
can open the socket can run code as this user, so it lies in a folder that only this user opens.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from rareearth_explorer.score import projection

PROJECTIONS = "RAREEARTH_EXPLORER_PROJECTIONS"
"""Environment variable with the address of the process."""

_one_at_a_time = threading.Lock()
_warm = threading.Event()


@contextlib.contextmanager
def shared_process() -> Iterator[dict[str, str]]:
    """Run the process until the block is left.

    Yields the environment variable that tells kernels its address; nothing where there are no
    Unix sockets, as on Windows: there each kernel starts a process of its own.
    """
    if os.name != "posix":
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="rareearth-", ignore_cleanup_errors=True) as folder:
        address = str(Path(folder, "projections"))
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield {PROJECTIONS: address}
        finally:
            process.kill()
            process.wait()


def answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call a function; return its result, or the exception that it raised."""
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001 -- the kernel that asked reports it
        return RuntimeError(f"{type(error).__name__}: {error}")


def listen(address: str) -> None:
    """Serve every kernel that connects, until the process is killed or its parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with Listener(address, "AF_UNIX", backlog=64) as listener:
        while True:
            connection = listener.accept()
            threading.Thread(target=_serve, args=(connection,), daemon=True).start()


def _serve(connection: Connection[Any, Any]) -> None:
    """Run the jobs of one kernel; before its first job all that is slow to import is imported."""
    with connection, contextlib.suppress(EOFError, OSError):
        with _one_at_a_time:
            if not _warm.is_set():
                projection.warm_up()
                _warm.set()
        while True:
            function, arguments = connection.recv()
            with _one_at_a_time:
                if connection.poll():  # closed while others were served: the job was cancelled
                    continue
                result = answer(function, arguments)
            connection.send(result)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    listen(sys.argv[1])
