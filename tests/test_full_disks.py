"""Commands without room on the disk, or in a folder that is read-only: a sentence, the old file.

The room is limited twice: by a limit of the size of files, anywhere, and by a small disk of its
own, in memory, where this system lets it be mounted.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked_commands import Forks, Outcome
from interrupted_commands import LEFT, SEED, WORKS, Trial, make_inputs
from mounted_disks import read_only, small_disk

pytestmark = pytest.mark.slow

SIZES, ROOMS = 4, 2
"""Limits of the size of files, and of the room on a disk, beside none at all, for each command."""

MEGABYTES = 64

full: Counter[str] = Counter()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with Forks(tmp_path_factory.mktemp("forks"), "quick_projection") as forks:
        yield forks


def largest_output(trial: Trial) -> int:
    written = [*trial.folder.iterdir(), *(trial.folder.parent / "home").rglob("*.npy")]
    return max(f.stat().st_size for f in written if f.name in trial.state())


def require_said(outcome: Outcome) -> None:
    """Require success, or one sentence that says that there is no room."""
    assert outcome.status in (0, 2), outcome.err
    assert "Traceback" not in outcome.err
    if outcome.status == 2:
        said = outcome.err.rstrip().splitlines()[-1]  # libtiff prints before it
        assert re.search(r"written there \(.+\); .*free some space.*\.$", said), said


def require_old_or_new(trial: Trial, before: dict, after: dict, names: set[str]) -> None:
    for file, content in trial.state().items():
        assert content in (before.get(file), after[file]), file
    assert trial.others() - names <= {"t.parquet.blocks"}
    assert [f.name for f in trial.folder.iterdir() if LEFT.match(f.name)] == []


@pytest.mark.parametrize("name", WORKS)
def test_a_limit_of_the_size_of_files_is_said(name, inputs, forks, tmp_path):
    trial = Trial.of(WORKS[name], inputs, tmp_path / "whole", forks)
    before, names = trial.state(), trial.others()
    assert trial.run().status == 0
    after = trial.state()
    rng = random.Random(f"{SEED} {name} full")
    for number, room in enumerate([0, *rng.sample(range(largest_output(trial)), SIZES)]):
        trial = Trial.of(WORKS[name], inputs, tmp_path / str(number), forks)
        outcome = trial.run(limit={"RLIMIT_FSIZE": room})
        full["limits"] += outcome.status == 2
        require_said(outcome)
        require_old_or_new(trial, before, after, names)


@pytest.mark.parametrize("name", WORKS)
def test_a_full_disk_is_said(name, inputs, forks, tmp_path):
    """A file that does not fit is said; with room again, the same command writes it."""
    whole = Trial.of(WORKS[name], inputs, tmp_path / "whole", forks)
    before, names = whole.state(), whole.others()
    assert whole.run().status == 0
    after = whole.state()
    rng = random.Random(f"{SEED} {name} disk")
    for number, room in enumerate([0, *rng.sample(range(largest_output(whole)), ROOMS)]):
        place = tmp_path / f"disk {number}"
        with small_disk(place, MEGABYTES) as disk:
            trial = Trial.of(WORKS[name], inputs, place / "on it", forks)
            with disk.filled(but=room):
                outcome = trial.run()
                full["disks"] += outcome.status == 2
                require_said(outcome)
                require_old_or_new(trial, before, after, names)
            again = trial.run()
            assert again.status == 0, again.err
            assert trial.holds(after)


@pytest.mark.parametrize("name", WORKS)
def test_a_read_only_folder_is_said(name, inputs, forks, tmp_path):
    """Also the cache cannot be written there, which alone is no reason to stop."""
    trial = Trial.of(WORKS[name], inputs, tmp_path / "place", forks)
    before, names = trial.state(), trial.others()
    with read_only(tmp_path / "place"):
        outcome = trial.run()
        assert trial.state() == before
        assert trial.others() == names
    if not trial.work.outputs:
        assert outcome.status == 0, outcome.err
        return
    full["read-only folders"] += 1
    assert outcome.status == 2, outcome.err
    assert re.search(r"written there \(Read-only file system|Permission denied\)", outcome.err)
    assert outcome.err.count("\n") == 1, outcome.err


READ_ONLY = [name for name in WORKS if name not in ("cache", "project")]


@pytest.mark.parametrize("name", READ_ONLY)
def test_a_folder_that_nobody_can_write_is_said(inputs, forks, name):
    work, out = WORKS[name], next(iter(WORKS[name].outputs))
    place = Path("/proc/self/task") / out  # not even an administrator writes there
    if not place.parent.exists():
        pytest.skip("this system has no /proc")
    arguments = [str(place) if each == out else each for each in work.arguments]
    outcome = forks.run(arguments, inputs)
    assert outcome.status == 2, outcome.err
    assert outcome.err.startswith(str(place)), outcome.err
    assert outcome.err.count("\n") == 1, outcome.err


def test_there_were_full_disks(capsys):
    """Print the counts of the tests above, which run before it."""
    with capsys.disabled():
        sys.stdout.write(f"\nfull disks: {full.total()} ({dict(full)})\n")
    if full["limits"]:  # not if only this test was chosen
        assert full["limits"] >= len(WORKS)
