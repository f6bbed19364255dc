"""The workspace: a session kept on disk by name, as the app and scripts use it; no widgets."""

from __future__ import annotations

import contextlib
import json
import os

import numpy as np
import pytest
from windows import windows

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import LabelsError, SessionError
from rareearth_explorer.hunt import Workspace
from rareearth_explorer.hunt.store.library import find_session, session_file, sessions_folder
from rareearth_explorer.hunt.store.lock import is_locked

WINDOW = """
import sys
from rareearth_explorer.data.table import open_table
from rareearth_explorer.hunt import Workspace
workspace = Workspace(open_table(sys.argv[1]), name=sys.argv[2])
print(workspace.name, workspace.aside, flush=True)
for line in sys.stdin:
    workspace.session.mark(int(line), "positive")
    print(workspace.name, workspace.session.positives, flush=True)
"""


@pytest.fixture
def table(stored_table):
    return stored_table


@pytest.fixture
def window(table):
    """Open a session in another process, which is gone after the test."""
    with windows(WINDOW, table) as open_it:
        yield open_it


def verbs(workspace):
    return [json.loads(line)["verb"] for line in workspace.path.read_text().splitlines()[1:]]


# Names --------------------------------------------------------------------------------------


def test_what_a_script_does_is_there_when_the_name_is_opened_again(small_table):
    session = Workspace(small_table, name="my hunt").session
    session.mark(8, "positive")
    session.mark([1, 3], "negative")
    session.refine(float(np.median(session.scores)))
    again = Workspace(small_table, name="my hunt")
    assert again.session.decisions.templates.by_sign == {"positive": (8,), "negative": (1, 3)}
    np.testing.assert_array_equal(again.session.active, session.active)
    assert (again.name, again.names, again.steps) == ("my hunt", ("my hunt",), 3)


def test_without_a_name_nothing_is_kept(small_table):
    workspace = Workspace(small_table)
    workspace.session.mark(8, "positive")
    assert (workspace.name, workspace.names, workspace.path, workspace.steps) == ("", (), None, 0)
    assert (workspace.status, workspace.trouble) == ("", "")
    assert not workspace.aside
    assert not workspace.can_take_over
    assert not workspace.look()
    assert workspace.take_over() == ""
    assert not sessions_folder().exists()


def test_opening_another_name_replaces_what_the_session_holds_and_keeps_the_first(small_table):
    workspace = Workspace(small_table, name="one")
    session = workspace.session
    session.mark(8, "positive")
    session.threshold = 0.25
    workspace.open("two")
    assert not is_locked(session_file(small_table, "one"))
    assert workspace.session is session
    assert (session.positives, session.threshold, session.can_undo) == ((), 0.0, False)
    session.mark(9, "negative")
    assert (workspace.name, workspace.steps, verbs(workspace)) == ("two", 1, ["mark"])
    drawn = []
    session.observe(lambda _: drawn.append(session.positives), "state")
    workspace.open("one")
    assert drawn == [(8,)]  # the panels draw it once, and no empty session before it
    assert (session.positives, session.negatives, session.threshold) == ((8,), (), 0.25)
    session.undo()
    assert verbs(workspace) == ["mark", "aim", "undo"]


def test_the_names_are_those_of_this_table_the_one_used_last_first(small_table):
    other = PatchTable.from_arrays(small_table.embeddings[:50], small_table.corners[:50])
    Workspace(other, name="elsewhere").close()
    workspace, heard = Workspace(small_table), []
    workspace.observe(lambda change: heard.append(change.new), "names")
    workspace.open("one")
    workspace.open("two")
    assert {*workspace.names} == {"one", "two"}
    assert [len(names) for names in heard] == [1, 2]
    for second, name in enumerate(("two", "one")):
        os.utime(session_file(small_table, name), (second, second))
    assert Workspace(small_table).names == ("one", "two")
    Workspace(other, name="one")
    with pytest.raises(SessionError, match="2 tables have a session 'one'"):
        find_session("one")


def test_a_new_session_needs_a_new_name(small_table):
    workspace = Workspace(small_table)
    workspace.begin("one")
    workspace.session.mark(8, "positive")
    with pytest.raises(SessionError, match="There is a session 'one' already"):
        workspace.begin("one")
    assert (workspace.name, workspace.session.positives) == ("one", (8,))
    workspace.begin("two")
    assert workspace.session.positives == ()


