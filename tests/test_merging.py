"""Two analysts' sessions of one table become one, and nothing of it silently."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.statements import statements
from rareearth_explorer.hunt.store.format import read_record, replay
from rareearth_explorer.hunt.store.journal import Journal, restore
from rareearth_explorer.hunt.store.library import saved_sessions
from rareearth_explorer.hunt.store.merge import Conflict, difference_of, save_merged
from rareearth_explorer.hunt.store.summary import counts
from rareearth_explorer.hunt.store.transfer import import_session, save_copy


def hunted(table, steps, name=None):
    """Do steps in a session, kept under a name if there is one."""
    session = Session(table)
    if name:
        Journal.named(table, name).attach(session)
    for verb, *arguments in steps:
        if verb != "mute" or session.decisions.templates.sign_of(arguments[0]):
            getattr(session, verb)(*arguments)
    return session


MINE = [
    ("mark", [0, 4], "positive"),
    ("mark", 1, "negative"),
    ("judge", 7, "confirmed"),
    ("judge", 8, "rejected"),
    ("note", 7, "tracks"),
    ("note", 9, "same"),
]
THEIRS = [
    ("mark", [4, 6], "positive"),
    ("mark", 0, "negative"),
    ("mute", 6),
    ("judge", 7, "rejected"),
    ("judge", 8, "rejected"),
    ("judge", 10, "skipped"),
    ("note", 7, "a village — no pools"),
    ("note", 9, "same"),
    ("note", 11, "look again"),
]
CONFLICTS = (
    Conflict(0, "template", "positive", "negative"),
    Conflict(7, "note", "tracks", "a village — no pools"),
    Conflict(7, "verdict", "confirmed", "rejected"),
)


@pytest.fixture
def pair(small_table):
    return hunted(small_table, MINE), hunted(small_table, THEIRS)


def test_what_agrees_is_joined_and_what_differs_is_listed(pair):
    mine, theirs = pair
    found = difference_of(mine.decisions, theirs.decisions)
    assert found.conflicts == CONFLICTS
    assert set(found.added) == {
        (6, "template", "positive, off"),
        (10, "verdict", "skipped"),
        (11, "note", "look again"),
    }
    assert found.agreed == 3  # template 4, verdict 8, note 9
    assert found.summary == (
        "New there: 1 template, 1 verdict, 1 note; the same in both: 3; conflicts: 3."
    )


def test_from_the_other_side_the_conflicts_are_the_same(pair):
    mine, theirs = pair
    turned = tuple(
        Conflict(c.patch, c.subject, c.theirs, c.mine)
        for c in difference_of(theirs.decisions, mine.decisions).conflicts
    )
    assert turned == CONFLICTS


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_taking_a_side_for_all(pair, side):
    mine, theirs = pair
    mine.merge(difference_of(mine.decisions, theirs.decisions).decided(side))
    said = statements(mine.decisions)
    assert all(said[c.key] == getattr(c, side) for c in CONFLICTS)
    assert said[6, "template"] == "positive, off"
    assert 6 in mine.decisions.muted
    assert said[1, "template"] == "negative"  # what only this one says stays


def test_deciding_each(pair):
    mine, theirs = pair
    found = difference_of(mine.decisions, theirs.decisions)
    sides = {(0, "template"): "theirs", (7, "note"): "mine", (7, "verdict"): "theirs"}
    mine.merge(found.decided(sides))
    assert mine.negatives == (1, 0)
    assert mine.decisions.verdicts[7] == "rejected"
    assert mine.decisions.notes[7] == "tracks"


@pytest.mark.parametrize("sides", [{}, {(0, "template"): "mine"}, {(0, "template"): "both"}])
def test_an_undecided_conflict_is_not_merged(pair, sides):
    mine, theirs = pair
    with pytest.raises(SessionError, match=r"of 3 conflicts are not decided, the first about the"):
        difference_of(mine.decisions, theirs.decisions).decided(sides)


def test_merging_is_one_step_back(pair):
    mine, theirs = pair
    before = mine.decisions
    mine.merge(difference_of(mine.decisions, theirs.decisions).decided("theirs"))
    mine.undo()
    assert mine.decisions is before
    mine.redo()
    assert not difference_of(mine.decisions, theirs.decisions).conflicts


def test_a_template_that_the_other_session_does_not_mute_counts_again(small_table):
    mine = hunted(small_table, [("mark", [3, 4], "positive"), ("mute", 3), ("mute", 4)])
    theirs = hunted(small_table, [("mark", 3, "positive")])
    mine.merge(difference_of(mine.decisions, theirs.decisions).decided("theirs"))
    assert mine.decisions.muted == {4}


def test_merging_what_is_there_is_no_step(pair):
    mine, _ = pair
    steps = []
    mine.on_verb = lambda *verb: steps.append(verb)
    mine.merge(difference_of(mine.decisions, mine.decisions).decided({}))
    assert steps == []


@pytest.mark.parametrize(
    "said",
    [
        (0, "template", "maybe"),
        (0, "verdict", "positive"),
        (0, "note", " "),
        (0, "colour", "red"),
        (60, "note", "outside"),
    ],
)
def test_what_a_session_cannot_hold_is_refused_whole(pair, said):
    mine, _ = pair
    before = mine.state
    with pytest.raises(SessionError, match=r"cannot have|no patch 60"):
        mine.merge([(3, "note", "fine"), said])
    assert mine.state is before


def test_a_merge_comes_back_from_the_journal(small_table):
    mine = hunted(small_table, MINE, "mine")
    theirs = hunted(small_table, THEIRS, "theirs")
    mine.merge(difference_of(mine.decisions, theirs.decisions).decided("theirs"), "theirs")
    again = Session(small_table)
    Journal.named(small_table, "mine").attach(again)
    assert statements(again.decisions) == statements(mine.decisions)
    np.testing.assert_array_equal(again.scores, mine.scores)
    again.undo()
    assert statements(again.decisions) == statements(hunted(small_table, MINE).decisions)


patches = st.integers(0, 12)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), patches, st.sampled_from(["positive", "negative"])),
        st.tuples(st.just("unmark"), patches),
        st.tuples(st.just("mute"), patches),
        st.tuples(st.just("judge"), patches, st.sampled_from(["confirmed", "rejected", None])),
        st.tuples(st.just("note"), patches, st.sampled_from(["a", "b", ""])),
        st.tuples(st.sampled_from(["undo", "redo"])),
    ),
    max_size=15,
)


@given(one=steps, other=steps)
def test_either_way_the_same_is_kept_where_there_is_no_conflict(small_table, one, other):
    first, second = hunted(small_table, one), hunted(small_table, other)
    here, there = (
        difference_of(first.decisions, second.decisions),
        difference_of(second.decisions, first.decisions),
    )
    disputed = {c.key for c in here.conflicts}
    assert disputed == {c.key for c in there.conflicts}
    before = statements(first.decisions) | statements(second.decisions)
    first.merge(here.decided("mine"))
    second.merge(there.decided("mine"))
    kept, likewise = statements(first.decisions), statements(second.decisions)
    for key, said in before.items():
        if key not in disputed:
            assert kept[key] == likewise[key] == said
    assert kept.keys() == likewise.keys() == before.keys()  # and nothing is lost


@given(one=steps, other=steps)
def test_theirs_here_is_mine_there(small_table, one, other):
    first, second = hunted(small_table, one), hunted(small_table, other)
    here, there = (
        difference_of(first.decisions, second.decisions),
        difference_of(second.decisions, first.decisions),
    )
    first.merge(here.decided("theirs"))
    second.merge(there.decided("mine"))
    assert statements(first.decisions) == statements(second.decisions)


# Files ---------------------------------------------------------------------------------------


def test_a_session_travels_to_another_machine(small_table, tmp_path, monkeypatch):
    mine = hunted(small_table, MINE, "hunt")
    mine.refine(float(np.median(mine.scores)))
    target = tmp_path / "stick" / "for Bo.jsonl"
    save_copy(Journal.named(small_table, "hunt").path, target)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another machine"))
    copy = PatchTable.from_arrays(small_table.embeddings.copy(), small_table.corners.copy())
    assert saved_sessions(copy) == []
    kept, record = import_session(target, copy)
    assert record.warning == ""
    assert saved_sessions(copy) == ["hunt"]
    again = Session(copy)
    journal = Journal(kept)
    assert journal.attach(again) == 7
    assert statements(again.decisions) == statements(mine.decisions)
    np.testing.assert_array_equal(again.active, mine.active)
    again.undo()  # and goes on there
    assert len(again.decisions.rounds) == 1


def test_a_session_of_another_table_is_refused(small_table, tmp_path):
    hunted(small_table, MINE, "hunt")
    save_copy(Journal.named(small_table, "hunt").path, tmp_path / "s.jsonl")
    other = PatchTable.from_arrays(small_table.embeddings[:50], small_table.corners[:50])
    with pytest.raises(SessionError, match=r"s\.jsonl: .* belongs to another table of 60 patches"):
        import_session(tmp_path / "s.jsonl", other)
    assert saved_sessions(other) == []


def test_a_name_that_is_taken_is_no_reason_to_overwrite(small_table, tmp_path):
    hunted(small_table, MINE, "hunt")
    save_copy(Journal.named(small_table, "hunt").path, tmp_path / "hunt.jsonl")
    assert import_session(tmp_path / "hunt.jsonl", small_table)[0].stem == "hunt (2)"
    assert import_session(tmp_path / "hunt.jsonl", small_table)[0].stem == "hunt (3)"
    with pytest.raises(SessionError, match="There is a session 'hunt' already"):
        import_session(tmp_path / "hunt.jsonl", small_table, "hunt")


def test_a_copy_of_a_damaged_file_has_what_was_understood(small_table, tmp_path):
    hunted(small_table, MINE, "hunt")
    path = Journal.named(small_table, "hunt").path
    path.write_bytes(path.read_bytes()[:-9])
    assert "cut off" in save_copy(path, tmp_path / "copy.jsonl").warning
    record = read_record(tmp_path / "copy.jsonl")
    assert len(record.entries) == len(MINE) - 1
    assert record.warning == ""


def test_a_copy_that_cannot_be_written_is_said(small_table, tmp_path):
    hunted(small_table, MINE, "hunt")
    (tmp_path / "file").touch()
    with pytest.raises(SessionError, match="cannot be saved there"):
        save_copy(Journal.named(small_table, "hunt").path, tmp_path / "file" / "copy.jsonl")


def test_a_merged_file_undoes_to_the_first(small_table, tmp_path):
    mine, theirs = hunted(small_table, MINE, "mine"), hunted(small_table, THEIRS)
    said = difference_of(mine.decisions, theirs.decisions).decided("theirs")
    save_merged(Journal.named(small_table, "mine").path, said, "theirs", tmp_path / "both.jsonl")
    both = Session(small_table)
    assert restore(tmp_path / "both.jsonl", both).warning == ""
    assert all(statements(both.decisions)[c.key] == c.theirs for c in CONFLICTS)
    both.undo()
    assert statements(both.decisions) == statements(mine.decisions)


def test_the_summary_counts_what_the_session_holds_without_the_table(small_table):
    session = hunted(small_table, MINE, "hunt")
    session.refine(float(np.median(session.scores)))
    session.score_by("kernel-contrast", 0.5)
    session.audit(5)
    session.merge([(3, "note", "theirs")])
    path = Journal.named(small_table, "hunt").path
    told = "2 positive, 1 negative, 1 confirmed, 1 rejected, 3 notes, round 2"
    held, _ = replay(read_record(path))
    assert counts(held.present) == counts(session.decisions) == told
    session.back()
    session.visit(0)
    session.undo()
    held, _ = replay(read_record(path))
    assert statements(held.present) == statements(session.decisions)
    assert len(held.present.rounds) == 1


def test_a_file_that_cannot_be_kept_is_said_and_leaves_nothing(small_table, tmp_path, monkeypatch):
    hunted(small_table, MINE, "hunt")
    save_copy(Journal.named(small_table, "hunt").path, tmp_path / "hunt.jsonl")

    def full(*given, **named):
        raise OSError(28, "No space left on device")

    for place in ("pathlib.Path.touch", "tempfile.mkdtemp"):
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            with pytest.raises(SessionError, match=r"saved .*No space left on device.* space"):
                import_session(tmp_path / "hunt.jsonl", small_table)
        assert saved_sessions(small_table) == ["hunt"]
