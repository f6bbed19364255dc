"""`rareearth-explorer explore`: the address it prints answers, and nothing is left behind."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import psutil
import pytest
from patience import PATIENCE
from processes import descendants, running
from rasterio.windows import Window

from rareearth_explorer import Explorer
from rareearth_explorer.cli import main
from rareearth_explorer.data.table import TableWriter, open_own_scene, open_table
from rareearth_explorer.errors import ExplorerError, SceneError
from rareearth_explorer.serving import DashboardFiles, notebook

BGRN = ("blue", "green", "red", "nir")


@pytest.fixture
def table(small_table, tmp_path):
    path = tmp_path / "table.parquet"
    with TableWriter(path, small_table.dim, small_table.metadata) as writer:
        writer.append(
            small_table.row, small_table.column, small_table.corners, small_table.embeddings
        )
    return path


COMMAND = [sys.executable, "-c", "from rareearth_explorer.cli import main; exit(main())", "explore"]


def hear_ctrl_c():
    """Undo what a shell does to programs in its background: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def exploring(*arguments, **options):
    """Run the command until the block is left."""
    command = [*COMMAND, *map(str, arguments), "--no-browser"]
    return running(command, stdout=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c, **options)


def address_of(explorer):
    said = explorer.stdout.readline()
    assert said.startswith("The explorer is open at http://127.0.0.1:")
    return said.split()[-1]


def page_at(address):
    with urllib.request.urlopen(address, timeout=PATIENCE) as page:
        return page.read().decode()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_serves_the_dashboard_until_it_is_stopped(table, how):
    with exploring(table) as explorer:
        assert "Rare Earth Explorer" in page_at(address_of(explorer))
        below = descendants(explorer.pid)
        assert below
        explorer.send_signal(how)
        explorer.wait(PATIENCE)
        _, left = psutil.wait_procs(below, timeout=PATIENCE)
    assert left == []


@pytest.mark.slow
def test_relative_paths_are_found_from_the_notebooks_folder(table):
    with exploring(table.name, cwd=table.parent) as explorer:
        page = page_at(address_of(explorer))
    assert "no such file" not in page
    assert ".rareearth-explorer {" in page, "the explorer's widget is not on the page"


def test_every_path_is_told_from_the_root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table, scene, labels, one, two = map(Path, ("t.parquet", "s.tif", "l.csv", "1.tif", "2.tif"))
    assert DashboardFiles(table, scene, labels, [one, two]).to_environment() == {
        "RAREEARTH_EXPLORER_TABLE": str(tmp_path / table),
        "RAREEARTH_EXPLORER_SCENE": str(tmp_path / scene),
        "RAREEARTH_EXPLORER_LABELS": str(tmp_path / labels),
        "RAREEARTH_EXPLORER_DATES": os.pathsep.join([str(tmp_path / one), str(tmp_path / two)]),
    }
    assert DashboardFiles(table).to_environment() == {
        "RAREEARTH_EXPLORER_TABLE": str(tmp_path / table)
    }


@pytest.mark.parametrize(
    "how", [(None, False), ("none", False), (-9999.0, True), (1e-30, False), (math.nan, True)]
)
def test_the_notebook_gets_what_the_command_was_given(tmp_path, monkeypatch, how):
    paths = [tmp_path / name for name in ("t.parquet", "s.tif", "l.csv")]
    given = DashboardFiles(*paths, [tmp_path / "1.tif", tmp_path / "2.tif"], *how)
    for name, value in given.to_environment().items():
        monkeypatch.setenv(name, value)
    assert repr(DashboardFiles.from_environment()) == repr(given)


def test_a_nodata_value_that_is_none_is_said(table, monkeypatch, capsys):
    monkeypatch.setenv("RAREEARTH_EXPLORER_TABLE", str(table))
    monkeypatch.setenv("RAREEARTH_EXPLORER_NODATA", "nothing")
    with pytest.raises(ExplorerError, match="'nothing' is neither a number nor 'none'"):
        DashboardFiles.from_environment()
    with pytest.raises(SystemExit):
        main(["explore", str(table), "--nodata", "nothing"])
    assert "'nothing' is neither a number nor 'none'" in capsys.readouterr().err