@pytest.mark.parametrize("name", ["", "../up", "a/b", "-", "a" * 82])
def test_a_name_that_cannot_be_a_files_leaves_the_open_session_open(small_table, name):
    workspace = Workspace(small_table, name="one")
    workspace.session.mark(8, "positive")
    with pytest.raises(SessionError, match="cannot be called"):
        workspace.open(name)
    workspace.session.mark(9, "positive")
    assert (workspace.name, verbs(workspace)) == ("one", ["mark", "mark"])


def test_a_file_that_is_no_session_opens_none_and_is_left_alone(small_table):
    workspace = Workspace(small_table, name="one")
    workspace.session.mark(8, "positive")
    session_file(small_table, "bad").write_text("rubbish")
    with pytest.raises(SessionError, match=r"bad\.jsonl: its first line is not that of a session"):
        workspace.open("bad")
    assert (workspace.name, workspace.path, workspace.session.positives) == ("", None, ())
    workspace.session.mark(9, "positive")  # which is kept nowhere
    assert session_file(small_table, "bad").read_text() == "rubbish"
    workspace.open("one")
    assert workspace.session.positives == (8,)


def test_damage_is_in_the_status(small_table):
    workspace = Workspace(small_table, name="one")
    workspace.session.mark(8, "positive")
    workspace.session.mark(9, "positive")
    path = workspace.path
    workspace.close()
    path.write_text(path.read_text()[:-9])
    again = Workspace(small_table, name="one")
    assert "the last step was cut off" in again.status
    assert again.session.positives == (8,)


@pytest.mark.slow
def test_after_closing_nothing_is_kept_and_others_may_have_it(table, window):
    workspace = Workspace(table, name="one")
    workspace.session.mark(8, "positive")
    path = workspace.path
    assert is_locked(path)
    workspace.close()
    assert not is_locked(path)
    workspace.session.mark(9, "positive")
    assert (workspace.name, workspace.path, workspace.steps) == ("", None, 0)
    assert window("one").opened == "one False"
    workspace.close()  # once more does no harm


# A full disk --------------------------------------------------------------------------------


