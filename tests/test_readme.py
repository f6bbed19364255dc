"""The README names only what there is."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from rareearth_explorer.cli.main import build_parser

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text()
CONSOLE = "\n".join(re.findall(r"```console\n(.*?)```", README, re.S))
COMMANDS = [line.split("#")[0].strip() for line in CONSOLE.splitlines()]


@pytest.mark.parametrize("target", sorted({c.split()[1] for c in COMMANDS if c[:5] == "make "}))
def test_make_targets_exist(target):
    assert re.search(rf"^{target}:", (REPOSITORY / "Makefile").read_text(), re.M)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("rareearth-explorer")])
def test_commands_parse(command):
    options = build_parser().parse_args(shlex.split(command)[1:])
    assert callable(options.run)


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


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_linked_files_exist(link):
    assert (REPOSITORY / link).exists()
