"""One session open twice: two real processes, one of which ends by kill -9."""

from __future__ import annotations

import json

import pytest
from windows import windows

from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.hunt.store.library import saved_sessions
from rareearth_explorer.hunt.store.lock import is_locked

pytestmark = pytest.mark.slow

OTHER_WINDOW = """
import sys
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.data.table import open_table
table = open_table(sys.argv[1])
session, journal = Session(table), Journal.named(table, sys.argv[2])
print(journal.attach(session), journal.aside, flush=True)
for line in sys.stdin:
    verb, *arguments = line.split()
    if verb == "mark":
        session.mark(int(arguments[0]), arguments[1])
    else:
        getattr(session, verb)()
    print(journal.path.stem, session.positives, flush=True)
"""


@pytest.fixture
def table(stored_table):
    return stored_table


@pytest.fixture
def other_window(table):
    """Open a session in another process, which is gone after the test."""
    with windows(OTHER_WINDOW, table) as open_it:
        yield open_it


def attached(table, name):
    session, journal = Session(table), Journal.named(table, name)
    journal.attach(session)
    return session, journal


def steps(path):
    return [json.loads(line)["verb"] for line in path.read_text().splitlines()[1:]]


def test_the_second_window_goes_on_in_a_copy_and_neither_loses_anything(table, other_window):
    first = other_window("hunt")
    assert first.opened == "0 False"
    first.do("mark 3 positive")
    session, journal = attached(table, "hunt")
    assert journal.aside
    assert not journal.can_take_over
    assert session.positives == (3,)
    assert saved_sessions(table) == ["hunt"]  # to look only leaves nothing behind
    session.mark(5, "positive")
    assert first.do("mark 8 positive") == "hunt (3, 8)"
    session.undo()
    assert first.do("undo") == "hunt (3,)"
    session.redo()
    assert journal.path.stem == "hunt (2)"
    assert steps(journal.requested) == ["mark", "mark", "undo"]
    assert steps(journal.path) == ["mark", "mark", "undo", "redo"]
    assert attached(table, "hunt (2)")[0].positives == (3, 5)


def test_a_third_window_has_its_own_copy(table, other_window):
    other_window("hunt").do("mark 3 positive")
    assert other_window("hunt").do("mark 4 positive") == "hunt (2) (3, 4)"
    assert other_window("hunt (2)").do("mark 5 positive") == "hunt (3) (3, 4, 5)"


def test_a_window_that_was_killed_is_out_of_the_way_at_once(table, other_window):
    first = other_window("hunt")
    first.do("mark 3 positive")
    session, journal = attached(table, "hunt")
    session.mark(5, "positive")
    first.kill()
    assert journal.can_take_over
    again, taken = attached(table, "hunt")
    assert not taken.aside
    assert again.positives == (3,)
    again.mark(9, "positive")
    assert steps(taken.path) == ["mark", "mark"]
    assert steps(journal.path) == ["mark", "mark"]  # the copy is still there
    assert other_window("hunt").opened == "2 True"


def test_a_page_that_is_loaded_again_makes_no_copy(table, other_window):
    first = other_window("hunt")
    first.do("mark 3 positive")
    session, journal = attached(table, "hunt")  # before the last kernel has ended
    assert journal.aside
    assert not journal.rejoin()
    first.kill()
    session.mark(5, "positive")
    assert not journal.aside
    assert saved_sessions(table) == ["hunt"]
    assert steps(journal.path) == ["mark", "mark"]


def test_steps_of_the_other_window_are_not_written_over(table, other_window):
    first = other_window("hunt")
    first.do("mark 3 positive")
    session, journal = attached(table, "hunt")
    first.do("mark 4 positive")
    first.kill()
    assert not journal.rejoin()
    session.mark(5, "positive")
    assert journal.path.stem == "hunt (2)"
    assert attached(table, "hunt")[0].positives == (3, 4)
    assert attached(table, "hunt (2)")[0].positives == (3, 5)


def test_a_window_that_is_closed_lets_the_next_one_in(table, other_window):
    _, journal = attached(table, "hunt")
    assert is_locked(journal.path)
    journal.close()
    assert not is_locked(journal.path)
    assert other_window("hunt").opened == "0 False"


def test_within_a_kernel_the_last_opened_has_the_session(table):
    first, earlier = attached(table, "hunt")
    first.mark(3, "positive")
    second, later = attached(table, "hunt")
    assert not later.aside
    assert earlier.aside
    second.mark(4, "positive")
    first.mark(5, "positive")
    assert later.path.stem == "hunt"
    assert earlier.path.stem == "hunt (2)"
    assert attached(table, "hunt")[0].positives == (3, 4)
    assert attached(table, "hunt (2)")[0].positives == (3, 5)


def test_a_damaged_file_that_another_window_has_is_left_to_it(table, other_window):
    first = other_window("hunt")
    first.do("mark 3 positive")
    path = Journal.named(table, "hunt").path
    with path.open("a") as file:
        file.write("rubbish\n")
    content = path.read_bytes()
    session, journal = attached(table, "hunt")
    assert "line 3 is damaged" in journal.warning
    assert session.positives == (3,)
    assert path.read_bytes() == content
