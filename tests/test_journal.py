"""The journal: what was done is there again, after any end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.format import read_record, write_record
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.hunt.store.library import saved_sessions
from rareearth_explorer.hunt.store.table_identity import header_of


def same(one, other):
    mine, theirs = one.decisions, other.decisions
    assert mine.templates.by_sign == theirs.templates.by_sign
    assert (mine.verdicts, mine.notes, mine.muted) == (theirs.verdicts, theirs.notes, theirs.muted)
    assert (mine.audit, mine.scoring) == (theirs.audit, theirs.scoring)
    assert [r.kept for r in mine.rounds] == [r.kept for r in theirs.rounds]
    assert len(mine.branches) == len(theirs.branches)
    np.testing.assert_array_equal(one.active, other.active)
    np.testing.assert_array_equal(one.scores, other.scores)


def hunt(session):
    session.mark([0, 4], "positive")
    session.mark(1, "negative")
    session.judge(7, "confirmed", mark=True)
    session.note(7, "tracks — and a truck")
    session.refine()
    session.undo()
    session.redo()
    session.mute(1)
    session.judge(9, "rejected")
    session.audit(5)
    session.score_by("kernel-contrast", 0.5)


def test_comes_back_as_it_was(small_table):
    first = Session(small_table)
    Journal.named(small_table, "hunt").attach(first)
    hunt(first)
    second = Session(small_table)
    assert Journal.named(small_table, "hunt").attach(second) == 11
    same(first, second)
    second.undo()
    second.undo()
    second.undo()
    assert dict(second.decisions.verdicts) == {7: "confirmed"}
    assert saved_sessions(small_table) == ["hunt"]


verbs = st.sampled_from(
    ["positive", "negative", "unmark", "refine", "back", "undo", "redo", "judge"]
)


@pytest.mark.slow
@given(steps=st.lists(st.tuples(verbs, st.integers(0, 59)), max_size=20))
def test_any_hunt_is_repeated(small_table, tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("journal") / "any.jsonl"
    session = Session(small_table)
    Journal(path).attach(session)
    for verb, patch in steps:
        try:
            if verb in ("positive", "negative"):
                session.mark(patch, verb)
            elif verb == "judge":
                session.judge(patch, "skipped")
            elif verb == "unmark":
                session.unmark(patch)
            else:
                getattr(session, verb)()
        except SessionError:
            pass
    again = Session(small_table)
    Journal(path).attach(again)
    same(session, again)


KILLED = """
import sys, os, signal
from pathlib import Path
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.data.table import open_table
session = Session(open_table(sys.argv[1]))
Journal(Path(sys.argv[2])).attach(session)
session.mark(3, "positive")
session.mark(8, "negative")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_kill_9_loses_nothing(small_table, stored_table, tmp_path):
    path = tmp_path / "killed.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(stored_table.path), str(path)], env=os.environ
    )
    assert done.returncode == -signal.SIGKILL
    session = Session(small_table)
    assert Journal(path).attach(session) == 2
    assert (session.positives, session.negatives) == ((3,), (8,))


def test_a_line_cut_off_is_said_and_the_rest_is_there(small_table, tmp_path):
    path = tmp_path / "cut.jsonl"
    first = Session(small_table)
    Journal(path).attach(first)
    first.mark(3, "positive")
    first.mark(5, "positive")
    path.write_text(path.read_text()[:-20])
    session, journal = Session(small_table), Journal(path)
    assert journal.attach(session) == 1
    assert "the last step was cut off while it was written" in journal.warning
    assert session.positives == (3,)
    session.mark(8, "negative")  # and what follows is readable
    again, journal = Session(small_table), Journal(path)
    assert journal.attach(again) == 2
    assert journal.warning == ""


def test_a_last_line_that_lacks_only_its_end_is_a_step(small_table, tmp_path):
    path = tmp_path / "cut.jsonl"
    first = Session(small_table)
    Journal(path).attach(first)
    first.mark(3, "positive")
    first.mark(5, "positive")
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    session, journal = Session(small_table), Journal(path)
    assert journal.attach(session) == 2
    assert journal.warning == ""
    session.mark(8, "negative")  # on a line of its own
    again, journal = Session(small_table), Journal(path)
    assert journal.attach(again) == 3
    assert again.negatives == (8,)


