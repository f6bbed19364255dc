"""Commands killed as by kill -9, or without room on the disk: a file is the old one or the new one.

The moments are seeded: before the n-th change of a file or a folder, and after a share of the time
that the command takes.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
from forked_commands import Forks, Outcome

from rareearth_explorer.data.table import add_projection, open_table
from rareearth_explorer.embedding import embed
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal

pytestmark = pytest.mark.slow

SEED = 12
CHANGES, MOMENTS, SIZES = 12, 2, 4
"""Kills before a change, kills after a while, and full disks, for each command."""

LEFT = re.compile(r"^\..+\.part$")
"""Hidden folders that a killed run may leave; see `replacing`."""

SIDE, ROWS, COLUMNS = 84, 6, 2


@dataclass(frozen=True)
class Work:
    """A command and the files that it writes.

    Attributes
    ----------
    arguments
        Of the command line, in the folder of the inputs.
    outputs
        Names of the files that it writes, there.
    unlike
        How the content of a file is compared, where each writing differs, by its suffix.
    """

    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    unlike: dict[str, Callable[[Path], Any]] = field(default_factory=dict)


def page(path: Path) -> str:
    """Read a report without the time of writing, and the numbers that matplotlib draws anew."""
    text = path.read_text("utf-8")
    assert text.rstrip().endswith("</html>")
    return re.sub(r"<svg.*?</svg>|Written .*? UTC", "", text, flags=re.S)


def layer(path: Path) -> str:
    """Read a GeoPackage, which holds the time of writing."""
    return pyogrio.read_dataframe(path).to_json()


def exported(suffix: str) -> Work:
    name = f"out{suffix}"
    arguments = ("export", "s.jsonl", "--table", "session.parquet", "-o", name)
    return Work(arguments, (name,), {".html": page, ".gpkg": layer})


WORKS = {
    "embed": Work(("embed", "b.tif", "-o", "t.parquet", "--no-projection"), ("t.parquet",)),
    "import": Work(("import", "foreign.parquet", "-o", "t.parquet"), ("t.parquet",)),
    "project": Work(("project", "t.parquet"), ("t.parquet",)),
    "activity": Work(
        (
            *("activity", "20220101.tif", "20220108.tif", "-o", "act.tif"),
            *("--pools", "pools.csv", "--table", "t.parquet"),
        ),
        ("act.tif", "act_pools.geojson", "act_pools.csv", "t.parquet"),
    ),
    "cache": Work(("info", "t.parquet"), ()),
    **{f"export {suffix}": exported(suffix) for suffix in (".csv", ".kml", ".gpkg", ".html")},
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the inputs of every command, and older outputs."""
    import rasterio
    from planet_grid import THREE_METRES, UTM_47N

    folder = tmp_path_factory.mktemp("inputs")
    rng = np.random.default_rng(SEED)
    for name in ("a", "b", "20220101", "20220108"):
        pixels = rng.integers(200, 4000, (4, ROWS * SIDE, COLUMNS * SIDE), dtype=np.uint16)
        with rasterio.open(
            folder / f"{name}.tif", "w", driver="GTiff", count=4, dtype="uint16", crs=UTM_47N,
            width=COLUMNS * SIDE, height=ROWS * SIDE, transform=THREE_METRES,
        ) as dataset:  # fmt: skip
            dataset.write(pixels)
            dataset.descriptions = ("blue", "green", "red", "nir")
    embed(folder / "a.tif", folder / "t.parquet", projection=False, progress=False)
    shutil.copy(folder / "t.parquet", folder / "session.parquet")
    table = open_table(folder / "t.parquet")
    lon, lat = table.centroids[0]
    (folder / "pools.csv").write_text(f"lon,lat\n{lon},{lat}\n")
    session, journal = Session(table), Journal(folder / "s.jsonl")
    journal.attach(session)
    session.mark(0, "positive")
    session.mark(5, "negative")
    session.note(0, "a pool")
    journal.close()
    foreign = folder / "foreign.parquet"
    embed(folder / "b.tif", foreign, projection=False, progress=False)
    add_projection(foreign, rng.random((ROWS * COLUMNS, 2), np.float32), {})
    pq.write_table(pq.read_table(foreign).append_column("x", pa.array(range(12))), foreign)
    for name in ("act.tif", "act_pools.geojson", "act_pools.csv", "out.csv", "out.kml"):
        (folder / name).write_text("the old file")
    for lock in folder.glob("*.lock"):
        lock.unlink()
    return folder


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with Forks(tmp_path_factory.mktemp("forks"), "quick_projection") as forks:
        yield forks


