"""Sessions of a newer version: read as far as they are understood, and never written to."""

from __future__ import annotations

import json

import pytest

from rareearth_explorer.cli import main
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Session, Workspace
from rareearth_explorer.hunt.store.format import FORMAT, line_of, read_record, replay
from rareearth_explorer.hunt.store.journal import restore
from rareearth_explorer.hunt.store.library import session_file
from rareearth_explorer.hunt.store.lock import is_locked

UNKNOWN = (
    '{"verb": "colour", "patch": [3], "shade": "ochre — dark"}',
    '{"verb":"mark","patch":[9],"sign":"maybe"}',
    '{"verb":"judge","patch":[9],"verdict":"confirmed","certainty":0.7}',
    "{}",
)
KNOWN = (
    '{"verb":"mark","patch":[0,4],"sign":"positive","time":"2031-01-01T00:00:00+00:00"}',
    '{"verb":"mark","patch":[1],"sign":"negative"}',
    '{"verb":"note","patch":7,"text":"tracks"}',
)
LINES = (KNOWN[0], UNKNOWN[0], KNOWN[1], *UNKNOWN[1:], KNOWN[2])
SAID = (
    "a newer version of this program wrote this session, so it is read-only; 4 of its steps are "
    "unknown here and left out; your steps are saved in a copy; update the program to continue "
    "the original session."
)


def header(of, **changes):
    about = {"format": FORMAT + 1, "table": of.identity, "name": "hunt", "patches": len(of)}
    return json.dumps(about | {"path": str(of.path), "project": {"of": "Ada"}} | changes)


def content(table, *lines):
    return "".join(f"{line}\n" for line in (header(table), *lines)).encode()


@pytest.fixture
def table(stored_table):
    return stored_table


@pytest.fixture
def newer(table):
    """File of a session 'hunt' of the next format, as a newer program left it."""
    path = session_file(table, "hunt")
    path.parent.mkdir(parents=True)
    path.write_bytes(content(table, *LINES))
    return path


def test_it_opens_as_far_as_it_is_understood_and_says_so(table, newer):
    workspace = Workspace(table, name="hunt")
    assert workspace.session.positives == (0, 4)
    assert workspace.session.negatives == (1,)
    assert dict(workspace.session.decisions.notes) == {7: "tracks"}
    assert not workspace.session.decisions.verdicts
    assert workspace.status == f"{newer}: {SAID}"
    assert workspace.aside
    assert not workspace.can_take_over
    assert workspace.names == ("hunt",)  # to look only leaves nothing behind
    assert not is_locked(newer)


def test_where_every_step_is_known_it_is_read_only_all_the_same(table, newer):
    known = [json.loads(line) for line in (header(table), *KNOWN)]
    before = "".join(map(line_of, known)).encode()
    newer.write_bytes(before)
    workspace = Workspace(table, name="hunt")
    assert "read-only; your steps are saved in a copy" in workspace.status
    assert "unknown" not in workspace.status
    assert not workspace.look()  # there is nothing to rejoin
    workspace.session.mark(11, "negative")
    assert workspace.name == "hunt (2)"
    assert newer.read_bytes() == before


def test_steps_go_into_a_copy_and_the_file_stays_as_it_is(table, newer):
    before = newer.read_bytes()
    workspace = Workspace(table, name="hunt")
    workspace.session.mark(12, "positive")
    assert workspace.name == "hunt (2)"
    workspace.session.undo()
    workspace.session.redo()
    workspace.session.threshold = 0.2
    assert workspace.trouble == ""
    workspace.close()
    assert newer.read_bytes() == before
    again = Workspace(table, name="hunt (2)")
    assert again.session.positives == (0, 4, 12)
    assert again.session.threshold == 0.2
    assert not again.aside
    assert again.status == ""
    assert read_record(again.path).header["format"] == FORMAT
    steps = [json.loads(line) for line in again.path.read_text().splitlines()[1:]]
    assert steps[: len(KNOWN)] == [json.loads(line) for line in KNOWN]


def undo_everything(workspace, tmp_path):
    while workspace.session.can_undo:
        workspace.session.undo()


def look_and_take_over(workspace, tmp_path):
    assert not workspace.look()
    assert workspace.take_over() == ""
    workspace.session.mark(20, "negative")
    assert not workspace.look()
    assert workspace.take_over() == ""


def save(workspace, tmp_path):
    workspace.save_copy(tmp_path / "copy.jsonl")


def bring(workspace, tmp_path):
    workspace.import_file(workspace.path)


def merge(workspace, tmp_path):
    found = workspace.difference(Session(workspace.table).decisions)
    workspace.session.merge([*found.decided("theirs"), (33, "note", "merged")])


def open_others(workspace, tmp_path):
    workspace.begin("another")
    workspace.open("hunt")
    workspace.read("hunt")


@pytest.mark.parametrize(
    "what", [undo_everything, look_and_take_over, save, bring, merge, open_others]
)
def test_nothing_that_is_done_writes_into_it(table, newer, tmp_path, what):
    before = newer.read_bytes()
    workspace = Workspace(table, name="hunt")
    what(workspace, tmp_path)
    workspace.close()
    assert newer.read_bytes() == before
    assert not list(newer.parent.glob("*.damaged"))


def test_two_windows_may_look_at_it(table, newer):
    first, second = Workspace(table, name="hunt"), Workspace(table, name="hunt")
    first.session.mark(20, "positive")
    second.session.mark(30, "positive")
    assert (first.name, second.name) == ("hunt (2)", "hunt (3)")
    assert first.trouble == second.trouble == ""


