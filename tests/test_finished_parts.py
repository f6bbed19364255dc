"""What a stopped run has finished is taken up, and nothing that is damaged or of another plan."""

from __future__ import annotations

import numpy as np
import pytest

from rareearth_explorer.data.storage.finished_parts import FinishedParts
from rareearth_explorer.data.storage.replacing import replacing
from rareearth_explorer.errors import ExplorerError, TableError

PLAN = {"bands": ["red", "nir"], "encoder": {"gsd": 3.0}}


@pytest.fixture
def output(tmp_path):
    return tmp_path / "table.parquet"


def begin(output, plan=PLAN):
    return FinishedParts(output, plan, ".blocks", TableError)


def test_parts_outlive_the_run_and_come_back_as_they_were(output):
    pixels = np.random.default_rng(0).random((3, 4, 5), np.float32)
    with begin(output) as parts:
        assert not parts.has("0")
        parts.save("0", pixels=pixels, left_out=3)
    with begin(output) as parts:
        assert parts.has("0")
        assert not parts.has("1")
        np.testing.assert_array_equal(parts.load("0")["pixels"], pixels)
        assert {name: int(array) for name, array in parts.load("0", "left_out").items()} == {
            "left_out": 3
        }
        parts.remove()
    assert not parts.folder.exists()


def test_a_run_that_finished_nothing_leaves_nothing(output):
    with pytest.raises(KeyboardInterrupt), begin(output):
        raise KeyboardInterrupt
    assert list(output.parent.iterdir()) == []


@pytest.mark.parametrize("damage", ["changed", "cut", "empty", "no part"])
def test_a_damaged_part_is_not_finished(output, damage):
    parts = begin(output)
    parts.save("0", pixels=np.arange(1000))
    file = parts.folder / "0.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    damaged = {"changed": content, "cut": content[:-900], "empty": b"", "no part": b"text"}
    file.write_bytes(damaged[damage])
    assert not begin(output).has("0")
    assert not file.exists()


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({**PLAN, "encoder": {"gsd": 10.0}}, "encoder gsd"),
        ({"bands": ["red"], "encoder": {"gsd": 3.0}, "batch": 4}, "bands, batch"),
    ],
)
def test_another_plan_is_refused_by_name(output, plan, said):
    begin(output).save("0", pixels=np.zeros(2))
    with pytest.raises(TableError, match=rf"in table\.parquet\.blocks used other {said}; .*remove"):
        begin(output, plan)


@pytest.mark.parametrize("plan", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b"{}{}"])
def test_a_damaged_plan_is_said(output, plan):
    parts = begin(output)
    parts.save("0", pixels=np.zeros(2))
    (parts.folder / "plan.json").write_bytes(plan)
    with pytest.raises(TableError, match=r"plan\.json .* is damaged, .* remove that folder"):
        begin(output)
    assert parts.has("0")


def test_a_part_that_the_run_would_not_make_is_not_finished(output):
    parts = begin(output)
    parts.save("0", pixels=np.zeros(2))
    assert parts.has("0", lambda arrays: arrays["pixels"].shape == (2,))
    assert not parts.has("0", lambda arrays: "rows" in arrays)
    assert list(parts.folder.glob("*.npz")) == []


def test_a_part_that_expands_is_not_read(output):
    parts = begin(output)
    np.savez_compressed(parts.folder / "0.npz", pixels=np.zeros(10_000_000))
    (parts.folder / "1.npz").mkdir()
    assert not parts.has("0")
    assert not parts.has("1")
    assert list(parts.folder.glob("*.npz")) == []


def test_what_was_being_written_in_the_folder_goes_with_it(output):
    parts = begin(output)
    killed = replacing(output, within=parts.folder)
    killed.__enter__().write_text("half")
    assert [path.name for path in output.parent.iterdir()] == [parts.folder.name]
    parts.remove()
    assert list(output.parent.iterdir()) == []


def test_a_full_disk_keeps_what_is_finished(output, full_disk):
    parts = begin(output)
    parts.save("0", pixels=np.zeros(2))
    with full_disk("1.npz"), pytest.raises(ExplorerError, match=r"No space left.* are kept"):
        parts.save("1", pixels=np.zeros(2))
    assert parts.has("0")
    assert not parts.has("1")