@contextlib.contextmanager
def no_room(path):
    """Let the file at `path` grow no more."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_told_and_no_session_left_behind_with_steps_missing(small_table):
    workspace, heard = Workspace(small_table, name="one"), []
    workspace.session.mark(8, "positive")
    workspace.observe(lambda change: heard.append(change.new), "trouble")
    with no_room(workspace.path):
        workspace.session.mark(9, "positive")
        assert "the last 1 steps are not saved" in workspace.trouble
        for leave in (lambda: workspace.open("two"), lambda: workspace.save_copy(workspace.path)):
            with pytest.raises(SessionError, match="Until then the session stays open"):
                leave()
        assert (workspace.name, workspace.session.positives) == ("one", (8, 9))
    workspace.session.mark(10, "positive")
    assert workspace.trouble == ""
    assert [bool(text) for text in heard] == [True, False]
    assert verbs(workspace) == ["mark"] * 3


def test_leaving_writes_what_could_not_be_written_before(small_table):
    workspace = Workspace(small_table, name="one")
    workspace.session.mark(8, "positive")
    with no_room(workspace.path):
        workspace.session.mark(9, "positive")
    workspace.open("two")
    assert workspace.trouble == ""
    assert Workspace(small_table, name="one").session.positives == (8, 9)


def test_closing_writes_what_could_not_be_written_before(small_table):
    workspace = Workspace(small_table, name="one")
    workspace.session.mark(8, "positive")
    with no_room(workspace.path):
        workspace.session.mark(9, "positive")
    workspace.close()
    assert Workspace(small_table, name="one").session.positives == (8, 9)


def test_what_cannot_be_written_keeps_the_session_open(small_table):
    workspace = Workspace(small_table, name="one")
    with no_room(workspace.path):
        workspace.session.mark(9, "positive")
        with pytest.raises(SessionError, match=r"last 1 steps are not saved .* stays open"):
            workspace.close()
    workspace.session.mark(10, "positive")  # is saved, and the step before with it
    workspace.close()
    assert Workspace(small_table, name="one").session.positives == (9, 10)


@pytest.mark.slow
def test_a_copy_for_which_there_is_no_room_leaves_nothing_and_comes_later(table, window, full_disk):
    window("hunt").do(3)
    workspace = Workspace(table, name="hunt")
    with full_disk("hunt (2).jsonl"):
        workspace.session.mark(5, "positive")
    assert "the last 1 steps are not saved" in workspace.trouble
    assert Workspace(table).names == ("hunt",)
    workspace.session.mark(6, "positive")
    assert (workspace.name, workspace.trouble) == ("hunt (2)", "")
    assert Workspace(table, name="hunt (2)").session.positives == (3, 5, 6)


# A second window ----------------------------------------------------------------------------


@pytest.mark.slow
def test_a_second_window_goes_on_in_a_copy_and_says_so(table, window):
    first = window("hunt")
    first.do(3)
    workspace = Workspace(table, name="hunt")
    assert workspace.aside
    assert not workspace.can_take_over
    said = "Session 'hunt' is open in another window; your steps are saved "
    assert workspace.status == said + "in a copy, from your first step on."
    assert (workspace.name, workspace.names) == ("hunt", ("hunt",))
    workspace.session.mark(5, "positive")
    assert workspace.status == said + "as 'hunt (2)'."
    assert json.loads(workspace.path.read_text().splitlines()[0])["name"] == "hunt (2)"
    assert workspace.name == "hunt (2)"
    assert {*workspace.names} == {"hunt", "hunt (2)"}
    assert first.do(8) == "hunt (3, 8)"
    later = Workspace(table, name="hunt")
    assert later.status.endswith("the session's menu lists earlier copies.")


@pytest.mark.slow
def test_a_window_that_was_killed_is_rejoined_once(table, window):
    first = window("hunt")
    first.do(3)
    workspace = Workspace(table, name="hunt")
    assert not workspace.look()  # the other window is still there
    first.kill()
    assert workspace.look()
    assert not workspace.look()  # it is this window's already
    assert not workspace.aside
    assert workspace.status == ""
    assert not workspace.can_take_over
    workspace.session.mark(5, "positive")
    assert (workspace.name, verbs(workspace)) == ("hunt", ["mark", "mark"])


@pytest.mark.slow
def test_a_copy_never_rejoins_but_can_take_over(table, window):
    first = window("hunt")
    first.do(3)
    workspace = Workspace(table, name="hunt")
    workspace.session.mark(5, "positive")
    assert not workspace.look()
    assert not workspace.can_take_over
    first.kill()
    assert not workspace.look()
    assert not workspace.look()
    assert workspace.can_take_over
    assert workspace.name == "hunt (2)"
    assert workspace.take_over() == "hunt (2)"
    assert (workspace.name, workspace.aside, workspace.status) == ("hunt", False, "")
    assert workspace.session.positives == (3,)
    assert not workspace.can_take_over
    workspace.open("hunt (2)")
    assert workspace.session.positives == (3, 5)


@pytest.mark.slow
def test_a_copy_tells_at_once_that_the_original_is_free(table, window):
    first = window("hunt")
    first.do(3)
    workspace = Workspace(table, name="hunt")
    first.do(4)
    first.kill()
    workspace.session.mark(5, "positive")
    assert workspace.name == "hunt (2)"
    assert workspace.can_take_over


@pytest.mark.slow
def test_a_window_that_went_on_meanwhile_is_taken_over_and_not_rejoined(table, window):
    first = window("hunt")
    first.do(3)
    workspace = Workspace(table, name="hunt")
    first.do(4)
    first.kill()
    assert not workspace.look()
    assert workspace.can_take_over
    assert workspace.session.positives == (3,)  # nothing changes under the analyst's eyes
    assert workspace.take_over() == ""  # nothing was done here meanwhile
    assert workspace.session.positives == (3, 4)


@pytest.mark.slow
def test_a_copy_whose_lock_was_lost_goes_on_in_another_copy(table, window):
    window("hunt").do(3)
    workspace = Workspace(table, name="hunt")
    workspace.session.mark(5, "positive")
    second = Workspace(table, name="hunt (2)")  # of the same kernel: the newest has it
    second.session.mark(6, "positive")
    workspace.session.mark(7, "positive")
    assert (workspace.name, second.name) == ("hunt (3)", "hunt (2)")
    assert not workspace.look()
    assert Workspace(table, name="hunt (2)").session.positives == (3, 5, 6)
    assert Workspace(table, name="hunt (3)").session.positives == (3, 5, 7)


@pytest.mark.slow
def test_a_copy_is_never_taken_for_the_original(table, window):
    window("hunt").do(3)
    workspace = Workspace(table, name="hunt")
    workspace.session.mark(5, "positive")
    Workspace(table, name="hunt (2)").close()  # took its lock, and released it unchanged
    assert not workspace.look()


# Files --------------------------------------------------------------------------------------


def test_a_session_is_saved_and_imported(small_table, tmp_path, monkeypatch):
    workspace = Workspace(small_table)
    with pytest.raises(SessionError, match="No session is open"):
        workspace.save_copy(tmp_path / "copy.jsonl")
    workspace.open("one")
    workspace.session.mark(8, "positive")
    assert workspace.save_copy(tmp_path / "copy.jsonl").warning == ""
    assert workspace.import_file(tmp_path / "copy.jsonl")[0] == "one (2)"
    assert workspace.import_file(tmp_path / "copy.jsonl", "from Bo")[0] == "from Bo"
    assert {*workspace.names} == {"one", "one (2)", "from Bo"}
    assert workspace.name == "one"
    with pytest.raises(SessionError, match="There is a session 'from Bo' already"):
        workspace.import_file(tmp_path / "copy.jsonl", "from Bo")
    workspace.open("from Bo")
    assert workspace.session.positives == (8,)


def test_another_session_is_read_and_compared_without_opening_it(small_table):
    theirs = Workspace(small_table, name="theirs")
    theirs.session.mark([8, 9], "positive")
    theirs.session.judge(3, "confirmed")
    mine = Workspace(small_table, name="mine")
    mine.session.mark(8, "negative")
    decisions, record = mine.read("theirs")
    assert len(record.entries) == 2
    difference = mine.difference(decisions)
    assert {*difference.added} == {(9, "template", "positive"), (3, "verdict", "confirmed")}
    assert [c.key for c in difference.conflicts] == [(8, "template")]
    mine.session.merge(difference.decided("theirs"), "theirs")
    assert mine.session.positives == (9, 8)
    assert theirs.session.positives == (8, 9)
    assert not theirs.aside  # to read takes no lock
    with pytest.raises(SessionError, match="cannot be read as a session"):
        mine.read("nobody")
    other = PatchTable.from_arrays(small_table.embeddings[:50], small_table.corners[:50])
    moved = session_file(small_table, "moved")
    Workspace(other, name="moved").close()
    session_file(other, "moved").rename(moved)
    with pytest.raises(SessionError, match="belongs to another table of 50 patches"):
        mine.read("moved")


def test_labels_are_the_sessions(small_table):
    pools = np.arange(len(small_table)) % 3
    workspace = Workspace(small_table, pools, name="labelled")
    np.testing.assert_array_equal(workspace.session.mines, pools > 0)
    workspace.session.mark([2, 4], "positive")
    workspace.session.mark(3, "negative")
    workspace.open("another")
    np.testing.assert_array_equal(workspace.session.mines, pools > 0)
    workspace.open("labelled")
    assert workspace.session.state.roc_curve is not None
    with pytest.raises(LabelsError, match="one number for each patch"):
        Workspace(small_table, [1, 2])


# Names in the folders of two formats --------------------------------------------------------


def test_a_copy_takes_no_name_that_a_session_in_the_other_folder_has(small_table):
    workspace = Workspace(small_table, name="hunt")
    workspace.close()
    old = sessions_folder() / "the folder of an earlier format"
    old.mkdir()
    session_file(small_table, "hunt").rename(old / "hunt.jsonl")
    Workspace(small_table, name="hunt (2)").session.mark(3, "positive")
    workspace = Workspace(small_table)
    name, _ = workspace.import_file(old / "hunt.jsonl")
    assert name == "hunt (3)"
    first, second = Workspace(small_table, name="hunt"), Workspace(small_table, name="hunt")
    first.session.mark(4, "positive")
    assert (first.name, second.name) == ("hunt (4)", "hunt")
    assert Workspace(small_table, name="hunt (2)").session.positives == (3,)


def test_a_session_is_copied_and_renamed_with_all_its_steps(table):
    workspace = Workspace(table, name="hunt")
    workspace.session.mark(3, "positive")
    workspace.session.judge(5, "rejected")
    workspace.copy("spare")
    assert workspace.name == "hunt"
    assert {*workspace.names} == {"hunt", "spare"}
    workspace.session.mark(8, "positive")
    old = workspace.path
    workspace.rename("Mong Hsat 矿")
    assert workspace.name == "Mong Hsat 矿"
    assert {*workspace.names} == {"Mong Hsat 矿", "spare"}
    assert not old.exists()
    assert workspace.session.positives == (3, 8)
    workspace.session.undo()
    assert workspace.session.positives == (3,), "the steps of a renamed session can be undone"
    with pytest.raises(SessionError, match="spare"):
        workspace.rename("spare")
    assert workspace.name == "Mong Hsat 矿"
    workspace.open("spare")
    assert workspace.session.positives == (3,)
    assert dict(workspace.session.decisions.verdicts) == {5: "rejected"}
    workspace.close()
    with pytest.raises(SessionError, match="No session is open"):
        workspace.copy("third")
