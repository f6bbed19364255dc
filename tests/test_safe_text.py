"""Text from files: no control characters, no half surrogates, no formulas in CSV."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.cli import main
from rareearth_explorer.data.storage.safe_text import cell, csv_of, plain

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Also half surrogates and control characters."""


@given(ANY_TEXT)
def test_plain_text_fits_into_utf8_and_xml(text):
    safe = plain(text)
    assert len(safe) == len(text)
    element = ET.Element("note")
    element.text = safe
    again = ET.fromstring(ET.tostring(element, "utf-8")).text or ""
    assert again == safe.replace("\r\n", "\n").replace("\r", "\n")


def test_plain_text_keeps_what_people_write():
    text = "Größe 3 m²\n\tအမည် 稀土 🏔 “a” <b> & $"
    assert plain(text) == text


@pytest.mark.parametrize("sign", [*"=+-@|%", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
@pytest.mark.parametrize("before", ["", " ", "\t", "\n", '"', "'", "a;", "a\n", "a\t ", 'a;"'])
def test_no_cell_begins_a_formula_for_any_separator(sign, before):
    safe = cell(f"{before}{sign}cmd|' /C calc'!A0")
    for separator in ("no", ";", "\t", "\n"):
        for part in safe.split(separator):
            assert not part.strip(' \t\n"').startswith(sign)


@pytest.mark.parametrize("text", ["", "a - b", "a=b", "1+1", "roof, not a pool", "-3.5", "+1e-3"])
def test_other_cells_stay(text):
    assert cell(text) == text


@given(st.text(), ANY_TEXT, st.floats(allow_nan=False, allow_infinity=False))
def test_a_table_is_written_whole_and_its_numbers_stay(name, text, number):
    frame = pd.DataFrame({f"x{name}": [number], "note": pd.Series([text], dtype=object)})
    written = csv_of(frame).encode().decode()
    (heading, line) = csv.reader(io.StringIO(written, newline=""))
    assert heading == [cell(f"x{name}"), "note"]
    assert float(line[0]) == number
    assert line[1] == cell(text)


def test_what_is_missing_stays_empty():
    frame = pd.DataFrame({"note": pd.array([None, "=1"], dtype="string"), "use": [None, True]})
    assert csv_of(frame).splitlines() == ["note,use", ",", "'=1,True"]


def test_a_sentence_that_quotes_a_crafted_file_is_short(tmp_path, capsys):
    path = tmp_path / "deep.csv"
    path.write_text("[" * 100_000)
    assert main(["info", str(path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{path}: there is no longitude")
    assert len(said) < 2000
    assert said.endswith(".\n")