@dataclass(frozen=True)
class Trial:
    """A folder of its own in which a command runs, with a cache of its own."""

    work: Work
    folder: Path
    forks: Forks

    @classmethod
    def of(cls, work: Work, inputs: Path, place: Path, forks: Forks) -> Trial:
        shutil.copytree(inputs, place / "here")
        return cls(work, place / "here", forks)

    def run(self, **how: Any) -> Outcome:
        home = self.folder.parent / "home"
        return self.forks.run(self.work.arguments, self.folder, home=home, **how)

    def state(self) -> dict[str, Any]:
        """Return what each output, and each entry of the cache, holds."""
        cache = self.folder.parent / "home" / "cache"
        files = [self.folder / name for name in self.work.outputs]
        files += [f for f in cache.rglob("*") if f.is_file() and not hidden(f.relative_to(cache))]
        return {
            path.name: self.work.unlike.get(path.suffix, Path.read_bytes)(path)
            for path in files
            if path.exists()
        }

    def others(self) -> set[str]:
        """Return the names in the folder that are neither hidden nor outputs."""
        names = {path.name for path in self.folder.iterdir() if not LEFT.match(path.name)}
        return names - set(self.work.outputs)


def hidden(path: Path) -> bool:
    return any(LEFT.match(part) for part in path.parts)


@pytest.fixture(params=WORKS)
def trials(request, inputs, forks, tmp_path) -> tuple[str, Callable[[], Trial]]:
    """Make folders in which one command runs."""
    made = []

    def make() -> Trial:
        place = tmp_path / str(len(made))
        made.append(Trial.of(WORKS[request.param], inputs, place, forks))
        return made[-1]

    return request.param, make


killed: Counter[str] = Counter()
full: Counter[str] = Counter()


def test_a_killed_command_leaves_the_old_file_or_the_new_one(trials):
    name, make = trials
    trial = make()
    before, names = trial.state(), trial.others()
    whole = trial.run()
    assert whole.status == 0, whole.err
    after = trial.state()
    assert after != before
    assert trial.others() == names
    rng = random.Random(f"{SEED} {name}")
    changes = rng.sample(range(whole.changes), min(CHANGES, whole.changes))
    how = [{"kill_at": change} for change in changes]
    how += [{"kill_after": rng.uniform(0.05, 1) * whole.seconds} for _ in range(MOMENTS)]
    for moment in how:
        trial = make()
        outcome = trial.run(**moment)
        killed[name] += outcome.status == -9
        assert outcome.status in ((-9,) if "kill_at" in moment else (-9, 0)), outcome.err
        for file, content in trial.state().items():
            assert content in (before.get(file), after.get(file, content)), (moment, file)
        assert trial.others() - names <= {"t.parquet.blocks"}
        again = trial.run()
        assert again.status == 0, again.err
        # The cache may also hold what belongs to an older table.
        assert after.items() <= trial.state().items(), moment
        assert trial.others() == names


def test_a_full_disk_is_said_and_leaves_the_old_file(trials):
    name, make = trials
    trial = make()
    before, names = trial.state(), trial.others()
    assert trial.run().status == 0
    after = trial.state()
    written = [*trial.folder.iterdir(), *(trial.folder.parent / "home").rglob("*.npy")]
    largest = max(f.stat().st_size for f in written if f.name in after)
    rng = random.Random(f"{SEED} {name} full")
    for room in [0, *(rng.randrange(largest) for _ in range(SIZES))]:
        trial = make()
        outcome = trial.run(limit={"RLIMIT_FSIZE": room})
        full[name] += outcome.status == 2
        assert outcome.status in (0, 2), outcome.err
        assert "Traceback" not in outcome.err
        if outcome.status == 2:
            said = outcome.err.rstrip().splitlines()[-1]  # libtiff prints before it
            assert re.search(r"written there \(.+\); .*free some space.*\.$", said), said
        for file, content in trial.state().items():
            assert content in (before.get(file), after[file]), (room, file)
        assert trial.others() - names <= {"t.parquet.blocks"}
        assert [f.name for f in trial.folder.iterdir() if LEFT.match(f.name)] == []


READ_ONLY = [name for name in WORKS if name not in ("cache", "project")]


@pytest.mark.parametrize("name", READ_ONLY)
def test_a_folder_that_cannot_be_written_is_said(inputs, forks, name):
    work, out = WORKS[name], next(iter(WORKS[name].outputs))
    place = Path("/proc/self/task") / out  # not even an administrator writes there
    if not place.parent.exists():
        pytest.skip("this system has no /proc")
    arguments = [str(place) if each == out else each for each in work.arguments]
    outcome = forks.run(arguments, inputs)
    assert outcome.status == 2, outcome.err
    assert outcome.err.startswith(str(place)), outcome.err
    assert outcome.err.count("\n") == 1, outcome.err


def test_there_were_enough_kills(capsys):
    """Print the counts of the tests above, which run before it."""
    with capsys.disabled():
        sys.stdout.write(f"\nkills: {killed.total()} ({dict(killed)})\n")
        sys.stdout.write(f"full disks: {full.total()} ({dict(full)})\n")
    if set(killed) == set(WORKS):  # not if only some of them were chosen
        assert killed.total() >= 100
