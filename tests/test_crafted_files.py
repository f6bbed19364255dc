"""Files that are crafted or damaged: each ends in a sentence or a result, and leaves nothing.

Every input goes through a command in a process of its own, within the limits of
`forked_commands`: a crash of a library, a hang and a full memory fail these tests as a traceback
does. The inputs are made here, from a seed.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from crafted_bytes import ODD_FILES, ODD_JSON, damaged
from crafted_labels import labels
from crafted_sessions import sessions
from crafted_tables import tables
from forked_commands import MEGABYTES, SECONDS, Forks, Outcome

from rareearth_explorer.data.table import open_table
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.hunt.store.table_identity import header_of

pytestmark = pytest.mark.slow

SEED = 12

counted: Counter[str] = Counter()
"""Number of inputs by their kind and how they ended."""


def fault_of(outcome: Outcome, new: set[str], expected: set[str]) -> str:
    """Say what is wrong with how a command ended; empty if nothing is.

    Parameters
    ----------
    outcome
        How it ended.
    new
        Names of the files that it left.
    expected
        Names of those that it may leave if it succeeds.
    """
    lines = [line for line in outcome.err.splitlines() if line]
    if outcome.status not in (0, 2):
        return f"ended with {outcome.status}: {' / '.join(lines[-2:])}"
    if outcome.status == 2 and not (lines and lines[-1].endswith(".") and len(lines[-1]) < 2000):
        return f"no sentence: {outcome.err[-300:]!r}"
    if "Traceback" in outcome.err or "Warning:" in outcome.err:
        return f"not for users: {outcome.err[-300:]!r}"
    if outcome.seconds > SECONDS or outcome.megabytes > MEGABYTES:
        return f"took {outcome.seconds:.0f} s and {outcome.megabytes:.0f} MB"
    if left := new - (expected if outcome.status == 0 else set()):
        return f"left {sorted(left)}"
    return ""


class Place:
    """A folder in which commands read crafted files, and what went wrong there."""

    def __init__(self, folder: Path, forks: Forks, kind: str) -> None:
        self.folder, self.kind, self.faults = folder, kind, list[str]()
        self._forks = forks

    def run(self, name: str, arguments: list[str], expected: set[str] = frozenset()) -> Outcome:  # type: ignore[assignment]
        """Run a command; what it leaves is judged, counted and removed."""
        home = self.folder.parent / f"{self.folder.name}-home"
        before = {path.name for path in self.folder.iterdir()}
        outcome = self._forks.run(arguments, self.folder, home=home)
        new = {path.name for path in self.folder.iterdir()} - before
        if fault := fault_of(outcome, new, expected):
            self.faults.append(f"{name} ({' '.join(arguments)[:80]}): {fault}")
        else:
            counted[f"{self.kind}: {'a sentence' if outcome.status else 'a result'}"] += 1
        for path in (self.folder / each for each in new):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return outcome


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with Forks(tmp_path_factory.mktemp("forks"), "quick_projection") as forks:
        yield forks


def test_sessions(stored_table, tmp_path, forks):
    """Sessions are imported, exported, merged and listed."""
    rng = random.Random(SEED)
    folder = tmp_path / "here"
    folder.mkdir()
    shutil.copy(stored_table.path, folder / "t.parquet")
    mine, journal = Session(stored_table), Journal(folder / "mine.jsonl")
    journal.attach(mine)
    mine.note(4, "mine")
    journal.close()
    (folder / "mine.lock").unlink(missing_ok=True)
    table = ["--table", "t.parquet"]
    place = Place(folder, forks, "session")
    header = header_of(stored_table, "theirs")
    for number, (name, content) in enumerate(sessions(header, rng)):
        (folder / "s.jsonl").write_bytes(content)
        uses = [
            (["sessions", "import", "s.jsonl", *table], set()),
            (["export", "s.jsonl", *table, "-o", "o.html"], {"o.html"}),
            (["sessions", "merge", "mine.jsonl", "s.jsonl", "-o", "o.jsonl", *table], {"o.jsonl"}),
            (["export", "s.jsonl", "-o", "o.csv"], {"o.csv"}),
            (["sessions", "export", "s.jsonl", "-o", "o.jsonl"], {"o.jsonl"}),
            (["sessions", "merge", "s.jsonl", "mine.jsonl", "-o", "o.jsonl"], {"o.jsonl"}),
        ]
        place.run(name, ["sessions", "import", "s.jsonl", *table])
        place.run(name, *uses[1 + number % 5])
    place.run("what was imported", ["sessions"])
    assert place.faults == []


def blocks_of(folder: Path, forks: Forks) -> tuple[list[str], Path]:
    """Leave a stopped run of `embed` in a folder: the command, and a copy of its blocks."""
    command = ["embed", "scene.tif", "-o", "t.parquet", "--no-projection"]
    whole = forks.run(command, folder)
    assert whole.status == 0, whole.err
    shutil.copy(folder / "t.parquet", folder.parent / "whole.parquet")
    for kill_at in range(whole.changes - 1, 0, -1):
        (folder / "t.parquet").unlink(missing_ok=True)
        forks.run(command, folder, kill_at=kill_at)
        blocks = folder / "t.parquet.blocks"
        if not (folder / "t.parquet").exists() and len([*blocks.glob("*.npz")]) == 3:
            break
    kept = folder.parent / "blocks"
    shutil.copytree(blocks, kept, ignore=shutil.ignore_patterns(".*"))
    shutil.rmtree(blocks)
    return command, kept


def crafted_blocks(block: Path, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of files that are no such block."""
    import io

    whole = dict(np.load(block))

    def stored(*, compressed: bool = False, **other: object) -> bytes:
        file = io.BytesIO()
        arrays = {name: value for name, value in {**whole, **other}.items() if value is not None}
        (np.savez_compressed if compressed else np.savez)(file, **arrays)
        return file.getvalue()

    row, embeddings = whole["row"], whole["embeddings"]
    others: list[dict[str, object]] = [
        {"row": row + 1}, {"row": row[:-1]}, {"row": row.astype(np.int64)}, {"row": row[:, None]},
        {"column": whole["column"][::-1]}, {"column": whole["column"] + 1000}, {"column": None},
        {"embeddings": embeddings[:, :-1]}, {"embeddings": np.full_like(embeddings, np.nan)},
        {"embeddings": np.array([None])}, {"embeddings": embeddings.astype(np.float64)},
        {"left_out": -1}, {"left_out": 1.5}, {"left_out": "x"}, {"left_out": np.zeros(2, int)},
        {"embeddings": np.zeros((2, 10**6), np.float32), "compressed": True},
        {"more": np.zeros(3)},
    ]  # fmt: skip
    yield from ((f"other {[*other]}", stored(**other)) for other in others)  # type: ignore[arg-type]
    yield from ODD_FILES.items()
    yield from damaged(block.read_bytes(), rng, 20)


