"""What a long hunt costs, on a synthetic table of the paper's size: 28,757 patches of 768 numbers.

Memory is the resident set of the process (psutil), journal included. The time of a verb is that of
the call, writing the journal included; where a line says so, also of reading scores and ranking
after each verb, as panels do. Random embeddings, so nothing here is about mines.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import psutil

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.hunt import Session, Workspace

PATCHES, LENGTH = 28_757, 768
VERDICTS = 10_000
STEPS = 10_000
SOME = 500
"""Verbs at either end whose medians are compared."""

MB = 1e6


def make_table() -> PatchTable:
    """Make the table, the same each time."""
    rng = np.random.default_rng(0)
    embeddings = rng.random((PATCHES, LENGTH), np.float32)
    rows, columns = np.divmod(np.arange(PATCHES), 200)
    west, south = 98 + 0.0025 * columns, 26 + 0.0025 * rows
    corners = np.stack([west, south, west + 0.0025, south, west + 0.0025, south + 0.0025], -1)
    corners = np.concatenate([corners, np.stack([west, south + 0.0025], -1)], -1)
    return PatchTable.from_arrays(embeddings, corners.reshape(-1, 4, 2))


def resident() -> float:
    """Bytes of memory that the process holds."""
    gc.collect()
    return float(psutil.Process(os.getpid()).memory_info().rss)


def told(what: str, value: float, unit: str, goal: float, of: str = "") -> None:
    """Print a line: a measured value, its goal, and whether it is kept."""
    kept = "kept" if value <= goal else "MISSED"
    print(f"{what:<66} {value:8.2f} {unit:<2}  goal: {goal:g} {unit}  {kept}{of}", flush=True)


def panels(session: Session) -> None:
    """Read what panels read after each verb."""
    assert len(session.scores) == len(session.ranking)


def judging(table: PatchTable, mark: bool, reads: bool) -> None:
    """Judge one patch after the other, and print what that costs."""
    workspace = Workspace(table, name=f"verdicts {mark} {reads}")
    session = workspace.session
    session.mark([PATCHES - 1, PATCHES - 2], "positive")
    session.mark(PATCHES - 3, "negative")
    panels(session)
    before, times = resident(), []
    for patch in range(VERDICTS):
        verdict = "rejected" if patch % 3 else "confirmed"
        began = time.perf_counter()
        session.judge(patch, verdict, mark=mark)
        if reads:
            panels(session)
        times.append(time.perf_counter() - began)
    grown = (resident() - before) / MB
    first, last = statistics.median(times[:SOME]), statistics.median(times[-SOME:])
    what = f"judge{', mark=True' if mark else ''}{', scores and ranking read' if reads else ''}"
    told(f"{VERDICTS:,} x {what}: memory", grown, "MB", 40)
    of = f"  ({first * 1e3:.3f} -> {last * 1e3:.3f} ms)"
    told(f"{VERDICTS:,} x {what}: last {SOME} to first {SOME}", last / first, "x", 1.5, of)
    workspace.close()


def other_verbs(table: PatchTable) -> None:
    """Do every other verb in a session that grows, and print by how much the slowest slows."""
    workspace = Workspace(table, name="verbs")
    session = workspace.session
    session.mark([PATCHES - 1, PATCHES - 2], "positive")
    session.mark(PATCHES - 3, "negative")
    verbs: dict[str, Callable[[int], None]] = {
        "mark": lambda patch: session.mark(patch, "negative"),
        "note": lambda patch: session.note(patch, "look again"),
        "mute": lambda patch: session.mute(patch),
        "unmute": lambda patch: session.mute(patch, muted=False),
        "undo": lambda patch: session.undo(),
        "redo": lambda patch: session.redo(),
        "score_by": lambda patch: session.score_by(weight=(patch % 9 + 1) / 10),
        "unmark": lambda patch: session.unmark(patch) if patch % 2 else None,
        "judge": lambda patch: session.judge(patch, "skipped"),
    }
    times: dict[str, list[float]] = {name: [] for name in verbs}
    for patch in range(STEPS // len(verbs)):
        for name, verb in verbs.items():
            began = time.perf_counter()
            verb(patch)
            times[name].append(time.perf_counter() - began)
    for name, each in times.items():
        few = each[1::2] if name == "unmark" else each
        first, last = statistics.median(few[:200]), statistics.median(few[-200:])
        of = f"  ({first * 1e3:.3f} -> {last * 1e3:.3f} ms)"
        told(f"{STEPS:,} steps of 9 verbs: {name}, last to first", last / first, "x", 1.5, of)
    workspace.close()


def long_hunt(table: PatchTable) -> None:
    """Keep a session of every verb, and print how many bytes its refinements wrote."""
    workspace = Workspace(table, name="long")
    session, journal = workspace.session, workspace.path
    assert journal is not None
    session.mark([0, 1], "positive")
    session.mark(2, "negative")
    refines, following = [], iter(range(3, PATCHES))
    while workspace.steps < STEPS:
        before = journal.stat().st_size
        session.refine(float(np.median(session.scores[session.active])))
        refines.append(journal.stat().st_size - before)
        for patch in islice(following, 80):
            session.judge(patch, "rejected" if patch % 3 else "confirmed", mark=patch % 2 == 0)
        session.note(patch, "look again")
        session.mute(session.positives[-1])
        session.undo()
        session.redo()
        session.audit(20)
        session.score_by(weight=0.25 if session.decisions.scoring.weight == 1 else 1.0)
        session.back(0) if len(session.decisions.rounds) > 4 else session.undo()
        if len(session.decisions.branches) > 3:
            session.visit(1)
    told(f"refine at {PATCHES:,} patches: bytes written, most", max(refines) / 1e3, "kB", 5)
    workspace.close()


def reopening() -> None:
    """Open a new session and the long one, in a process of their own, and print both costs."""
    table = make_table()
    assert table.identity
    workspace = Workspace(table, name="new")
    workspace.session.mark([0, 1], "positive")
    workspace.session.mark(2, "negative")
    panels(workspace.session)
    before, began = resident(), time.perf_counter()
    workspace.open("long")
    panels(workspace.session)
    seconds = time.perf_counter() - began
    told(f"reopening {workspace.steps:,} steps", seconds, "s", 5)
    told("reopening: memory beyond a new session", (resident() - before) / MB, "MB", 100)
    workspace.close()


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CACHE_HOME"] = folder
        table = make_table()
        for mark in (False, True):
            for reads in (False, True):
                judging(table, mark, reads)
        other_verbs(table)
        long_hunt(table)
        subprocess.run([sys.executable, str(Path(__file__)), "reopening"], check=True)


if __name__ == "__main__":
    reopening() if sys.argv[1:] == ["reopening"] else main()
