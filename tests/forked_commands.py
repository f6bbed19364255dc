"""Runs commands in forks of one process that has imported everything, each within limits.

A fork starts in milliseconds, may be killed at a chosen moment, and takes a crash of a C library
with it alone. `python forked_commands.py` is that process: it reads orders and writes outcomes,
one JSON object per line; `Forks` starts it.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

SECONDS, MEGABYTES = 20, 2048
"""Limits of a command: processor time, and memory in use at its largest."""

PATIENCE = 300
"""Seconds after which a command that does nothing is killed."""

PRELOADED = (
    *("numpy", "pyarrow.parquet", "pyarrow.csv", "rasterio", "rasterio.shutil", "shapely"),
    *("geopandas", "pyogrio", "pyproj", "scipy.spatial", "matplotlib.figure", "tqdm", "PIL.Image"),
    *("rareearth_explorer.cli", "rareearth_explorer.exporting", "rareearth_explorer.embedding"),
    *("rareearth_explorer.change.activity_run", "rareearth_explorer.hunt.store.merge"),
    *("rareearth_explorer.study.evaluation_report", "rareearth_explorer.hunt.store.journal"),
)

CHANGES = frozenset(
    ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.link")
)
"""What Python reports before it changes a folder; writing opens of files are counted too."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended: exit status, or minus the signal; what it printed; what it cost."""

    status: int
    out: str
    err: str
    seconds: float
    megabytes: float
    changes: int


class Forks:
    """A process that runs commands in forks of itself."""

    def __init__(self, folder: Path, *modules: str) -> None:
        environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "data"),
            "OMP_NUM_THREADS": "1",
        }
        self._server = subprocess.Popen(
            [sys.executable, __file__, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate(timeout=PATIENCE)

    def run(
        self,
        arguments: Sequence[str | Path],
        folder: Path,
        *,
        home: Path | None = None,
        kill_at: int | None = None,
        kill_after: float | None = None,
        limit: Mapping[str, int] | None = None,
    ) -> Outcome:
        """Run the command `rareearth-explorer` with these arguments in a folder.

        Parameters
        ----------
        arguments
            As of the command line.
        folder
            Where it runs, and where what it prints is kept.
        home
            Folder of its cache and data; None uses that of the process.
        kill_at
            The change of a folder or a file, from 0, before which it is killed as by kill -9.
        kill_after
            Seconds after which it is killed.
        limit
            Names of `resource.RLIMIT_...` and their values.
        """
        order = {
            "arguments": list(map(str, arguments)),
            "folder": str(folder),
            "home": None if home is None else str(home),
            "kill_at": kill_at,
            "kill_after": kill_after,
            "limit": dict(limit or {}),
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        return Outcome(**json.loads(self._server.stdout.readline()))


def main(modules: Sequence[str]) -> None:
    """Obey orders until there are no more."""
    for name in (*PRELOADED, *modules):
        importlib.import_module(name)
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(_obey(json.loads(line)))}\n")
        sys.stdout.flush()


def _obey(order: dict[str, Any]) -> dict[str, Any]:
    # Pipes, because a limit on the size of files holds for what is printed into a file, too.
    pipes = [os.pipe() for _ in ("out", "err", "changes")]
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _be_command(order, *(write for _, write in pipes))
    for _, write in pipes:
        os.close(write)
    status, usage = _await(child, began + (order["kill_after"] or PATIENCE))
    out, err, changes = (_rest_of(read) for read, _ in pipes)
    return {
        "out": out,
        "err": err,
        "status": os.waitstatus_to_exitcode(status),
        "seconds": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss / 1024,
        "changes": int(changes or 0),
    }


def _rest_of(pipe: int) -> str:
    """Read what a fork that has ended wrote; it fits into a pipe, which holds 64 kB."""
    with open(pipe, "rb") as file:
        return file.read().decode("utf-8", "replace")


def _await(child: int, deadline: float) -> tuple[int, Any]:
    """Wait for a fork, or kill it at the deadline."""
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, max(1e-4, deadline - time.monotonic()))
    _, status, usage = os.wait4(child, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return status, usage


def _be_command(order: dict[str, Any], out: int, err: int, changes: int) -> None:
    """Run the command in this fork, and end."""
    status = 70
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for name, value in order["limit"].items():
            resource.setrlimit(getattr(resource, name), (value, value))
        if order["home"]:
            os.environ["XDG_CACHE_HOME"] = f"{order['home']}/cache"
            os.environ["XDG_DATA_HOME"] = f"{order['home']}/data"
        os.chdir(order["folder"])
        count = _watched(order["kill_at"])
        from rareearth_explorer.cli import main as command

        status = command(order["arguments"])
        os.write(changes, str(count()).encode())
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    except BaseException:  # noqa: BLE001  it is the outcome
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _watched(kill_at: int | None) -> Callable[[], int]:
    """Count the changes of files and folders, and end before one of them; return the counter."""
    seen = 0

    def watch(event: str, given: tuple[Any, ...]) -> None:
        nonlocal seen
        if event not in CHANGES and not (event == "open" and _writes(given)):
            return
        if seen == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    sys.addaudithook(watch)
    return lambda: seen


def _writes(given: tuple[Any, ...]) -> bool:
    path, mode, flags = given
    if isinstance(path, int) or str(path).startswith("/dev/"):
        return False
    return bool(set(mode or "") & set("wax+")) or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))


if __name__ == "__main__":
    main(sys.argv[1:])
