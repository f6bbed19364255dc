"""The cache of unit embeddings: what is empty, cut or foreign there is made again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.data.table import open_table
from rareearth_explorer.data.table.unit_cache import cached_array, cached_text

WHOLE = np.arange(12, dtype=np.float32).reshape(4, 3)


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def archived() -> bytes:
    file = io.BytesIO()
    np.savez(file, WHOLE)
    return file.getvalue()


DAMAGE = {
    "empty": b"",
    "cut in the header": saved(WHOLE)[:40],
    "cut in the numbers": saved(WHOLE)[:-5],
    "text": b"no array",
    "archive": archived(),
    "header that is code": saved(WHOLE).replace(b"False", b"f(),,"),
    "more than there is": saved(WHOLE).replace(b"(4, 3)", b"(9**9,"),
    "endless": saved(WHOLE).replace(b"(4, 3), ", b"(99999999999999999999, 3), "),
    "other type": saved(WHOLE.astype(np.float64)),
    "objects": saved(np.array([None, {}], dtype=object)),
    "other shape": saved(WHOLE.ravel()),
    "nothing in it": saved(WHOLE[:0]),
}


def entry(key: str = "key") -> Path:
    cached_array(key, lambda: WHOLE)
    return Path(cached_array(key, lambda: pytest.fail("it was made again")).base.filename)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_array_is_made_again(damage):
    path = entry()
    path.write_bytes(DAMAGE[damage])
    np.testing.assert_array_equal(cached_array("key", lambda: WHOLE), WHOLE)
    assert path.read_bytes() == saved(WHOLE)


@given(content=st.binary(max_size=300))
def test_any_bytes_in_its_place_are_made_again(content):
    path = entry()
    path.write_bytes(content)
    np.testing.assert_array_equal(cached_array("key", lambda: WHOLE), WHOLE)


def test_a_folder_in_its_place_costs_only_time():
    path = entry()
    path.unlink()
    path.mkdir()
    np.testing.assert_array_equal(cached_array("key", lambda: WHOLE), WHOLE)


@pytest.mark.parametrize("content", [b"", b"ab" * 11, b"\xff\xfe\n", b"\n", b"x" * 24 + b"\n"])
def test_a_damaged_line_is_made_again(content):
    path = entry().with_suffix(".txt")
    path.write_bytes(content)
    assert cached_text("key", lambda: "ab" * 12) == "ab" * 12
    assert path.read_bytes() == b"ab" * 12 + b"\n"


def test_a_table_opens_with_its_cache_emptied(stored_table):
    expected = np.array(stored_table.unit_embeddings)
    (cache,) = Path(stored_table.unit_embeddings.base.filename).parent.glob("*.npy")
    cache.write_bytes(b"")
    np.testing.assert_array_equal(open_table(stored_table.path).unit_embeddings, expected)
    assert cache.stat().st_size > 0
