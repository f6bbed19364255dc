"""What works on an imported table, which has no patch grid: every command that takes a table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
from planet_grid import THREE_METRES, UTM_47N
from pyproj import CRS

from rareearth_explorer.cli import main
from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.table import open_table
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal

SIDE = 6
PIXELS = 84


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Points of others at the centres of patches, imported."""
    grid = PatchGrid.for_raster(CRS(UTM_47N), THREE_METRES, PIXELS * SIDE, PIXELS * SIDE)
    row, column = np.divmod(np.arange(SIDE * SIDE, dtype=np.int32), SIDE)
    lon, lat = grid.corners(row, column).mean(axis=1).T
    numbers = np.random.default_rng(1).normal(size=(len(lon), 16)).astype(np.float32)
    theirs = {"id": [f"p{n}" for n in range(len(lon))], "lon": lon, "lat": lat}
    pq.write_table(pa.table({**theirs, "embedding": [*numbers]}), tmp_path / "theirs.parquet")
    made = tmp_path / "t.parquet"
    assert main(["import", f"{tmp_path / 'theirs.parquet'}", "-o", f"{made}"]) == 0
    assert open_table(made).grid is None
    return made


@pytest.fixture
def scenes(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(2)
    side = PIXELS * SIDE
    paths = [tmp_path / f"2022030{day}_040000_SR.tif" for day in (1, 2)]
    shape = {"width": side, "height": side, "count": 4, "dtype": "uint16"}
    for path in paths:
        with rasterio.open(
            path, "w", driver="GTiff", crs=UTM_47N, transform=THREE_METRES, **shape
        ) as file:
            file.write(rng.integers(500, 3000, (4, side, side), dtype=np.uint16))
            file.descriptions = ("blue", "green", "red", "nir")
    return paths


@pytest.fixture
def labels(tmp_path: Path, table: Path) -> Path:
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": place}}
        for place in open_table(table).centroids[[3, 8, 20]].tolist()
    ]
    path = tmp_path / "labels.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.mark.slow
def test_commands(table: Path, scenes: list[Path], labels: Path, tmp_path: Path) -> None:
    chosen = ["--positive", "3", "--negative", "30", "--pairs", "20"]
    assert main(["evaluate", f"{table}", "--labels", f"{labels}", *chosen]) == 0
    activity = ["activity", *map(str, scenes), "-o", f"{tmp_path / 'a.tif'}", "--table", f"{table}"]
    assert main(activity) == 0
    assert np.isfinite(open_table(table).activity).all()  # type: ignore[arg-type]
    opened = open_table(table)
    session, journal = Session(opened), Journal.named(opened, "h")
    journal.attach(session)
    session.mark([3], "positive")
    session.mark([30], "negative")
    for name in ("report.html", "list.geojson", "map.png"):
        export = ["export", "h", "--table", f"{table}", "--scene", f"{scenes[0]}"]
        assert main([*export, "--labels", f"{labels}", "-o", f"{tmp_path / name}"]) == 0
    assert "p3" in (tmp_path / "list.geojson").read_text()
    assert (tmp_path / "report.html").read_text().count("data:image") > 2
