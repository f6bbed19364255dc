"""CONTRIBUTING's worked examples run as they stand, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text()


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", TEXT, re.S))
def test_examples_run(code):
    exec(compile(code, "CONTRIBUTING.md", "exec"), {"__name__": "example"})


@pytest.mark.parametrize(
    "path", re.findall(r"`((?:rareearth_explorer|app|embedding)/[\w/.]*)`", TEXT)
)
def test_what_is_named_is_there(path):
    folders = (REPOSITORY, REPOSITORY / "rareearth_explorer")
    assert any((folder / path).exists() for folder in folders)
