"""How much of raster files GDAL may keep in memory."""

from __future__ import annotations

import os

import pytest

from rareearth_explorer.data.scene import open_scene


@pytest.mark.parametrize("given", [None, "64"])
def test_opening_a_scene_bounds_what_is_kept_unless_the_user_did(given, make_geotiff, monkeypatch):
    path = make_geotiff()
    monkeypatch.setattr(os, "environ", {"GDAL_CACHEMAX": given} if given else {})
    with open_scene(path):
        assert os.environ["GDAL_CACHEMAX"] == (given or "512")
