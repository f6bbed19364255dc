"""The built JavaScript and Python's end of it; `js/check` tests what is in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rareearth_explorer.widgets.frontend import FrontendWidget
from rareearth_explorer.widgets.keyboard.keyboard_panel import KeyListener
from rareearth_explorer.widgets.map.bridge import MapBridge
from rareearth_explorer.widgets.review.sheet import ChipSheet

JS = Path(__file__).resolve().parents[1] / "js"
INTERFACES = {MapBridge: "MapTraits", KeyListener: "KeyTraits", ChipSheet: "SheetTraits"}


@pytest.mark.parametrize("widget", INTERFACES)
def test_the_types_of_the_javascript_name_just_the_traits_of_python(widget):
    """With it, the type checker finds a trait that JavaScript reads and Python does not have."""
    name = INTERFACES[widget]
    types = (JS / "src" / "types.d.ts").read_text()
    (body,) = re.findall(rf"interface {name} extends WidgetTraits {{\n(.*?)^}}", types, re.S | re.M)
    named = set(re.findall(r"^  (\w+):", body, re.M))
    assert named | {"script"} == set(widget.class_own_traits(sync=True))


def test_every_widget_is_in_the_built_file():
    (names,) = re.findall(r"^var WIDGETS = {(.*?)};$", str(FrontendWidget._esm), re.M)
    there = {entry.split(":")[0].strip() for entry in names.split(",")}
    assert there == {widget.script.default_value for widget in FrontendWidget.__subclasses__()}


def test_the_lock_names_no_host_to_install_from():
    assert '"resolved"' not in (JS / "package-lock.json").read_text()


def test_the_commands_that_contributing_names_are_there():
    named = re.findall(r"npm run (\w+)", (JS.parent / "CONTRIBUTING.md").read_text())
    assert named
    assert set(named) <= set(json.loads((JS / "package.json").read_text())["scripts"])


@pytest.mark.parametrize(("ci", "code"), [({}, 0), ({"CI": "true"}, 1)])
def test_without_npm_the_checks_are_skipped_but_not_in_continuous_integration(tmp_path, ci, code):
    shell = shutil.which("sh")
    (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    checked = subprocess.run(
        [shell, JS / "check"], env=environment | ci | {"PATH": str(tmp_path)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == code
    assert "npm is not installed: the JavaScript is not checked." in checked.stdout
