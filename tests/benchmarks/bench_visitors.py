"""Ten visitors at once: memory for each, and the time of a click; small synthetic demo.

The visitors are WebSockets without browsers, so what ten browsers would take is not counted. They
all click at the same moment, first with pauses until nothing is left to do, then without pauses.

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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rareearth_explorer.demo.prepare import prepare_demo
from rareearth_explorer.serving import free_port, notebook, serve

if TYPE_CHECKING:
    from visitors import Visitor

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "browser"))

VISITORS = 10
CLICKS = 6


@dataclass
class Measured:
    """What ten visitors took.

    Attributes
    ----------
    memory
        MB for each visitor.
    apart
        Seconds of each click when all click at once, and nothing is left to do from before.
    hurried
        The same when all click again as soon as the last map has its new colours.
    kernels, server
        Seconds of processor time for each click of one visitor, with all that follows it.
    """

    memory: float
    apart: list[float]
    hurried: list[float]
    kernels: float
    server: float


async def measure(address: str, server: int) -> Measured:
    """Have ten visitors who click at once, first with pauses, then without."""
    from processes import descendants
    from visitors import proportional, visiting

    async with visiting(address, VISITORS) as visitors:
        await settled(server)
        before = processor(server)
        apart: list[float] = []
        for number in range(CLICKS):
            apart += await clicks(visitors, number)
            await settled(server)
        after = processor(server)
        hurried: list[float] = []
        for number in range(CLICKS, 2 * CLICKS):
            hurried += await clicks(visitors, number)
        await settled(server)
        used = sum(map(proportional, descendants(server)))
    kernels, own = ((a - b) / (CLICKS * VISITORS) for a, b in zip(after, before, strict=True))
    return Measured(used / VISITORS, apart, hurried, kernels, own)


async def clicks(visitors: Sequence[Visitor], number: int) -> list[float]:
    """Let all visitors click a patch at once; the seconds of each."""
    wanted = [visitor.click(5 * number + k) for k, visitor in enumerate(visitors)]
    return await asyncio.gather(*wanted)


def processor(server: int) -> tuple[float, float]:
    """Seconds of processor time that the processes below the server, and the server, have had."""
    import psutil
    from processes import descendants

    def spent(process: psutil.Process) -> float:
        return float(sum(process.cpu_times()[:2]))

    return sum(map(spent, descendants(server))), spent(psutil.Process(server))


async def settled(server: int) -> None:
    """Wait until the processes below the server do nothing."""
    used = -1.0
    while (now := processor(server)[0]) - used > 0.1:
        used = now
        await asyncio.sleep(2)


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


def report(name: str, measured: Measured, before: Measured) -> None:
    """Print the results of one server."""
    share = measured.memory / before.memory
    print(f"{name:<22} {measured.memory:6.0f} MB a visitor, {share:.2f} x", flush=True)
    for how, seconds in (("apart", measured.apart), ("hurried", measured.hurried)):
        p50, p95 = np.quantile(seconds, [0.5, 0.95]) * 1000
        print(f"  {len(seconds)} clicks, {how:<8} p50 {p50:6.0f} ms  p95 {p95:6.0f} ms", flush=True)
    print(
        f"  processor time of a click, with all that follows it: kernels "
        f"{1000 * measured.kernels:.0f} ms, server {1000 * measured.server:.0f} ms",
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
        report("before: Voila alone", before, before)
        with explore(environment) as (address, server):
            after = asyncio.run(measure(address, server))
        report("after: explore", after, before)


if __name__ == "__main__":
    main()