def test_a_copy_is_the_same_byte_for_byte(table, newer, tmp_path):
    Workspace(table, name="hunt").save_copy(tmp_path / "copy.jsonl")
    assert (tmp_path / "copy.jsonl").read_bytes() == newer.read_bytes()
    assert main(["sessions", "export", "hunt", "-o", str(tmp_path / "other.jsonl")]) == 0
    assert (tmp_path / "other.jsonl").read_bytes() == newer.read_bytes()


def test_an_import_keeps_what_is_unknown_byte_for_byte(table, newer):
    name, record = Workspace(table).import_file(newer)
    assert name == "hunt (2)"
    assert len(record.unknown) == 4  # two of them are only found by repeating them
    first, _, steps = session_file(table, name).read_bytes().partition(b"\n")
    assert steps == newer.read_bytes().partition(b"\n")[2]
    assert json.loads(first) == json.loads(header(table, name=name, path=str(table.path)))
    workspace = Workspace(table, name=name)
    assert SAID in workspace.status
    assert workspace.session.positives == (0, 4)


def test_it_is_merged_into_a_session_of_today_but_nothing_into_it(table, newer, capsys):
    mine = Workspace(table, name="mine")
    mine.session.mark(30, "positive")
    theirs, record = mine.read("hunt")
    assert SAID in record.warning
    mine.session.merge(mine.difference(theirs).decided("theirs"), "hunt")
    assert mine.session.positives == (30, 0, 4)
    mine.close()
    before = newer.read_bytes()
    assert main(["sessions", "merge", "hunt", "mine", "-o", "both", "--take", "mine"]) == 2
    assert SAID in capsys.readouterr().err
    assert newer.read_bytes() == before
    assert set(Workspace(table).names) == {"hunt", "mine"}


def test_a_script_reads_it_without_being_able_to_write(table, newer):
    session = Session(table)
    record = restore(newer, session)
    assert (record.newer, record.unknown, record.damaged) == (True, (3, 5, 6, 7), ())
    assert session.positives == (0, 4)
    session.mark(20, "positive")
    assert SAID in record.warning


def test_lines_that_are_no_json_are_damage_there_too(table, newer):
    newer.write_bytes(content(table, KNOWN[0], "rubbish", KNOWN[1]))
    record = read_record(newer)
    assert (record.damaged, record.unknown) == ((3,), ())


def test_undo_takes_back_the_step_that_is_unknown_here(table, newer):
    lines = [KNOWN[0], UNKNOWN[0], '{"verb":"undo"}', KNOWN[1], UNKNOWN[0], '{"verb":"undo"}']
    newer.write_bytes(content(table, *lines, '{"verb":"redo"}'))
    workspace = Workspace(table, name="hunt")
    assert (workspace.session.positives, workspace.session.negatives) == ((0, 4), (1,))
    assert not workspace.session.can_redo
    shown = workspace.session.decisions.templates.by_sign
    workspace.session.note(5, "mine")
    copy = Workspace(table, name="hunt (2)")
    assert copy.session.decisions.templates.by_sign == shown
    copy.session.undo()
    copy.session.undo()
    assert (copy.session.positives, copy.session.negatives) == ((0, 4), ())


def test_every_undo_and_redo_after_opening_changes_something(table, newer):
    newer.write_bytes(content(table, KNOWN[0], UNKNOWN[0], KNOWN[1], UNKNOWN[0]))
    session = Workspace(table, name="hunt").session
    session.undo()
    assert (session.positives, session.negatives) == ((0, 4), ())
    session.undo()
    assert (session.positives, session.can_undo) == ((), False)
    lines = [KNOWN[0], KNOWN[1], '{"verb":"undo"}', '{"verb":"redo"}', UNKNOWN[0]]
    newer.write_bytes(content(table, *lines, '{"verb":"undo"}', '{"verb":"undo"}'))
    session.resume(replay(read_record(newer))[0])
    assert (session.positives, session.negatives) == ((0, 4), ())
    session.redo()
    assert (session.negatives, session.can_redo) == ((1,), False)


def test_a_newer_session_of_another_table_is_said_to_be_that(table, newer):
    newer.write_bytes(f"{header(table, table='0' * 24)}\n".encode())
    with pytest.raises(SessionError, match="belongs to another table of 60 patches"):
        Workspace(table, name="hunt")


@pytest.mark.parametrize("number", [0, -1, True, "3", None, 2.5])
def test_a_format_is_a_number_from_1_on(table, newer, number):
    newer.write_bytes(f"{header(table, format=number)}\n".encode())
    with pytest.raises(SessionError, match="first line is not that of a session"):
        read_record(newer)


def test_in_a_format_of_today_what_is_unknown_is_damage(table, newer):
    lines = "".join(f"{line}\n" for line in (header(table, format=FORMAT), *LINES))
    newer.write_text(lines)
    history, record = replay(read_record(newer))
    assert (record.newer, record.unknown, record.damaged) == (False, (), (3, 5, 6, 7))
    assert history.present.templates.positives == (0, 4)


def test_in_a_format_of_today_an_undo_of_nothing_is_no_damage(table, newer):
    lines = (header(table, format=FORMAT), '{"verb":"undo"}', KNOWN[0])
    newer.write_text("".join(f"{line}\n" for line in lines))
    _, record = replay(read_record(newer))
    assert (len(record.entries), record.damaged) == (2, ())


def test_a_session_of_another_number_of_patches_is_refused(table, newer):
    newer.write_text(header(table, format=FORMAT, patches=59) + "\n")
    with pytest.raises(SessionError, match="belongs to another table of 59 patches"):
        Workspace(table, name="hunt")
