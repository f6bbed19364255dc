"""What a stopped run has finished is taken up, and nothing that is damaged or of another plan."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner),
    max_leaves=8,
)
"""Any JSON, with text of half surrogates, line breaks and control characters."""

OTHER_PLANS = JSON | st.fixed_dictionaries(
    {}, optional={"bands": JSON, "encoder": JSON | st.dictionaries(st.text(), JSON), "a\nb": JSON}
)


def resumes_or_says_it_in_one_line(content: bytes) -> None:
    """Begin with a plan of these bytes: it is the same plan, or one line says what it is."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "table.parquet"
        begin(output).save("0", pixels=np.zeros(2))
        (output.with_name("table.parquet.blocks") / "plan.json").write_bytes(content)
        said = ""
        try:
            assert begin(output).has("0")
        except TableError as error:
            said = str(error)
        if said:
            assert said.startswith(f"{output}: ")
            assert said.isprintable()
            assert len(said) < 1500
        else:
            assert json.loads(content) == PLAN
        assert output.with_name("table.parquet.blocks").joinpath("0.npz").exists()


@given(plan=OTHER_PLANS)
def test_any_json_as_a_plan(plan):
    resumes_or_says_it_in_one_line(json.dumps(plan).encode("utf-8", "surrogatepass"))


@given(at=st.integers(0, 200), new=st.binary(max_size=4), cut=st.integers(0, 4))
def test_any_damage_of_a_plan(at, new, cut):
    whole = json.dumps(PLAN, indent=1).encode()
    resumes_or_says_it_in_one_line(whole[:at] + new + whole[at + cut :])


def test_a_plan_of_many_odd_names_is_said_in_one_line():
    odd = {f"\x1b[31m{number}\r\n": number for number in range(100_000)}
    resumes_or_says_it_in_one_line(json.dumps(odd).encode())