def test_blocks_and_plans_of_a_stopped_run(make_geotiff, tmp_path, forks):
    """A damaged block is made again, to the bit; a damaged plan is said."""
    rng = random.Random(SEED)
    folder = tmp_path / "here"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(200, 4000, (4, 4 * 84, 2 * 84), dtype=np.uint16)
    make_geotiff(pixels, "here/scene.tif", descriptions=("blue", "green", "red", "nir"))
    command, kept = blocks_of(folder, forks)
    whole = (tmp_path / "whole.parquet").read_bytes()
    place, blocks = Place(folder, forks, "block"), folder / "t.parquet.blocks"
    block = sorted(kept.glob("*.npz"))[0].name
    for name, content in crafted_blocks(kept / block, rng):
        shutil.copytree(kept, blocks)
        (blocks / block).write_bytes(content)
        outcome = place.run(name, command, {"t.parquet"})
        if outcome.status or blocks.exists():
            place.faults.append(f"{name}: not made again: {outcome.err}")
    assert place.faults == []
    shutil.copytree(kept, blocks)
    (blocks / block).write_bytes(b"")
    assert forks.run(command, folder).status == 0
    assert (folder / "t.parquet").read_bytes() == whole
    (folder / "t.parquet").unlink()
    place.kind = "plan"
    plan = (kept / "plan.json").read_bytes()
    plans = [*ODD_FILES.items(), *((odd[:20], odd.encode()) for odd in ODD_JSON)]
    for name, content in [*plans, *damaged(plan, rng, 10)]:
        shutil.copytree(kept, blocks)
        (blocks / "plan.json").write_bytes(content)
        outcome = place.run(name, command, {"t.parquet"})
        if content != plan and outcome.status != 2 and json.loads(content) != json.loads(plan):
            place.faults.append(f"{name}: taken for a plan")
        shutil.rmtree(blocks, ignore_errors=True)
    assert place.faults == []


HEADER = 128
"""Bytes before the numbers of a `.npy` file."""