def test_the_threshold_comes_back_and_is_no_step_to_undo(small_table, tmp_path):
    path = tmp_path / "s.jsonl"
    first = Session(small_table)
    Journal(path).attach(first)
    first.mark(3, "positive")
    first.threshold = 0.25
    again = Session(small_table)
    assert Journal(path).attach(again) == 2
    assert Journal(path).attach(again) == 2  # opening it is no step
    assert again.threshold == 0.25
    again.undo()
    assert (again.positives, again.threshold) == ((), 0.25)
    again.resume()
    assert again.threshold == 0.0


def test_numbers_of_numpy_come_back(small_table, tmp_path):
    first = Session(small_table)
    Journal(tmp_path / "s.jsonl").attach(first)
    first.mark(np.arange(0, 6, 2), "positive")
    first.mark(np.int64(1), "negative")
    first.judge(np.array([7]), "confirmed", mark=np.bool_(True))
    first.score_by(weight=np.float32(0.5))
    first.mute(np.int32(1), np.bool_(True))
    first.refine(np.float32(np.median(first.scores)))
    first.audit(np.int64(3))
    first.back(np.int64(0))
    first.visit(np.int64(0))
    again = Session(small_table)
    assert Journal(tmp_path / "s.jsonl").attach(again) == 9
    same(first, again)


def test_a_step_that_cannot_be_told_is_not_done_and_the_next_one_is(small_table, tmp_path):
    session, journal = Session(small_table), Journal(tmp_path / "s.jsonl")
    journal.attach(session)
    session.mark(3, "positive")
    session.mark(5, "positive")
    session.undo()
    before = session.state
    with pytest.raises(TypeError):
        session.merge([(7, "note", "tracks")], source=b"no text")
    assert session.state is before
    assert session.can_redo
    session.redo()
    assert session.positives == (3, 5)
    again = Session(small_table)
    assert Journal(journal.path).attach(again) == 4
    same(session, again)


@pytest.mark.parametrize("verb", ["undo", "redo"])
def test_undo_that_cannot_be_told_is_not_done(small_table, verb):
    session = Session(small_table)
    session.mark(3, "positive")
    session.mark(5, "positive")
    session.undo()
    before = session.state

    def refuse(verb, arguments):
        raise TypeError

    session.on_verb = refuse
    with pytest.raises(TypeError):
        getattr(session, verb)()
    session.on_verb = None
    assert session.state is before
    session.redo()
    assert session.positives == (3, 5)


def test_a_panel_that_fails_costs_no_step_and_each_draws_once(small_table, tmp_path):
    path = tmp_path / "s.jsonl"
    first = Session(small_table)
    Journal(path).attach(first)
    hunt(first)
    content = path.read_bytes()
    session, journal, drawn = Session(small_table), Journal(path), []

    def panel(change):
        drawn.append(change.new)
        raise KeyError("a mistake of the panel")

    session.observe(panel, "state")
    with pytest.raises(KeyError, match="of the panel"):
        journal.attach(session)
    assert path.read_bytes() == content
    assert journal.warning == ""
    same(first, session)
    assert len(drawn) == 1
    session.unobserve(panel, "state")
    session.undo()
    assert session.decisions.scoring.scorer == "contrast"
    assert path.read_bytes().startswith(content)
    assert json.loads(path.read_bytes().splitlines()[-1])["verb"] == "undo"


