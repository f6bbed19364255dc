"""docs/scorers.md holds what the study prints today, and bears out what the app recommends."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from rareearth_explorer.hunt.review_order import OF_THE_ACTIVE, RECOMMENDED
from rareearth_explorer.score.scorers import SCORERS
from rareearth_explorer.study.labelled import Labelled
from rareearth_explorer.study.markdown import Effort, study

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[1]
DOC = (REPOSITORY / "docs" / "scorers.md").read_text()
PRINTED = re.search(r"<!-- study -->\n(.*)<!-- /study -->", DOC, re.S)[1]
SECTIONS = {block.splitlines()[0]: block for block in PRINTED.split("## ")[1:]}
README = (REPOSITORY / "README.md").read_text()


def tables_of(text):
    """Rows of cells of every table in a Markdown text."""
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        for block in text.split("\n\n")
        if block.startswith("|")
    ]


def words_of(table):
    """Heads, and the cells of each row that are no measurements."""
    words = table[0].index(next(h for h in table[0] if re.match(r"k = |\d+%", h)))
    return table[0], [row[:words] for row in table[2:]]


@pytest.fixture(scope="module")
def printed_today():
    """What the study prints of patches of no interest, with as many mines as k = 20 asks for."""
    rng = np.random.default_rng(0)
    rows = rng.random((120, 4), np.float32) + 1
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    data = Labelled("made up", units, np.arange(120) < 45)
    return tables_of("\n\n".join(study(data, Effort(draws=1, hunts=1, limit=1))))


@pytest.mark.parametrize("section", SECTIONS)
def test_the_tables_are_those_that_the_study_prints(section, printed_today):
    tables = tables_of(SECTIONS[section])
    assert [words_of(table) for table in tables] == [words_of(table) for table in printed_today]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_effort_is_what_the_command_takes_by_itself(section):
    assert str(Effort()) in SECTIONS[section]


def test_synthetic_is_called_synthetic_and_real_real():
    assert len(SECTIONS) == 3
    assert [("synthetic" in name, "real pixels" in name) for name in SECTIONS] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def clicks_to_80(section, column, scorer):
    """Clicks by what stands in a column, of the rows that begin with a scorer's title."""
    table = tables_of(SECTIONS[section])[3 if column else 2]
    at = table[0].index("80%")
    return {row[column]: number(row[at]) for row in table[2:] if row[0] == scorer or not column}


def number(cell):
    return np.inf if cell.startswith("over") else int(cell.split()[0].replace(",", ""))


@pytest.mark.parametrize("scorer", [scorer.title for scorer in SCORERS.values()])
@pytest.mark.parametrize("section", SECTIONS)
def test_the_recommended_order_finds_80_percent_with_the_fewest_clicks(section, scorer):
    clicks = clicks_to_80(section, 1, scorer)
    best = clicks.pop(RECOMMENDED.value)
    others = [
        count for order, count in clicks.items() if not order.startswith("best first, rescored")
    ]
    assert len(others) >= len(OF_THE_ACTIVE) - 1
    assert best < min(others)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_scorer_beside_the_papers_earns_its_place(section):
    clicks = clicks_to_80(section, 0, None)
    paper, other = (clicks[scorer.title] for scorer in SCORERS.values())
    assert other < paper
    assert other < clicks["cosine, positives alone"]


README_SECTION = re.search(r"## How well it works\n(.*?)\n## ", README, re.S)[1]
PROSE = re.search(r"## What to choose\n(.*?)## The first look", DOC, re.S)[1]


@pytest.mark.parametrize("text", [README_SECTION, PROSE], ids=["README", "docs"])
def test_figures_in_words_are_those_printed(text):
    figures = set(re.findall(r"\.\d{3}|\d,\d{3}", text))
    assert len(figures) > 10
    assert figures <= set(re.findall(r"\.\d{3}|\d,\d{3}", PRINTED))
