"""Ten visitors at once: memory for each, and the time of a click; small synthetic demo.

Before: Voila by itself, a whole process for each visitor. After: the command `explore`, whose
kernels share their imports and one process for projections. Memory is proportional (PSS): a page
that n processes share counts as 1/n page in each. Linux only.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rareearth_explorer.demo.prepare import prepare_demo
from rareearth_explorer.serving import free_port, notebook, serve

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "browser"))

VISITORS = 10
CLICKS = 8


async def measure(address: str, server: int) -> tuple[float, list[float]]:
    """Memory per visitor in MB after clicks of all, and the seconds of each click."""
    from processes import descendants
    from visitors import proportional, visiting

    async with visiting(address, VISITORS) as visitors:
        seconds: list[float] = []
        for number in range(CLICKS):
            clicks = [visitor.click(5 * number + k) for k, visitor in enumerate(visitors)]
            seconds += await asyncio.gather(*clicks)
        await settled(server)
        used = sum(map(proportional, descendants(server)))
    return used / VISITORS, seconds


async def settled(server: int) -> None:
    """Wait until the processes below the server do nothing."""
    from processes import descendants

    used = -1.0
    while (now := sum(sum(p.cpu_times()[:2]) for p in descendants(server))) - used > 0.05:
        used = now
        await asyncio.sleep(3)


@contextlib.contextmanager
def voila_alone(folder: Path, environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Serve the notebook by Voila without our configuration."""
    import os

    from processes import descendants
    from serving import serve as serve_plainly

    copy = folder / "explorer.ipynb"
    shutil.copy(notebook(), copy)
    with serve_plainly("voila", copy, environment, "/") as address:
        (server,) = (p for p in descendants(os.getpid()) if "voila" in p.cmdline())
        yield address, server.pid


@contextlib.contextmanager
def explore(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Serve the notebook as the command does."""
    with serve(free_port(), environment, preheat=1) as server:
        yield server.address, server.process.pid


def report(name: str, measured: tuple[float, list[float]], before: float) -> None:
    """Print a line of results."""
    used, seconds = measured
    p50, p95 = np.quantile(seconds, [0.5, 0.95]) * 1000
    print(
        f"{name:<24} {used:6.0f} MB a visitor {used / before:5.2f} x   "
        f"click p50 {p50:6.0f} ms  p95 {p95:6.0f} ms",
        flush=True,
    )


def main() -> None:
    """Measure both and print them."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        demo = prepare_demo(folder / "demo", patches=(12, 14), progress=False)
        given = {"TABLE": demo.table, "SCENE": demo.scene, "LABELS": demo.labels}
        environment = {f"RAREEARTH_EXPLORER_{k}": str(v) for k, v in given.items()}
        environment["XDG_DATA_HOME"] = str(folder)
        with voila_alone(folder, environment) as (address, server):
            before = asyncio.run(measure(address, server))
        report("before: Voila alone", before, before[0])
        with explore(environment) as (address, server):
            after = asyncio.run(measure(address, server))
        report("after: explore", after, before[0])


if __name__ == "__main__":
    main()