DAMAGE = {
    "rubbish": b"\x00\xff\xfe rubbish",
    "no object": b"5",
    "no verb": b"{}",
    "unknown verb": b'{"verb":"explode"}',
    "unknown arguments": b'{"verb":"mark","patsch":[5],"sign":"positive"}',
    "no such patch": b'{"verb":"mark","patch":[500],"sign":"positive"}',
    "no text": b'{"verb":"note","patch":5,"text":7}',
    "nothing": b"",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_line_costs_one_step_and_is_said(small_table, tmp_path, damage):
    path = tmp_path / "s.jsonl"
    first = Session(small_table)
    Journal(path).attach(first)
    first.mark(3, "positive")
    first.mark(5, "positive")
    first.mark(8, "negative")
    lines = path.read_bytes().splitlines()
    lines[2] = damage
    broken = b"\n".join(lines) + b"\n"
    path.write_bytes(broken)
    session, journal = Session(small_table), Journal(path)
    assert journal.attach(session) == 2
    assert (session.positives, session.negatives) == ((3,), (8,))
    assert "line 3 is damaged and left out; the other 2 steps are there" in journal.warning
    assert "kept as s.damaged" in journal.warning
    assert (tmp_path / "s.damaged").read_bytes() == broken
    again, journal = Session(small_table), Journal(path)
    journal.attach(again)
    assert journal.warning == ""  # once is enough
    same(session, again)


STEPS = [
    {"verb": "mark", "patch": [0, 4], "sign": "positive"},
    {"verb": "mark", "patch": [1], "sign": "negative"},
    {"verb": "note", "patch": 7, "text": "tracks — and a truck"},
    {"verb": "keep", "rows": [*range(0, 60, 2)], "threshold": 0.1},
    {"verb": "undo"},
    {"verb": "redo"},
    {"verb": "judge", "patch": [9], "verdict": "rejected", "mark": False},
]


@given(at=st.floats(0, 1), length=st.integers(1, 30), rubbish=st.binary(max_size=30))
def test_what_stands_before_a_damage_is_there(small_table, tmp_path_factory, at, length, rubbish):
    path = tmp_path_factory.mktemp("journal") / "any.jsonl"
    header = header_of(small_table, "any")
    write_record(path, header, STEPS)
    content = bytearray(path.read_bytes())
    start = content.index(b"\n") + 1
    at = start + int(at * (len(content) - 1 - start))
    content[at : at + length] = rubbish
    path.write_bytes(content)
    whole = content[:at].count(b"\n") - 1
    assert [*read_record(path).entries.values()][:whole] == STEPS[:whole]
    assert Journal(path).attach(Session(small_table)) >= whole


def test_is_about_one_table(small_table, tmp_path):
    path = tmp_path / "s.jsonl"
    Journal(path).attach(Session(small_table))
    other = PatchTable.from_arrays(small_table.embeddings[:50], small_table.corners[:50])
    with pytest.raises(SessionError, match="another table of 60 patches"):
        Journal(path).attach(Session(other))


def test_the_identity_of_a_table_is_that_of_its_copies_alone(small_table):
    copy = PatchTable.from_arrays(small_table.embeddings.copy(), small_table.corners.copy())
    assert copy.identity == small_table.identity
    other = small_table.embeddings.copy()
    other[7, 3] = np.nextafter(other[7, 3], np.float32(9))
    assert PatchTable.from_arrays(other, small_table.corners).identity != copy.identity
    moved = small_table.corners.copy()
    moved[7, 0, 0] = np.nextafter(moved[7, 0, 0], 180)
    assert PatchTable.from_arrays(small_table.embeddings, moved).identity != copy.identity


@pytest.mark.parametrize("content", ["hello", json.dumps({"a": 1}), "[1]\n", "\0\n"])
def test_another_file_ends_in_a_sentence_and_is_left_alone(content, small_table, tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    with pytest.raises(SessionError, match=r"bad\.jsonl: its first line is not that of a session"):
        Journal(path).attach(Session(small_table))
    assert path.read_text() == content


def test_a_place_that_cannot_be_written_is_said(small_table, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SessionError, match="cannot be saved there"):
        Journal(tmp_path / "file" / "s.jsonl").attach(Session(small_table))


def test_a_full_disk_is_said_and_the_next_step_brings_along_what_is_missing(small_table, tmp_path):
    resource = pytest.importorskip("resource")
    session, journal = Session(small_table), Journal(tmp_path / "s.jsonl")
    journal.attach(session)
    session.mark(3, "positive")
    content = journal.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(content) + 10, limits[1]))
    try:
        session.mark(4, "positive")
        session.mark(5, "positive")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert session.positives == (3, 4, 5)
    assert "the last 2 steps are not saved" in journal.trouble
    assert journal.path.read_bytes() == content  # and no half a line
    session.undo()
    assert journal.trouble == ""
    again = Session(small_table)
    assert Journal(journal.path).attach(again) == 4
    same(session, again)


def test_a_file_that_was_deleted_is_written_again(small_table, tmp_path):
    session, journal = Session(small_table), Journal(tmp_path / "folder" / "s.jsonl")
    journal.attach(session)
    session.mark(3, "positive")
    shutil.rmtree(tmp_path / "folder")
    session.mark(4, "positive")
    again = Session(small_table)
    assert Journal(journal.path).attach(again) == 2
    same(session, again)


@pytest.mark.parametrize("name", ["", "../up", "a/b", "-"])
def test_names_are_file_names(small_table, name):
    with pytest.raises(SessionError, match="cannot be called"):
        Journal.named(small_table, name)