def test_pictures_and_embedding_agree_on_empty_pixels(make_geotiff, tmp_path):
    pixels = np.random.default_rng(0).integers(200, 4000, (4, 168, 168), np.uint16)
    pixels[:, :40] = 77
    folder = tmp_path / "order"
    folder.mkdir()
    own = make_geotiff(pixels, "20220307_a.tif").rename(folder / "20220307_a.tif")
    other = make_geotiff(pixels, "20220314_b.tif")
    words = ["embed", folder, "-o", tmp_path / "t.parquet", "--nodata", "77", "--no-projection"]
    assert main([*map(str, words), "--bands", "blue,green,red,nir"]) == 0
    table = open_table(tmp_path / "t.parquet")

    def empty_pixels(path, **how):
        with open_own_scene(path, table, **how) as scene:
            assert scene.bands == (("b1", "b2", "b3", "b4") if path == other else BGRN)
            return int((~scene.read(Window(0, 0, 168, 168))[1]).sum())

    assert [empty_pixels(path) for path in (own, folder, other)] == [40 * 168, 40 * 168, 0]
    assert empty_pixels(other, nodata=77) == 40 * 168
    assert empty_pixels(own, nodata="none") == 0
    with contextlib.closing(
        Explorer(table, folder, dates=[other], nodata=77, name=None)
    ) as explorer:
        for scene in (explorer.scene, *explorer.other_dates):
            assert scene.validity == "--nodata 77"
    DashboardFiles(tmp_path / "t.parquet", folder, None, [other], 77).check()


def test_a_pass_over_midnight_is_shown(make_geotiff, table, tmp_path, capsys):
    folder = tmp_path / "order"
    folder.mkdir()
    for name in ("20220307_235959_a.tif", "20220308_000001_b.tif"):
        make_geotiff(name=name).rename(folder / name)
    with pytest.raises(SceneError, match="--one-date"):
        DashboardFiles(table, folder).check()
    DashboardFiles(table, folder, one_date=True).check()
    made = tmp_path / "made.parquet"
    words = ["embed", folder, "-o", made, "--one-date", "--no-projection"]
    assert main([*map(str, words)]) == 0
    DashboardFiles(made, folder).check()


@pytest.mark.slow
def test_two_started_at_the_same_moment_have_addresses_of_their_own(table):
    with exploring(table) as one, exploring(table) as other:
        addresses = address_of(one), address_of(other)
        assert addresses[0] != addresses[1]
        one.terminate()
        one.wait(PATIENCE)
        assert "Rare Earth Explorer" in page_at(addresses[1])


@pytest.mark.slow
def test_a_server_that_ends_is_said(table, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "rareearth_explorer.serving.voila_server.notebook", lambda: tmp_path / "no.ipynb"
    )
    assert main(["explore", str(table), "--no-browser"]) == 2
    said = capsys.readouterr().err
    assert "The dashboard's server did not start" in said
    assert said.count("\n") == 1


def test_a_port_in_use_is_said(table, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status = main(["explore", str(table), "--no-browser", "--port", str(port)])
    assert status == 2
    assert f"port {port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "allowed"),
    [
        (["--port", "99999"], "whole number from 1 to 65535"),
        (["--port", "http"], "whole number from 1 to 65535"),
        (["--preheat", "-1"], "whole number of 0 or more"),
    ],
)
def test_numbers_that_cannot_be_are_said_with_what_is_allowed(table, capsys, option, allowed):
    with pytest.raises(SystemExit) as ended:
        main(["explore", str(table), *option])
    assert ended.value.code == 2
    assert f"argument {option[0]}: '{option[1]}' is not a {allowed}" in capsys.readouterr().err


def test_what_is_wrong_is_said_before_anything_is_served(table, tmp_path, capsys):
    assert main(["explore", str(tmp_path / "none.parquet")]) == 2
    assert "no such file" in capsys.readouterr().err
    far = tmp_path / "far.csv"
    far.write_text("lon,lat\n12.5,41.9\n")
    assert main(["explore", str(table), "--labels", str(far)]) == 2
    error = capsys.readouterr().err.strip()
    assert str(far) in error
    assert "\n" not in error


def test_imagery_of_another_place_is_said(table, make_geotiff, capsys):
    far = make_geotiff(crs="EPSG:32633")
    near = make_geotiff(name="near.tif")
    DashboardFiles(table, near).check()
    assert main(["explore", str(table), "--scene", str(far)]) == 2
    assert f"{far}: this imagery does not overlap the patches" in capsys.readouterr().err


def test_the_notebook_is_the_one_in_the_repository():
    assert notebook().name == "explorer.ipynb"
    assert os.access(notebook(), os.R_OK)
