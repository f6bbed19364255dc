"""Any JSON in a session's file is a session with less in it, or a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rareearth_explorer.cli import main
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.decisions import Decisions
from rareearth_explorer.hunt.history import MOVES
from rareearth_explorer.hunt.patch_mask import PatchMask
from rareearth_explorer.hunt.steps import MOST_ROUNDS, STEPS
from rareearth_explorer.hunt.store.format import MOST_NAMED, read_header, read_record, replay
from rareearth_explorer.hunt.store.summary import counts, dates
from rareearth_explorer.hunt.store.table_identity import header_of

CASES = Path(__file__).parent / "data" / "cases" / "fuzz"

NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, 2**63, -(2**63), 1e308])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
HEADERS = st.fixed_dictionaries(
    {"format": VALUES | st.integers(1, 4), "patches": VALUES | st.integers(1, 70)},
    optional={"table": VALUES, "name": VALUES, "path": VALUES, "more": VALUES},
)
ARGUMENTS = ("patch", "sign", "muted", "scorer", "weight", "verdict", "mark", "text", "said")
ARGUMENTS += ("source", "threshold", "mask", "rows", "to", "branch", "patches", "pile", "time")
ENTRIES = st.builds(
    lambda verb, rest: {"verb": verb, **rest},
    st.sampled_from([*STEPS, *MOVES, "fly"]) | VALUES,
    st.dictionaries(st.sampled_from(ARGUMENTS), VALUES | st.integers(0, 63), max_size=4),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("sessions") / "s.jsonl"


@given(header=HEADERS, entries=st.lists(ENTRIES | VALUES, max_size=6))
@example(header={"format": 3, "patches": 1}, entries=[{"verb": "undo"}])
def test_any_json_is_replayed_or_refused(path, header, entries):
    path.write_text("\n".join(map(json.dumps, (header, *entries))))
    try:
        assert read_header(path)["patches"] > 0
        record = read_record(path)
    except SessionError:
        return
    history, told = replay(record)
    told_of = len(told.entries) + len(told.damaged) + len(told.unknown) + told.cut_off
    # An undo in a newer session may take back a step that is unknown here; then it is neither.
    assert told_of <= len(entries) if record.newer else told_of == len(entries)
    assert counts(history.present)
    assert dates(told) is None or len(dates(told)) == 2
    for note in history.present.notes.values():
        note.encode()


@given(content=st.binary(max_size=200))
def test_any_bytes_are_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(SessionError):
        read_record(path)


def test_a_session_has_so_many_rounds_and_branches():
    decisions, mask = Decisions.none(9), PatchMask.of_all(9).text()
    for _ in range(MOST_ROUNDS - 1):
        decisions = STEPS["keep"](decisions, threshold=0, mask=mask)
    with pytest.raises(SessionError, match="1,000 rounds at most"):
        STEPS["keep"](decisions, threshold=0, mask=mask)
    full = decisions.with_(branches=(decisions,) * MOST_ROUNDS)
    with pytest.raises(SessionError, match="1,000 branches at most"):
        STEPS["back"](full, to=0)
    for threshold in ("nan", "inf"):
        with pytest.raises(SessionError, match="is a number from -1 to 1"):
            STEPS["keep"](Decisions.none(9), threshold=threshold, mask=mask)


def test_a_warning_names_the_first_damaged_lines(path):
    path.write_text('{"format": 2, "patches": 9, "table": "x"}\n' + "no\n" * 500)
    _, record = replay(read_record(path))
    assert len(record.damaged) == 500
    assert f"11 and {500 - MOST_NAMED} more are damaged" in record.warning


@pytest.mark.parametrize("name", ["s_bad33", "s_bad45", "s_bad60", "s_head23", "s_head31"])
@pytest.mark.parametrize("verb", ["import", "merge", "export", "list"])
def test_the_cases_end_in_a_sentence_or_are_taken(stored_table, tmp_path, capsys, name, verb):
    lines = (CASES / f"{name}.jsonl").read_text().splitlines()
    header = {**json.loads(lines[0]), **header_of(stored_table, "seed")}
    header["path"] = json.loads(lines[0])["path"]
    path = tmp_path / "s.jsonl"
    path.write_text("\n".join([json.dumps(header), *lines[1:]]) + "\n")
    table = ["--table", str(stored_table.path)]
    status = {
        "import": lambda: main(["sessions", "import", str(path), *table]),
        "merge": lambda: main(["sessions", "merge", str(path), str(path), "-o", "both", *table]),
        "export": lambda: main(["export", str(path), *table, "-o", str(tmp_path / "o.kml")]),
        "list": lambda: main(["sessions", "import", str(path), *table]) or main(["sessions"]),
    }[verb]()
    taken = {"s_bad33", "s_bad45", "s_bad60", "s_head23"}
    assert status == (0 if name in taken else 2)
    said = capsys.readouterr().err
    if name in ("s_bad45", "s_bad60"):
        assert "line 3 is damaged and left out" in said
    if name == "s_head31":
        assert "its first line is not that of a session" in said
