"""The cache of unit embeddings: what is empty, cut or foreign there is made again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.data.table import open_table
from rareearth_explorer.data.table.unit_cache import cached_array, cached_text, numbers_digest

WHOLE = np.arange(12, dtype=np.float32).reshape(4, 3)


def saved(array: np.ndarray, digest: bytes | None = None) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue() + (numbers_digest(WHOLE) if digest is None else digest)


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
    "nothing in it": saved(WHOLE[:0], numbers_digest(WHOLE[:0])),
    "of an earlier version, without a digest": saved(WHOLE, b""),
    "its rows as columns": saved(WHOLE).replace(b"(4, 3)", b"(3, 4)"),
    "its columns first": saved(WHOLE).replace(b"False", b"True "),
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


@given(number=st.integers(0, WHOLE.size - 1), bit=st.integers(0, 31))
def test_one_flipped_bit_is_noticed(number, bit):
    path = entry()
    whole = path.read_bytes()
    content = bytearray(whole)
    content[len(saved(WHOLE, b"")) - WHOLE.nbytes + 4 * number + bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    np.testing.assert_array_equal(cached_array("key", lambda: WHOLE), WHOLE)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("size", [1, 2, 1023, 1024, 1025, 5000])
def test_lost_and_exchanged_pages_are_noticed(size):
    array = np.random.default_rng(0).random((size, 1), np.float32)
    content = array.tobytes()
    for other in (
        content[-4096:] + content[:-4096],  # nothing moves where there is one page
        b"\0" * len(content[:4096]) + content[4096:],
        content[:-1] + bytes([content[-1] ^ 1]),
    ):
        made = np.frombuffer(other, np.float32).reshape(size, 1)
        assert other == content or numbers_digest(made) != numbers_digest(array)
    assert numbers_digest(array.copy()) == numbers_digest(array)


def test_a_table_with_a_flipped_bit_in_its_cache_opens_as_it_is(stored_table):
    expected = np.array(stored_table.unit_embeddings)
    (cache,) = Path(stored_table.unit_embeddings.base.filename).parent.glob("*.npy")
    content = bytearray(cache.read_bytes())
    content[len(content) // 2] ^= 64
    cache.write_bytes(content)
    np.testing.assert_array_equal(open_table(stored_table.path).unit_embeddings, expected)


def test_a_folder_in_its_place_costs_only_time():
    path = entry()
    path.unlink()
    path.mkdir()
    np.testing.assert_array_equal(cached_array("key", lambda: WHOLE), WHOLE)


LINE = b"ab" * 12 + b" faeacfaa\n"


@pytest.mark.parametrize(
    "content",
    [*(b"", b"ab" * 11, b"\xff\xfe\n", b"\n", b"x" * 24 + b"\n"), LINE.replace(b"ab", b"ac", 1),
     b"ab" * 12 + b"\n"],
)  # fmt: skip
def test_a_damaged_line_is_made_again(content):
    path = entry().with_suffix(".txt")
    path.write_bytes(content)
    assert cached_text("key", lambda: "ab" * 12) == "ab" * 12
    assert path.read_bytes() == LINE


def test_a_table_opens_with_its_cache_emptied(stored_table):
    expected = np.array(stored_table.unit_embeddings)
    (cache,) = Path(stored_table.unit_embeddings.base.filename).parent.glob("*.npy")
    cache.write_bytes(b"")
    np.testing.assert_array_equal(open_table(stored_table.path).unit_embeddings, expected)
    assert cache.stat().st_size > 0
