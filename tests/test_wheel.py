"""The wheel holds all it needs and works alone; the sdist is what it is built from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest
from patience import PATIENCE
from processes import running

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "rareearth_explorer"
TEMPLATE = "share/jupyter/voila/templates/rareearth"

EXTENSION = "etc/jupyter/jupyter_server_config.d/rareearth_explorer.json"

MAKE_DEMO = """
import sys
from pathlib import Path
import rareearth_explorer
from rareearth_explorer.demo.prepare import prepare_demo

assert Path(rareearth_explorer.__file__).is_relative_to(sys.prefix), "not the wheel's package"
demo = prepare_demo(Path(sys.argv[1]), patches=(8, 9), progress=False)
print(demo.table, demo.scene, demo.labels, sep="\\n")
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """Folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)]
    built = subprocess.run([*command, str(REPOSITORY)], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(dist):
    return next(dist.glob("*.whl"))


def test_a_registry_would_take_them(dist):
    files = [str(file) for file in dist.iterdir()]
    assert len(files) == 2
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], check=True)


def test_nothing_is_left_out_of_the_wheel(wheel):
    there = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", PACKAGE.name], cwd=REPOSITORY, capture_output=True, text=True
    ).stdout.split()  # empty where the tests are run from an sdist
    needed = {name for name in tracked if (REPOSITORY / name).exists()}
    needed |= {f"{PACKAGE.name}/explorer.ipynb", f"{PACKAGE.name}/app/app.css"}
    needed.add(f"{PACKAGE.name}/widgets/static/widgets.js")
    data = f"{wheel.name.removesuffix('-py3-none-any.whl')}.data/data"
    needed |= {f"{data}/{TEMPLATE}/{file.name}" for file in (REPOSITORY / "voila").iterdir()}
    needed.add(f"{data}/{EXTENSION}")
    assert needed - there == set()
    assert [name for name in there if name.startswith(("tests", "docs", "js"))] == []


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Folder of the programs of an environment with the wheel in it, and nothing of the checkout.

    The dependencies are the ones of this environment: installing them anew takes minutes and
    tests other people's wheels. Only the folder itself is lent, so no `.pth` file in it leads to
    the checkout, and of Voila's templates all but ours.
    """
    home = tmp_path_factory.mktemp("environment")
    venv.create(home)
    scheme = {"base": str(home), "platbase": str(home)}
    packages = Path(sysconfig.get_path("purelib", vars=scheme))
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = home / "bin" / "python"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"),
            *("--no-deps", "--no-index", "--ignore-installed", str(wheel)),
        ],
        check=True,
    )
    lend(Path(sys.prefix) / "share" / "jupyter", home / "share" / "jupyter")
    return home / "bin"


def lend(source: Path, target: Path) -> None:
    """Link the files below a folder into another, except our own template."""
    for path in source.iterdir():
        if path.name == Path(TEMPLATE).name:
            continue
        if (target / path.name).is_dir():
            lend(path, target / path.name)
        else:
            (target / path.name).symlink_to(path)


def test_the_wheel_alone_makes_a_demo_and_serves_it(installed, tmp_path):
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    demo = subprocess.run(
        [installed / "python", "-c", MAKE_DEMO, str(tmp_path / "demo")],
        cwd=tmp_path, env=outside, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    table, scene, labels = demo.stdout.splitlines()
    command = [
        *(installed / "rareearth-explorer", "explore", table, "--scene", scene),
        *("--labels", labels, "--no-browser", "--preheat", "0"),
    ]
    with running(command, cwd=tmp_path, env=outside, stdout=subprocess.PIPE, text=True) as explorer:
        address = explorer.stdout.readline().split()[-1]
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            page = answer.read().decode()
    assert "rareearth-loading" in page, "the template is not the wheel's"
    assert "application/vnd.jupyter.widget-view+json" in page, "the notebook shows no widget"
    assert '"output_type": "error"' not in page


def test_the_extension_of_jupyter_servers_is_off_until_it_is_enabled(installed, tmp_path):
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    outside["JUPYTER_CONFIG_DIR"] = str(tmp_path)

    def extension(*command):
        ran = subprocess.run(
            [installed / "python", "-m", "jupyter_server", "extension", *command],
            cwd=tmp_path, env=outside, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return re.sub(r"\x1b\[\d*m", "", ran.stdout + ran.stderr)

    assert re.search(r"rareearth_explorer +disabled", extension("list"))
    extension("enable", "--sys-prefix", "rareearth_explorer")
    assert re.search(
        r"rareearth_explorer +enabled\n.*\n +rareearth_explorer.* OK", extension("list")
    )
