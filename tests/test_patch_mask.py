"""Sets of patches, packed to bits and written as text."""

from __future__ import annotations

import base64
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.patch_mask import PatchMask

OF_THE_PAPER = 28_757
"""Patches of the paper's scene."""

masks = st.lists(st.booleans(), min_size=1, max_size=70)


@given(masks)
def test_a_mask_comes_back_from_bits_and_from_text(flags):
    mask = PatchMask.of(flags)
    assert mask.flags.dtype == np.bool_
    assert mask.flags.tolist() == flags
    assert len(mask) == sum(flags)
    again = PatchMask.from_text(mask.text(), len(flags))
    assert again == mask
    assert hash(again) == hash(mask)


def test_the_first_patch_is_the_highest_bit():
    assert PatchMask.of([True, *[False] * 7, True]).bits == b"\x80\x80"


def test_the_set_of_all_holds_each():
    assert len(PatchMask.of_all(13)) == 13
    assert PatchMask.of_all(13).flags.all()


def test_what_was_given_can_change_without_the_set():
    flags = np.zeros(20, dtype=bool)
    mask = PatchMask.of(flags)
    flags[3] = True
    mask.flags[5] = True
    assert len(mask) == 0


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8])
def test_a_round_of_the_papers_size_is_written_in_under_5_kb(share):
    mask = PatchMask.of(np.random.default_rng(0).random(OF_THE_PAPER) < share)
    assert len(mask.text()) < 4_700
    assert PatchMask.from_text(mask.text(), OF_THE_PAPER) == mask


def test_a_text_that_unpacks_to_far_more_is_refused_in_little_memory():
    bomb = base64.b85encode(zlib.compress(bytes(50_000_000))).decode()
    tracemalloc.start()
    with pytest.raises(SessionError, match=r"not a set of 28,757 patches"):
        PatchMask.from_text(bomb, OF_THE_PAPER)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_sets_of_different_tables_differ():
    assert PatchMask.of([True] * 8 + [False]) != PatchMask.of([True] * 8 + [False] * 2)


def text_of(content):
    return base64.b85encode(zlib.compress(content)).decode()


DAMAGED = {
    "empty": "",
    "no base 85": "a text with spaces",
    "beyond ASCII": "ä",
    "not deflated": base64.b85encode(b"rubbish").decode(),
    "too short": text_of(b"\xff"),
    "too long": text_of(b"\xff\xff\x00"),
    "enormous": text_of(bytes(10**7)),
    "patches beyond the table": text_of(b"\xff\xff"),
    "no text": None,
    "a number": 7,
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_text_is_refused(text):
    with pytest.raises(SessionError, match="not a set of"):
        PatchMask.from_text(text, 13)


@given(flags=masks, other=st.integers(1, 80))
def test_a_text_is_about_one_number_of_patches(flags, other):
    text = PatchMask.of(flags).text()
    bits = -(-len(flags) // 8)
    if bits != -(-other // 8) or any(flags[other:]):
        with pytest.raises(SessionError, match="not a set of"):
            PatchMask.from_text(text, other)


@given(flags=masks, cut=st.integers(1, 8))
def test_a_text_cut_off_is_refused(flags, cut):
    text = PatchMask.of(flags).text()
    with pytest.raises(SessionError, match="not a set of"):
        PatchMask.from_text(text[:-cut], len(flags))
