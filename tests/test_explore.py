"""`rareearth-explorer explore`: the address it prints answers, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest
from patience import PATIENCE
from processes import descendants, running

from rareearth_explorer.cli import main
from rareearth_explorer.data.table import TableWriter
from rareearth_explorer.serving import DashboardFiles, notebook


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
