"""`rareearth-explorer sessions`: every session listed, moved and merged from the command line."""

from __future__ import annotations

import csv
import io
import re
import shutil
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rareearth_explorer.cli import main
from rareearth_explorer.data.table import TableWriter, open_table
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.statements import statements
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.hunt.store.library import saved_sessions


def write_table(table, path, rows=60):
    with TableWriter(path, table.dim, table.metadata) as writer:
        writer.append(
            table.row[:rows], table.column[:rows], table.corners[:rows], table.embeddings[:rows]
        )
    return open_table(path)


@pytest.fixture
def table(small_table, tmp_path):
    return write_table(small_table, tmp_path / "t.parquet")


@pytest.fixture
def hunts(table):
    """Two analysts' sessions: they agree on patch 4 and differ on 0 and 7."""
    for name, sign, verdict in (("anna", "positive", "confirmed"), ("bo", "negative", "rejected")):
        session = Session(table)
        Journal.named(table, name).attach(session)
        session.mark(4, "positive")
        session.mark(0, sign)
        session.judge(7, verdict)
        session.note(20 if name == "anna" else 21, f"by {name}")


def opened(table, name):
    session = Session(table)
    Journal.named(table, name).attach(session)
    return session


def test_sessions_are_listed_with_dates_counts_and_table(hunts, table, capsys):
    assert main(["sessions"]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert re.split(" {2,}", heading)[:3] == ["session", "created", "last step"]
    (anna,) = (row for row in rows if row.startswith("anna"))
    assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", anna)) == 2
    assert re.split(" {2,}", anna)[3:] == [
        *("4", "2 positive, 1 confirmed, 1 notes, round 1", "60", str(table.path))
    ]
    assert len(rows) == 2


def test_without_sessions_it_says_so(capsys):
    assert main(["sessions"]) == 0
    assert "no saved session yet" in capsys.readouterr().out


def test_what_is_no_session_is_said_and_the_rest_listed(hunts, table, capsys):
    Journal.named(table, "broken").path.write_text("rubbish")
    assert main(["sessions"]) == 0
    said = capsys.readouterr()
    assert "broken.jsonl: its first line" in said.err
    assert len(said.out.splitlines()) == 3


def test_out_and_in_on_another_machine(hunts, table, tmp_path, monkeypatch, capsys):
    target = tmp_path / "anna's hunt.jsonl"
    assert main(["sessions", "export", "anna", "-o", str(target)]) == 0
    before = opened(table, "anna").state
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    moved = tmp_path / "moved.parquet"
    shutil.move(table.path, moved)
    assert main(["sessions", "import", str(target), "--table", str(moved), "--name", "a"]) == 0
    assert "Session 'a': 4 steps" in capsys.readouterr().out
    after = opened(open_table(moved), "a").state
    assert statements(after.decisions) == statements(before.decisions)
    assert main(["export", "a", "-o", str(tmp_path / "out.csv")]) == 0  # it knows where that is


def test_labels_in_no_patch_are_counted_when_a_list_is_exported(hunts, table, tmp_path, capsys):
    labels, out = tmp_path / "pools.csv", tmp_path / "out.csv"
    lon, lat = table.centroids[0]
    labels.write_text(f"lon,lat\n{lon},{lat}\n{lon},{lat + 5}\n,\n")
    assert main(["export", "anna", "--labels", str(labels), "-o", str(out)]) == 0
    said = "1 of 2 labels lie in patches, 1 in none"
    assert f"{labels}: {said}" in capsys.readouterr().err


def test_a_session_is_not_exported_onto_itself(hunts, table, capsys):
    path = Journal.named(table, "anna").path
    before = path.read_bytes()
    for output in (path, table.path):
        assert main(["sessions", "export", "anna", "--table", str(table.path), "-o", str(output)])
        assert "this is one of the files that are read" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_file_for_another_table_is_said(hunts, small_table, tmp_path, capsys):
    main(["sessions", "export", "anna", "-o", str(tmp_path / "a.jsonl")])
    write_table(small_table, tmp_path / "other.parquet", rows=50)
    arguments = ["import", str(tmp_path / "a.jsonl"), "--table", str(tmp_path / "other.parquet")]
    assert main(["sessions", *arguments]) == 2
    assert "belongs to another table of 60 patches" in capsys.readouterr().err


def test_a_damaged_file_is_said_and_the_rest_kept(hunts, table, tmp_path, capsys):
    path = Journal.named(table, "anna").path
    path.write_bytes(path.read_bytes()[:-5])
    assert main(["sessions", "export", "anna", "-o", str(tmp_path / "a.jsonl")]) == 0
    said = capsys.readouterr()
    assert "cut off" in said.err
    assert "3 steps" in said.out


def test_conflicts_are_listed_and_nothing_is_merged(hunts, table, capsys):
    assert main(["sessions", "merge", "anna", "bo", "-o", "both"]) == 2
    said = capsys.readouterr()
    lines = [line.split("\t") for line in said.out.splitlines()]
    assert [line[3:] for line in lines] == [
        ["subject", "mine", "theirs"],
        ["template", "positive", "negative"],
        ["verdict", "confirmed", "rejected"],
    ]
    assert "Nothing is merged yet" in said.err
    assert "--take" in said.err
    assert set(saved_sessions(table)) == {"anna", "bo"}


@pytest.mark.parametrize(("side", "sign"), [("mine", "positive"), ("theirs", "negative")])
def test_one_side_is_taken_for_all(hunts, table, side, sign):
    assert main(["sessions", "merge", "anna", "bo", "-o", "both", "--take", side]) == 0
    both = opened(table, "both")
    assert both.decisions.templates.sign_of(0) == sign
    assert dict(both.decisions.notes) == {20: "by anna", 21: "by bo"}
    both.undo()
    assert statements(both.decisions) == statements(opened(table, "anna").decisions)


def test_each_is_decided_in_a_file(hunts, table, tmp_path, capsys):
    arguments = ["sessions", "merge", "anna", "bo", "-o", str(tmp_path / "both.jsonl")]
    arguments += ["--decisions", str(tmp_path / "d.csv")]
    assert main(arguments) == 2
    assert "fill the column 'take'" in capsys.readouterr().err
    assert main(arguments) == 2
    assert "2 of 2 conflicts are not decided" in capsys.readouterr().err
    with (tmp_path / "d.csv").open(newline="") as file:
        rows = [*csv.DictReader(file)]
    for row in rows:
        row["take"] = "theirs" if row["subject"] == "verdict" else "mine"
    with (tmp_path / "d.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert main(arguments) == 0
    session = Session(table)
    Journal(tmp_path / "both.jsonl").attach(session)
    assert session.positives == (4, 0)
    assert dict(session.decisions.verdicts) == {7: "rejected"}
    assert main(arguments) == 2  # never over a session that is there
    assert "choose another name" in capsys.readouterr().err


def test_a_file_that_is_no_list_of_decisions_is_said(hunts, tmp_path, capsys):
    (tmp_path / "d.csv").write_text("a,b\n1,2\n")
    decisions = ["--decisions", str(tmp_path / "d.csv")]
    assert main(["sessions", "merge", "anna", "bo", "-o", "both", *decisions]) == 2
    assert "not a list of conflicts" in capsys.readouterr().err


CELLS = st.sampled_from(
    [
        "0",
        "7",
        "template",
        "verdict",
        "note",
        "mine",
        "theirs",
        " mine ",
        "",
        "-1",
        "1e3",
        "9" * 5000,
    ]
) | st.text(max_size=12)
HEADS = st.sampled_from(
    [
        "patch,lon,lat,subject,mine,theirs,take",
        "patch,subject,take",
        "take,patch",
        "",
        "\ufeffpatch",
    ]
)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=HEADS,
    rows=st.lists(st.lists(CELLS, max_size=8), max_size=6),
    junk=st.binary(max_size=8) | st.sampled_from([b"\x00", b'"', b"x" * 200_000, b"\xff\xfe"]),
    at=st.floats(0, 1),
)
def test_any_list_of_decisions_merges_or_is_said(hunts, tmp_path, head, rows, junk, at):
    """Only a list with one decision of each conflict merges; anything else is one line."""
    text = "\n".join([head, *(",".join(row) for row in rows)]).encode("utf-8", "surrogatepass")
    place = int(at * len(text))
    (tmp_path / "d.csv").write_bytes(text[:place] + junk + text[place:])
    both = tmp_path / "both.jsonl"
    both.unlink(missing_ok=True)
    err = io.StringIO()
    with redirect_stderr(err), redirect_stdout(io.StringIO()):
        status = main(
            [
                *("sessions", "merge", "anna", "bo", "-o", str(both)),
                "--decisions",
                str(tmp_path / "d.csv"),
            ]
        )
    assert (status == 0) == both.exists()
    assert status == 0 or (status == 2 and err.getvalue().count("\n") == 1)


@pytest.mark.parametrize(
    "text",
    [
        "patch,subject,take\n0\n",
        "patch,subject,take\n,template,mine\n",
        "patch,subject,take\n0,template\n",
        "patch,subject,take\n0,template,mine\n0,template,theirs\n7,verdict,mine\n",
    ],
)
def test_a_list_that_decides_nothing_or_twice_is_said(hunts, tmp_path, capsys, text):
    (tmp_path / "d.csv").write_text(text)
    both = tmp_path / "both.jsonl"
    decisions = ["--decisions", str(tmp_path / "d.csv")]
    assert main(["sessions", "merge", "anna", "bo", "-o", str(both), *decisions]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"{tmp_path / 'd.csv'}: ")
    assert err.count("\n") == 1
    assert not both.exists()
