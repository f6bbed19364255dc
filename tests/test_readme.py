"""The README's map of the code is whole; test_docs.py checks the rest of it."""

from __future__ import annotations

import importlib.util
import re

import pytest
from documents import REPOSITORY, Document

README = Document(REPOSITORY / "README.md").text


@pytest.mark.parametrize(
    "module", re.findall(r"`(\w+)`", "".join(re.findall(r"^\| \d \| (.*?) \|", README, re.M)))
)
def test_modules_exist(module):
    assert importlib.util.find_spec(f"rareearth_explorer.{module}")


def test_every_module_is_on_the_map():
    there = {
        p.stem for p in (REPOSITORY / "rareearth_explorer").iterdir() if p.suffix in ("", ".py")
    }
    there -= {"__init__", "__pycache__"}
    named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| \d \| (.*?) \|", README, re.M))))
    assert named == there