def test_caches(stored_table, tmp_path, forks):
    """What is damaged in the cache is made again: the same candidates come out."""
    rng = random.Random(SEED)
    folder = tmp_path / "here"
    folder.mkdir()
    shutil.copy(stored_table.path, folder / "t.parquet")
    session, journal = Session(open_table(folder / "t.parquet")), Journal(folder / "s.jsonl")
    journal.attach(session)
    session.mark([0, 2], "positive")
    session.mark(1, "negative")
    journal.close()
    (folder / "s.lock").unlink(missing_ok=True)
    command = ["export", "s.jsonl", "--table", "t.parquet", "-o", "o.csv"]
    home = tmp_path / "here-home"
    assert forks.run(command, folder, home=home).status == 0
    whole = (folder / "o.csv").read_bytes()
    (array,), (text,) = home.rglob("*.npy"), home.rglob("*.txt")
    place = Place(folder, forks, "cache")
    for path, count in ((array, 30), (text, 10)):
        content = path.read_bytes()
        for name, odd in [*ODD_FILES.items(), *damaged(content, rng, count)]:
            (folder / "o.csv").unlink()
            path.write_bytes(odd)
            outcome = forks.run(command, folder, home=home)
            assert outcome.status == 0, (path.name, name, outcome.err)
            assert (folder / "o.csv").read_bytes() == whole, name
            # Spaces of the header, and bytes behind the digest, may stay as they are; and this
            # command needs no identity.
            assert path.read_bytes()[HEADER:].startswith(content[HEADER:]) or path == text, name
            counted["cache: a result"] += 1
            path.write_bytes(content)
    assert place.faults == []


def test_weights(tmp_path):
    """Weights files are converted, or refused."""
    torch = pytest.importorskip("torch")
    from test_clay_weights import FIXTURE, TINY, ClayEncoder, write_weights

    rng = random.Random(SEED)
    folder = tmp_path / "here"
    folder.mkdir()
    checkpoint = FIXTURE / "clay_v1_tiny.ckpt"
    torch.save(torch.load(checkpoint, weights_only=True), folder / "stored.ckpt")
    tiny = ClayEncoder.from_checkpoint(checkpoint, TINY)
    write_weights(tiny.state_dict(), folder / "tiny.safetensors")
    wholes = [p.read_bytes() for p in (checkpoint, *sorted(folder.iterdir()))]
    modules = ("torch", "safetensors.torch", "rareearth_explorer.embedding.encoders.clay")
    with Forks(tmp_path / "forks", *modules) as forks:
        place = Place(folder, forks, "weights")
        inputs = [*ODD_FILES.items()]
        for whole in wholes:
            inputs += damaged(whole, rng, 15)
        for name, content in inputs:
            (folder / "w.ckpt").write_bytes(content)
            command = ["weights", "convert", "w.ckpt", "o.safetensors"]
            place.run(name, command, {"o.safetensors"})
    assert place.faults == []


def test_tables(stored_table, tmp_path, forks):
    """Tables are described, or imported."""
    rng = random.Random(SEED)
    folder = tmp_path / "here"
    folder.mkdir()
    place = Place(folder, forks, "table")
    for number, (name, content) in enumerate(tables(stored_table.path.read_bytes(), rng)):
        (folder / "x.parquet").write_bytes(content)
        uses = ["info", "x.parquet"], ["import", "x.parquet", "-o", "o.parquet"]
        place.run(name, uses[number % 2], {"o.parquet"})
    assert place.faults == []


def test_labels(stored_table, tmp_path, forks):
    """Labels are described, or a ranking is measured against them."""
    rng = random.Random(SEED)
    folder = tmp_path / "here"
    folder.mkdir()
    shutil.copy(stored_table.path, folder / "t.parquet")
    footprints = stored_table.footprints
    frame = gpd.GeoDataFrame(geometry=[footprints[0].centroid, footprints[1]], crs=4326)
    place = Place(folder, forks, "labels")
    for number, (name, content) in enumerate(labels(frame, tmp_path, rng)):
        path = folder / name
        path.write_bytes(content)
        uses = ["info", name], ["evaluate", "t.parquet", "--labels", name]
        place.run(name, uses[number % 2])
        path.unlink()
    assert place.faults == []


def test_there_were_enough_inputs(capsys):
    """Print how the inputs of the tests above ended, which run before it."""
    with capsys.disabled():
        sys.stdout.write(f"\ncrafted inputs: {counted.total()}\n")
        sys.stdout.writelines(f"  {kind}: {count}\n" for kind, count in sorted(counted.items()))
    kinds = {kind.partition(":")[0] for kind in counted}
    if kinds >= {"session", "block", "plan", "cache", "table", "labels"}:  # not if some were chosen
        assert counted.total() >= 300
