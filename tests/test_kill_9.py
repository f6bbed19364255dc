"""Commands killed as by kill -9: a file is the old one or the new one.

The moments are seeded: before the n-th change of a file or a folder, and after a share of the time
that the command takes.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forked_commands import Forks
from interrupted_commands import SEED, WORKS, Trial, Work, make_inputs

pytestmark = pytest.mark.slow

CHANGES, MOMENTS = 12, 2
"""Kills before a change, and after a while, for each command."""

UMAP = "project by UMAP"
MANY_ROWS = Work(("project", "many.parquet"), ("many.parquet",))
UMAP_CHANGES, UMAP_MOMENTS = 3, 5


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with Forks(tmp_path_factory.mktemp("forks"), "quick_projection") as forks:
        yield forks


@pytest.fixture
def umap_forks(tmp_path: Path) -> Iterator[Forks]:
    """A process that has compiled UMAP."""
    with Forks(tmp_path / "forks", "compiled_projection") as forks:
        yield forks


killed: Counter[str] = Counter()


@pytest.mark.parametrize("name", WORKS)
def test_a_killed_command_leaves_the_old_file_or_the_new_one(name, inputs, forks, tmp_path):
    def make() -> Trial:
        return Trial.of(WORKS[name], inputs, tmp_path / str(len([*tmp_path.iterdir()])), forks)

    require_old_or_new(name, make, CHANGES, MOMENTS)


def test_a_table_is_whole_when_its_umap_is_killed(inputs, umap_forks, tmp_path):
    """The UMAP itself, not the principal components that stand for it elsewhere."""

    def make() -> Trial:
        return Trial.of(MANY_ROWS, inputs, tmp_path / str(len([*tmp_path.iterdir()])), umap_forks)

    require_old_or_new(UMAP, make, UMAP_CHANGES, UMAP_MOMENTS)


def require_old_or_new(name: str, make: Callable[[], Trial], changes: int, moments: int) -> None:
    """Kill a command at seeded moments, and require that a second run does what is missing."""
    trial = make()
    before, names = trial.state(), trial.others()
    whole = trial.run()
    assert whole.status == 0, whole.err
    after = trial.state()
    assert after != before
    assert trial.others() == names
    rng = random.Random(f"{SEED} {name}")
    places = rng.sample(range(whole.changes), min(changes, whole.changes))
    how = [{"kill_at": change} for change in places]
    how += [{"kill_after": rng.uniform(0.05, 1) * whole.seconds} for _ in range(moments)]
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
        assert trial.holds(after), moment
        assert trial.others() == names


def test_there_were_enough_kills(capsys):
    """Print the counts of the tests above, which run before it."""
    with capsys.disabled():
        sys.stdout.write(f"\nkills: {killed.total()} ({dict(killed)})\n")
    if set(killed) >= set(WORKS):  # not if only some of them were chosen
        assert killed.total() >= 100
