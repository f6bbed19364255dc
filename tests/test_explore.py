"""`rareearth-explorer explore`: the address it prints answers, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import psutil
import pytest

from rareearth_explorer.cli import main
from rareearth_explorer.cli.explore import check
from rareearth_explorer.table import TableWriter


@pytest.fixture
def table(small_table, tmp_path):
    path = tmp_path / "table.parquet"
    with TableWriter(path, small_table.dim, small_table.metadata) as writer:
        writer.append(
            small_table.row, small_table.column, small_table.corners, small_table.embeddings
        )
    return path


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serves_the_dashboard_until_it_is_stopped(table, how):
    command = [sys.executable, "-c", "from rareearth_explorer.cli import main; main()"]
    explorer = subprocess.Popen(
        [*command, "explore", str(table), "--no-browser"], stdout=subprocess.PIPE, text=True
    )
    said = explorer.stdout.readline()
    address = said.split()[-1]
    assert said.startswith("The explorer is open at http://127.0.0.1:")
    with urllib.request.urlopen(address, timeout=60) as page:
        assert "Rare Earth Explorer" in page.read().decode()
    below = psutil.Process(explorer.pid).children(recursive=True)
    assert below
    explorer.send_signal(how)
    explorer.wait(30)
    explorer.stdout.close()
    _, alive = psutil.wait_procs(below, timeout=20)
    assert alive == []


def test_a_port_in_use_is_said(table, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status = main(["explore", str(table), "--no-browser", "--port", str(port)])
    assert status == 2
    assert f"port {port}" in capsys.readouterr().err


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
    check(table, near, None)
    assert main(["explore", str(table), "--scene", str(far)]) == 2
    assert f"{far}: this lies nowhere near the patches" in capsys.readouterr().err


def test_the_notebook_is_the_one_in_the_repository():
    from rareearth_explorer.cli.explore import notebook

    assert notebook().name == "explorer.ipynb"
    assert os.access(notebook(), os.R_OK)
