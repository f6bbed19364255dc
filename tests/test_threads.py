"""Work in threads, in order, and no further ahead than needed."""

from __future__ import annotations

import threading

import pytest
from patience import PATIENCE

from rareearth_explorer.data.threads import cores, in_order


def test_results_come_in_the_order_of_the_items():
    first = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert first.wait(PATIENCE)
        elif item == 1:
            first.set()  # so it is finished before the item in front of it
        return item * item

    assert list(in_order(work, range(6), 2)) == [(n, n * n) for n in range(6)]


@pytest.mark.parametrize("threads", [1, 3])
def test_items_are_taken_as_results_are(threads):
    taken = []

    def items():
        for item in range(100):
            taken.append(item)
            yield item

    results = in_order(lambda item: item, items(), threads)
    next(results)
    assert len(taken) == 2 * threads
    next(results)
    assert len(taken) == 2 * threads + 1
    results.close()
    assert len(taken) == 2 * threads + 1


def test_an_error_ends_it():
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda item: 1 // (3 - item), range(100), 2))


def test_there_is_a_core():
    assert cores() >= 1
