"""The documentation builds without a warning, and its code, commands and links are good today."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from documents import REPOSITORY, Document, pages
from patience import PATIENCE
from processes import running

from rareearth_explorer import stac as catalogue
from rareearth_explorer.cli import main
from rareearth_explorer.cli.command import build_parser
from rareearth_explorer.demo.synthetic import make_demo
from rareearth_explorer.embedding.scene_facts import known_bands

PAGES = pages()
COMMANDS = sorted({command for page in PAGES for command in page.commands})
CODED = [page for page in PAGES if page.blocks("python") and page.path.name != "CONTRIBUTING.md"]
LINKS = [(page, link) for page in PAGES for link in page.links]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("rareearth-explorer")])
def test_commands_parse(command):
    options = build_parser().parse_args(shlex.split(command)[1:])
    assert callable(options.run)


@pytest.mark.parametrize("target", sorted({c.split()[1] for c in COMMANDS if c[:5] == "make "}))
def test_make_targets_exist(target):
    assert re.search(rf"^{target}:", (REPOSITORY / "Makefile").read_text(), re.M)


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
@pytest.mark.parametrize(("ended", "is_error"), [(130, False), (2, True)])
def test_make_ends_quietly_when_the_demo_is_stopped(tmp_path, ended, is_error):
    program = tmp_path / "rareearth-explorer"
    # As at a terminal, the signal goes to everything that was started.
    program.write_text(
        f"#!{sys.executable}\nimport os, signal, sys\n"
        f"signal.signal(signal.SIGINT, lambda *_: sys.exit({ended}))\n"
        "print('open', flush=True)\nsignal.pause()\n"
    )
    program.chmod(0o755)
    command = ["make", "--silent", "--old-file=.venv/app", "demo", f"BIN={tmp_path}"]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with running(command, cwd=REPOSITORY, start_new_session=True, **pipe) as making:
        assert making.stdout.readline() == "open\n"
        os.killpg(making.pid, signal.SIGINT)
        _, said = making.communicate(timeout=PATIENCE)
    assert ("***" in said) == is_error, said


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
@pytest.mark.parametrize("target", ["demo", "test", "docs"])
def test_make_says_that_it_installs_for_a_while(target):
    command = ["make", "--dry-run", "--always-make", target]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    installing = [n for n, line in enumerate(lines) if " pip install " in line]
    assert installing
    assert all(re.match("echo .*takes minutes", lines[n - 1]) for n in installing)


@pytest.mark.parametrize("extra", sorted({e for c in COMMANDS for e in re.findall(r"\[(\w+)]", c)}))
def test_extras_exist(extra):
    assert re.search(rf"^{extra} = \[", (REPOSITORY / "pyproject.toml").read_text(), re.M)


@pytest.mark.parametrize(("page", "link"), LINKS, ids=[f"{page}-{link}" for page, link in LINKS])
def test_linked_files_exist(page, link):
    assert (page.path.parent / link).exists()


def test_the_names_of_bands_are_those_known():
    text = Document(REPOSITORY / "docs" / "your-scene.md").text
    listed = re.search(r"The names known are (.*?)\.", text)[1]
    assert re.findall(r"`(\w+)`", listed) == known_bands()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with files of the names that the pages use: synthetic, small, in many patches."""
    folder = tmp_path_factory.mktemp("docs")
    demo = make_demo(folder, patches=(5, 6), progress=False)
    for scene in demo.scenes:
        shutil.copy(scene, folder / f"{scene.name[:8]}.tif")
    shutil.copy(demo.scenes[0], folder / "scene.tif")
    (folder / "pools.csv").write_text(csv_of(demo.labels))
    scenes = [str(folder / f"{day}.tif") for day in ("20220307", "20220314", "20220320")]
    table = str(folder / "table.parquet")
    embed = ["embed", scenes[0], "-o", table, "--patch-size", "40", "--no-projection"]
    assert main(embed) == 0
    assert main(["activity", *scenes, "-o", str(folder / "activity.tif"), "--table", table]) == 0
    return folder


def csv_of(labels):
    """Write points as the pages' `pools.csv`."""
    import geopandas

    points = geopandas.read_file(labels).geometry
    return "lon,lat\n" + "".join(f"{point.x},{point.y}\n" for point in points)


@pytest.mark.parametrize("page", CODED, ids=str)
@pytest.mark.slow
def test_code_runs(page, files, tmp_path, monkeypatch):
    """Each page is one program; what would need a network is only asked whether it would do."""
    for file in files.iterdir():
        (tmp_path / file.name).symlink_to(file)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(catalogue, "fetch", inspect.signature(catalogue.fetch).bind)
    names = {"__name__": "page"}
    for block in page.blocks("python"):
        exec(compile(block, str(page), "exec"), names)
    if explorer := names.get("explorer"):
        explorer.close()


class Site(HTMLParser):
    """What one page of the site links to, and the places in it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.ids = [], [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag in ("img", "link", "script"):
            self.loaded += [given[name] for name in ("src", "href") if given.get(name)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built with warnings taken for errors; its pages by their paths."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "-q", "docs", str(folder)]
    built = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return {path: Site(path) for path in folder.rglob("*.html")}


@pytest.mark.slow
def test_links_of_the_site_lead_somewhere(site):
    broken = []
    for path, page in site.items():
        for link in [*page.links, *page.loaded]:
            name, _, place = unquote(link).partition("#")
            if re.match(r"https?:|mailto:|data:", link):
                continue
            target = (path.parent / name.split("?")[0]).resolve() if name else path
            known = site[target].ids if target in site else {place}
            if not target.exists() or (place and place not in known):
                broken.append((path.name, link))
    assert broken == []


@pytest.mark.slow
def test_the_site_asks_no_other_host_for_anything(site):
    loaded = {link for page in site.values() for link in page.loaded}
    assert not [link for link in loaded if re.match(r"(https?:)?//", link)]


@pytest.mark.slow
def test_every_command_is_in_the_reference(site):
    reference = next(page for path, page in site.items() if path.name == "command-line.html")
    for command in ("embed", "explore", "sessions-merge", "weights-convert"):
        assert f"rareearth-explorer-{command}" in reference.ids


@pytest.mark.slow
def test_every_page_is_public_and_every_picture_small(site):
    pictures = [*(REPOSITORY / "docs" / "pictures").iterdir()]
    shown = {Path(link).name for page in site.values() for link in page.loaded}
    assert {picture.name for picture in pictures} <= shown
    limits = {"hunt.webp": 1_500_000}
    assert [p.name for p in pictures if p.stat().st_size > limits.get(p.name, 300_000)] == []


@pytest.mark.slow
def test_pictures_are_called_synthetic(site):
    for name in ("index.md", "tutorial.md"):
        assert "synthetic" in Document(REPOSITORY / "docs" / name).text
