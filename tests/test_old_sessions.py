"""Sessions of format 1, which version 0.1 wrote: they are found, and all of them is there.

The files in tests/data/sessions_of_format_1 were written by the program of that time; only the
path of the table in their first lines was changed. `expected.json` is what it showed then.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from rareearth_explorer.cli import main
from rareearth_explorer.data.table import PatchTable, TableWriter, open_table
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Session, Workspace
from rareearth_explorer.hunt.statements import statements
from rareearth_explorer.hunt.store.format import FORMAT, read_record
from rareearth_explorer.hunt.store.journal import restore
from rareearth_explorer.hunt.store.library import find_session, saved_sessions, sessions_folder
from rareearth_explorer.hunt.store.table_identity import first_identities

WRITTEN = Path(__file__).parent / "data" / "sessions_of_format_1"
EXPECTED = json.loads((WRITTEN / "expected.json").read_text())
OLD_IDENTITY = "dfc06d3f16e556c555b9412f"


@pytest.fixture
def table(tmp_path):
    shutil.copy(WRITTEN / "table.parquet", tmp_path / "table.parquet")
    return open_table(tmp_path / "table.parquet")


@pytest.fixture
def old_folder():
    """The sessions where the program of that time kept them."""
    folder = sessions_folder() / OLD_IDENTITY
    folder.mkdir(parents=True)
    for name in ("old hunt", "second"):
        shutil.copy(WRITTEN / f"{name}.jsonl", folder)
    return folder


def is_as_expected(session):
    decisions = session.decisions
    assert list(session.positives) == EXPECTED["positives"]
    assert list(session.negatives) == EXPECTED["negatives"]
    assert dict(decisions.verdicts) == {int(p): v for p, v in EXPECTED["verdicts"].items()}
    assert dict(decisions.notes) == {int(p): text for p, text in EXPECTED["notes"].items()}
    assert sorted(decisions.muted) == EXPECTED["muted"]
    assert list(decisions.audit.sample) == EXPECTED["audit"]
    assert np.flatnonzero(decisions.audit.pile.flags).tolist() == EXPECTED["pile"]
    assert np.flatnonzero(decisions.audit.discarded.flags).tolist() == EXPECTED["discarded"]
    scoring = (decisions.scoring.scorer, decisions.scoring.weight)
    assert scoring == (EXPECTED["scorer"], EXPECTED["weight"])
    assert session.threshold == EXPECTED["threshold"]
    rounds = [
        {"threshold": r.threshold, "kept": np.flatnonzero(r.active).tolist()}
        for r in decisions.rounds
    ]
    assert rounds == EXPECTED["rounds"]
    assert [len(branch.rounds) for branch in decisions.branches] == EXPECTED["branches"]
    np.testing.assert_allclose(session.scores, EXPECTED["scores"], atol=2e-5)
    np.testing.assert_array_equal(session.ranking, EXPECTED["ranking"])


def test_the_files_are_of_format_1_and_hold_every_verb():
    lines = [json.loads(line) for line in (WRITTEN / "old hunt.jsonl").read_text().splitlines()]
    assert lines[0]["format"] == 1
    verbs = "mark unmark judge note aim keep mute back visit audit score_by merge undo redo"
    assert {line["verb"] for line in lines[1:]} == {*verbs.split()}


def test_an_old_session_is_found_by_its_name_in_the_old_folder(table, old_folder):
    assert table.identity != OLD_IDENTITY
    assert set(saved_sessions(table)) == {"old hunt", "second"}
    assert find_session("old hunt", table) == old_folder / "old hunt.jsonl"
    workspace = Workspace(table, name="old hunt")
    assert workspace.path == old_folder / "old hunt.jsonl"
    assert set(workspace.names) == {"old hunt", "second"}
    with pytest.raises(SessionError, match="There is a session 'second' already"):
        workspace.begin("second")


def test_an_old_session_opens_as_it_was(table, old_folder):
    workspace = Workspace(table, name="old hunt")
    is_as_expected(workspace.session)
    assert workspace.status == workspace.trouble == ""
    assert not workspace.aside
    session = workspace.session
    while session.can_undo:  # and so is everything before
        session.undo()
    assert not session.decisions.templates
    while session.can_redo:
        session.redo()
    is_as_expected(session)


def test_opening_upgrades_the_file_with_every_step(table, old_folder):
    lines = (WRITTEN / "old hunt.jsonl").read_bytes().splitlines()
    Workspace(table, name="old hunt").close()
    header, *steps = (old_folder / "old hunt.jsonl").read_bytes().splitlines()
    assert steps == lines[1:]
    assert json.loads(header) == {
        "format": FORMAT,
        "table": table.identity,
        "name": "old hunt",
        "patches": 60,
        "path": "/data/table.parquet",
    }
    assert not list(old_folder.glob("*.damaged"))
    again = Workspace(table, name="old hunt")
    is_as_expected(again.session)
    assert again.path == old_folder / "old hunt.jsonl"


def test_an_old_session_that_another_window_has_is_left_as_it_is(table, old_folder):
    from filelock import FileLock

    content = (WRITTEN / "old hunt.jsonl").read_bytes()
    with FileLock(old_folder / "old hunt.lock"):
        workspace = Workspace(table, name="old hunt")
        is_as_expected(workspace.session)
        workspace.session.mark(33, "positive")
        assert workspace.name == "old hunt (2)"
        workspace.close()
    assert (old_folder / "old hunt.jsonl").read_bytes() == content
    assert read_record(old_folder / "old hunt (2).jsonl").header["format"] == FORMAT
    assert 33 in Workspace(table, name="old hunt (2)").session.positives


def test_damaged_files_hide_no_session_beside_them(table, old_folder):
    for number in range(20):
        (old_folder / f"damaged {number}.jsonl").write_text("rubbish")
    assert "old hunt" in saved_sessions(table)


def test_a_damaged_old_session_loses_one_step_and_no_byte(table, old_folder):
    path = old_folder / "old hunt.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[9] = b"rubbish\n"
    path.write_bytes(b"".join(lines))
    workspace = Workspace(table, name="old hunt")
    assert "line 10 is damaged" in workspace.status
    assert workspace.steps == len(lines) - 2
    assert (old_folder / "old hunt.damaged").read_bytes() == b"".join(lines)


def test_a_file_of_format_1_is_imported(table):
    workspace = Workspace(table)
    name, record = workspace.import_file(WRITTEN / "old hunt.jsonl")
    assert (name, record.warning) == ("old hunt", "")
    workspace.open(name)
    is_as_expected(workspace.session)
    assert workspace.path.parent.name == table.identity


def test_a_copy_of_an_old_session_opens_elsewhere(table, old_folder, tmp_path, monkeypatch):
    main(["sessions", "export", "old hunt", "-o", str(tmp_path / "copy.jsonl")])
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    arguments = ["import", str(tmp_path / "copy.jsonl"), "--table", str(table.path)]
    assert main(["sessions", *arguments]) == 0
    is_as_expected(Workspace(table, name="old hunt").session)


def test_old_sessions_are_listed(old_folder, capsys):
    assert main(["sessions"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    (row,) = (line for line in told.out.splitlines() if line.startswith("old hunt"))
    assert "5 positive, 4 negative, 4 rejected, 2 skipped, 2 notes, round 3" in row


def test_old_sessions_are_merged(table, old_folder):
    command = ["sessions", "merge", "second", "old hunt", "-o", "both", "--take", "theirs"]
    assert main([*command, "--table", str(table.path)]) == 0
    assert read_record(find_session("both", table)).header["name"] == "both"
    both, mine, theirs = Session(table), Session(table), Session(table)
    restore(find_session("both", table), both)
    restore(WRITTEN / "second.jsonl", mine)
    restore(WRITTEN / "old hunt.jsonl", theirs)
    merged = statements(mine.decisions) | statements(theirs.decisions)
    assert statements(both.decisions) == merged
    both.undo()
    assert statements(both.decisions) == statements(mine.decisions) != merged


def test_an_old_session_is_exported(table, old_folder, tmp_path):
    out = tmp_path / "verdicts.geojson"
    command = ["export", "old hunt", "-o", str(out), "--what", "verdicts"]
    assert main([*command, "--table", str(table.path)]) == 0
    judged_or_noted = {*map(int, EXPECTED["verdicts"]), *map(int, EXPECTED["notes"])}
    assert sorted(gpd.read_file(out)["patch"]) == sorted(judged_or_noted)


def test_two_dates_are_compared_by_an_old_session(table, old_folder, tmp_path, capsys):
    later = tmp_path / "later.parquet"
    with TableWriter(later, table.dim, table.metadata) as writer:
        writer.append(table.row, table.column, table.corners, table.embeddings[::-1])
    command = ["compare", str(table.path), str(later), "--session", "old hunt"]
    assert main(command) == 0
    assert "60 patches are in both tables" in capsys.readouterr().out


# The identity of that time ------------------------------------------------------------------


def identity_of_format_1(table, units):
    """What version 0.1 took for the identity of a table, had its numpy given these rows."""
    digest = hashlib.blake2b(digest_size=12)
    digest.update(f"{len(table)} {table.dim}".encode())
    digest.update(np.ascontiguousarray(table.corners.round(7)).tobytes())
    sample = np.linspace(0, len(table) - 1, num=min(64, len(table)), dtype=int)
    digest.update(np.ascontiguousarray(units[sample].round(4) + 0.0).tobytes())
    return digest.hexdigest()


def in_double_precision(embeddings):
    rows = embeddings.astype(np.float64)
    return (rows / np.sqrt((rows**2).sum(axis=1, keepdims=True))).astype(np.float32)


def summed_one_by_one(embeddings):
    squares = np.cumsum(embeddings**2, axis=1, dtype=np.float32)[:, -1:]
    return embeddings / np.sqrt(squares)


def tables_of_many_values():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        corners = rng.random((64, 4, 2))
        yield PatchTable.from_arrays(rng.normal(1, 1, (64, 256)), corners)


def test_the_identity_of_the_file_is_that_of_its_table(table):
    assert identity_of_format_1(table, table.unit_embeddings) == OLD_IDENTITY
    assert OLD_IDENTITY in first_identities(table)


@pytest.mark.slow
@pytest.mark.parametrize("normalised", [in_double_precision, summed_one_by_one])
def test_another_order_of_summation_loses_no_session(normalised):
    other = 0
    for table in tables_of_many_values():
        identity = identity_of_format_1(table, normalised(table.embeddings))
        other += identity != identity_of_format_1(table, table.unit_embeddings)
        assert identity in first_identities(table)
    assert other  # otherwise nothing was tried


def test_a_session_kept_under_another_rounding_is_found_by_name():
    for table in tables_of_many_values():
        identity = identity_of_format_1(table, in_double_precision(table.embeddings))
        if identity != identity_of_format_1(table, table.unit_embeddings):
            break
    else:
        pytest.fail("no table has another identity under the other rounding")
    folder = sessions_folder() / identity
    folder.mkdir(parents=True)
    header = {"format": 1, "table": identity, "name": "hunt", "patches": 64, "path": None}
    step = {"verb": "mark", "patch": [3], "sign": "positive"}
    (folder / "hunt.jsonl").write_text(f"{json.dumps(header)}\n{json.dumps(step)}\n")
    workspace = Workspace(table, name="hunt")
    assert workspace.session.positives == (3,)
    assert workspace.path == folder / "hunt.jsonl"


def test_a_session_of_another_table_of_the_same_size_is_not_found(table, old_folder):
    changed = table.embeddings.copy()
    changed[0, 0] += 0.01
    other = PatchTable.from_arrays(changed, table.corners)
    assert saved_sessions(other) == []
    with pytest.raises(SessionError, match="belongs to another table of 60 patches, /data/table"):
        Workspace(other).import_file(WRITTEN / "old hunt.jsonl")
