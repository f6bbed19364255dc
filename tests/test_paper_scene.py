"""The synthetic scene of the paper's size, drawn small: real pools lie where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from rareearth_explorer.cli import main
from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.data.table import open_table
from rareearth_explorer.demo.prepare import prepare_paper_scene
from rareearth_explorer.demo.synthetic import make_paper_scene
from rareearth_explorer.errors import LabelsError

pytestmark = pytest.mark.slow

PATCHES = (8, 9)
POOLS = np.array([[98.340, 25.670], [98.3402, 25.6701], [98.346, 25.678], [98.348, 25.671]])


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labels") / "pools.csv"
    path.write_text("lon,lat\n" + "\n".join(f"{lon},{lat}" for lon, lat in POOLS))
    return path


def test_mines_are_drawn_where_the_pools_are(tmp_path, pools):
    prepared = prepare_paper_scene(tmp_path, pools, patches=PATCHES, progress=False)
    table, drawn = open_table(prepared.table), open_labels(prepared.labels)
    assert len(table) == PATCHES[0] * PATCHES[1]
    np.testing.assert_array_equal(
        drawn.per_patch(table.footprints), open_labels(pools).per_patch(table.footprints)
    )
    with open_scene(prepared.scene) as scene, rasterio.open(prepared.scene) as raster:
        assert scene.bands[-1] == "nir"
        assert "not satellite imagery" in raster.tags()["TIFFTAG_IMAGEDESCRIPTION"]
        # The pools lie in the middle.
        middle = np.array(raster.lnglat())
    np.testing.assert_allclose((POOLS.min(axis=0) + POOLS.max(axis=0)) / 2, middle, atol=1e-4)


def test_a_second_call_draws_nothing_and_other_pools_draw_anew(tmp_path, pools):
    first = make_paper_scene(tmp_path, POOLS, patches=(4, 5), progress=False)
    drawn = first.scenes[0].stat().st_mtime_ns
    again = make_paper_scene(tmp_path, POOLS, patches=(4, 5), progress=False)
    assert again == first
    assert first.scenes[0].stat().st_mtime_ns == drawn
    make_paper_scene(tmp_path, POOLS[:2], patches=(4, 5), progress=False)
    assert first.scenes[0].stat().st_mtime_ns != drawn


def test_pools_are_invented_without_a_file(tmp_path):
    files = make_paper_scene(tmp_path, patches=(6, 6), progress=False)
    assert len(files.scenes) == 1
    assert len(open_labels(files.labels)) > 0


def test_pools_that_spread_too_far_are_refused(tmp_path):
    with pytest.raises(LabelsError, match=r"extend over 46 x .* give pools of one area"):
        make_paper_scene(tmp_path, np.concatenate([POOLS, [[98.80, 25.67]]]))
    assert not list(tmp_path.iterdir())


def test_the_demo_does_not_take_pools(tmp_path, pools, capsys):
    assert main(["demo", str(tmp_path), "--pools", str(pools)]) == 2
    assert "--like-paper" in capsys.readouterr().err
