"""Published embeddings of pixels: only the box is fetched, and it is what the copy holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
from affine import Affine
from pixel_arrays import random_codes, write_land_mask
from pyproj import Transformer
from rasterio.warp import transform_bounds
from rasterio.windows import Window
from stac_server import StacServer, serving

from rareearth_explorer.cli.command import main
from rareearth_explorer.data.arrays import open_npy_tiles
from rareearth_explorer.data.grid import Bbox
from rareearth_explorer.data.storage.finished_parts import FinishedParts
from rareearth_explorer.data.table import open_table
from rareearth_explorer.errors import CatalogueError
from rareearth_explorer.published import Wanted, fetch_published

SIDE = 768
INDEXED = "s3://us-west-2.opendata.source.coop/tge-labs/aef/v1/annual/"
CRS = "EPSG:32647"
PLACE = Affine(10, 0, 290_000, 0, 10, 2_860_640)
"""Of a tile as AlphaEarth stores it: from the south."""


def box_of(window: Window, transform: Affine = PLACE) -> Bbox:
    """Box in degrees just inside a window of pixels."""
    (top, bottom), (left, right) = window.toranges()
    corners = (left + 0.2, top + 0.2), (right - 0.2, bottom - 0.2)
    x, y = zip(*(transform @ corner for corner in corners), strict=True)
    west, south, east, north = transform_bounds(CRS, "EPSG:4326", min(x), min(y), max(x), max(y))
    inside = 3e-5  # degrees, because a box of degrees is no box of metres
    return west + inside, south + inside, east - inside, north - inside


@pytest.fixture(scope="module")
def codes() -> npt.NDArray[np.int8]:
    return np.random.default_rng(0).integers(-127, 128, (64, SIDE, SIDE), np.int8)


@pytest.fixture
def alphaearth(tmp_path: Path, codes: npt.NDArray[np.int8]) -> Path:
    """A copy with one tile of 2024, and one far away."""
    folder = tmp_path / "served" / "aef"
    names = ["2024/47N/near-0000000000-0000000000.tiff", "2024/10N/far-0000000000-0000000000.tiff"]
    path = folder / names[0]
    path.parent.mkdir(parents=True)
    profile = {
        "driver": "GTiff", "width": SIDE, "height": SIDE, "count": 64, "dtype": "int8",
        "nodata": -128, "crs": CRS, "transform": PLACE, "tiled": True, "blockxsize": 64,
        "blockysize": 64, "interleave": "pixel", "compress": "deflate",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(codes)
        file.descriptions = [f"A{band:02}" for band in range(64)]
    west, south, east, north = box_of(Window(0, 0, SIDE, SIDE))
    edges = {"wgs84_west": west, "wgs84_south": south, "wgs84_east": east, "wgs84_north": north}
    columns: dict[str, Any] = {name: [edge, edge / 2] for name, edge in edges.items()}
    columns |= {"year": [2024, 2023], "path": [INDEXED + name for name in names]}
    pq.write_table(pa.table(columns), folder / "aef_index.parquet")
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StacServer]:
    (tmp_path / "served").mkdir(exist_ok=True)
    with serving(tmp_path / "served") as offer:
        yield offer


WINDOW = Window(200, 448, 90, 120)
"""Within one cell of 192 pixels."""


def fetch(wanted: Wanted, folder: Path) -> Any:
    return fetch_published(wanted, folder, progress=False)


def test_a_box_of_alphaearth(
    alphaearth: Path, server: StacServer, codes: npt.NDArray[np.int8], tmp_path: Path
) -> None:
    wanted = Wanted("alphaearth", box_of(WINDOW), 2024, f"{server.url}/files/aef")
    found = fetch(wanted, tmp_path / "out")
    ((path,),) = found.files.values()
    (tile,) = alphaearth.glob("2024/47N/*.tiff")
    assert path == tmp_path / "out" / "2024" / "47N" / tile.name
    assert server.sent < tile.stat().st_size / 3
    with rasterio.open(path) as file:
        assert (file.width, file.height, file.nodata) == (192, 192, -128)
        assert file.descriptions[63] == "A63"
        south = min(file.bounds.bottom, file.bounds.top)
        first, row = (round(edge) for edge in ~PLACE @ (file.bounds.left, south))
        assert (first, row) == (192, 384)
        np.testing.assert_array_equal(file.read(), codes[:, row : row + 192, first : first + 192])
    again = server.sent
    assert fetch(wanted, tmp_path / "out").kept == 1
    assert server.sent - again < again, "the pixels were fetched again"


def test_what_was_fetched_is_imported(
    alphaearth: Path, server: StacServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = [str(edge) for edge in box_of(WINDOW)]
    base = f"{server.url}/files/aef"
    command = ["fetch", "--product", "alphaearth", "--year", "2024", "--from", base]
    assert main([*command, "--bbox", *box, "-o", str(tmp_path / "aef")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{tmp_path / 'aef'}: 1 tile of alphaearth 2024."
    run = said[1].split()[1:]
    run[-1] = str(tmp_path / "t.parquet")
    assert main([*run, "--patch-size", "160"]) == 0
    table = open_table(tmp_path / "t.parquet")
    assert table.metadata["encoder"]["recipe"] == "alphaearth"
    (whole,) = alphaearth.glob("2024/47N/*.tiff")
    other = str(tmp_path / "whole.parquet")
    command = ["import", str(whole), "--bbox", *box, "-o", other, "--patch-size", "160"]
    assert main(command) == 0
    expected = open_table(tmp_path / "whole.parquet")
    assert len(table) == len(expected) >= 5 * 6
    np.testing.assert_array_equal(table.embeddings, expected.embeddings)
    np.testing.assert_allclose(table.corners, expected.corners, rtol=0, atol=1e-9)


def test_a_stopped_fetch_goes_on(
    alphaearth: Path, server: StacServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rareearth_explorer.published.alphaearth.BLOCK", 32)
    wanted = Wanted("alphaearth", box_of(WINDOW), 2024, f"{server.url}/files/aef")
    save, left = FinishedParts.save, [6]

    def stopped(self: FinishedParts, name: str, **arrays: Any) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        save(self, name, **arrays)

    monkeypatch.setattr(FinishedParts, "save", stopped)
    with pytest.raises(KeyboardInterrupt):
        fetch(wanted, tmp_path / "out")
    assert not [*(tmp_path / "out").rglob("*.tiff")]
    made: list[str] = []

    def counted(self: FinishedParts, name: str, **arrays: Any) -> None:
        made.append(name)
        save(self, name, **arrays)

    monkeypatch.setattr(FinishedParts, "save", counted)
    ((path,),) = fetch(wanted, tmp_path / "out").files.values()
    whole = fetch(wanted, tmp_path / "other").files.popitem()[1][0]
    assert path.read_bytes() == whole.read_bytes()
    with rasterio.open(path) as file:
        parts = math.ceil(file.height / 32) * math.ceil(file.width / 32)
    assert len(made) == parts - 6 + parts, "parts were fetched twice, or not at all"
    assert not [*(tmp_path / "out").rglob("*.parts")]


def test_years_and_places_that_the_copy_does_not_have(alphaearth: Path, tmp_path: Path) -> None:
    base, box = f"{alphaearth}", box_of(WINDOW)
    with pytest.raises(CatalogueError, match="2019 is not among its years, 2023, 2024"):
        fetch(Wanted("alphaearth", box, 2019, base), tmp_path / "out")
    with pytest.raises(CatalogueError, match="no tile of 2024 meets the box"):
        fetch(Wanted("alphaearth", (0, 0, 1, 1), 2024, base), tmp_path / "out")
    with pytest.raises(CatalogueError, match="fetched as two boxes"):
        Wanted("alphaearth", (179, 0, -179, 1), 2024)
    assert not (tmp_path / "out").exists()


def test_another_box_does_not_replace_what_is_there(alphaearth: Path, tmp_path: Path) -> None:
    first = Wanted("alphaearth", box_of(WINDOW), 2024, f"{alphaearth}")
    other = Wanted("alphaearth", box_of(Window(20, 20, 90, 90)), 2024, f"{alphaearth}")
    ((path,),) = fetch(first, tmp_path / "out").files.values()
    before = path.read_bytes()
    with pytest.raises(CatalogueError, match="was not fetched with these options"):
        fetch(other, tmp_path / "out")
    assert path.read_bytes() == before


@pytest.mark.parametrize("status", [403, 404])
def test_refusals_are_sentences(
    alphaearth: Path, server: StacServer, tmp_path: Path, status: int
) -> None:
    server.statuses[".tiff"] = [status] * 20
    wanted = Wanted("alphaearth", box_of(WINDOW), 2024, f"{server.url}/files/aef")
    said = {403: "does not sign URLs, as Planetary Computer requires, nor pay", 404: "missing"}
    with pytest.raises(CatalogueError, match=said[status]):
        fetch(wanted, tmp_path / "out")
    server.statuses["aef_index"] = [status]
    with pytest.raises(CatalogueError, match=r"not public|no such file"):
        fetch(wanted, tmp_path / "out")


@pytest.mark.parametrize("path", ["../escaped.tiff", "2024/47N/../../a.tiff", "/etc/a.tiff", "x"])
def test_a_crafted_index_writes_nowhere_else(alphaearth: Path, tmp_path: Path, path: str) -> None:
    index = alphaearth / "aef_index.parquet"
    table = pq.read_table(index)
    at = table.column_names.index("path")
    pq.write_table(table.set_column(at, "path", pa.array([path, path])), index)
    with pytest.raises(CatalogueError, match="does not end in YEAR/ZONE/FILE"):
        fetch(Wanted("alphaearth", box_of(WINDOW), 2024, f"{alphaearth}"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_requests_name_this_program(
    alphaearth: Path, server: StacServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(Wanted("alphaearth", box_of(WINDOW), 2024, f"{server.url}/files/aef"), tmp_path / "out")
    assert server.agents
    assert {agent.split("/")[0] for agent in server.agents} == {"rareearth-explorer"}


# TESSERA ------------------------------------------------------------------------------------------

TILE = "grid_97.95_25.85"


LAYOUTS = {
    "published": ("npy/v1", "landmasks/v1"),
    "earlier": ("global_0.1_degree_representation", "global_0.1_degree_tiff_all"),
}


@pytest.fixture(params=LAYOUTS)
def tessera(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy with one tile of 2024, whose land mask has water."""
    folder = tmp_path / "served" / "tessera"
    codes_in, masks_in = LAYOUTS[request.param]
    x, y = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(97.95, 25.85)
    rows, columns = 300, 260
    place = Affine(10, 0, round(x, -1) - 5 * columns, 0, -10, round(y, -1) + 5 * rows)
    numbers, scales = random_codes(rows, columns)
    home = folder / codes_in / "2024" / TILE
    home.mkdir(parents=True)
    np.save(home / f"{TILE}.npy", numbers)
    np.save(home / f"{TILE}_scales.npy", scales)
    land = np.ones((rows, columns), np.uint8)
    land[100:120] = 0
    write_land_mask(folder / masks_in / f"{TILE}.tiff", land, place)
    return folder


def test_a_box_of_tessera(tessera: Path, server: StacServer, tmp_path: Path) -> None:
    (mask_path,) = tessera.rglob(f"{TILE}.tiff")
    with rasterio.open(mask_path) as mask:
        place = mask.transform
    box = box_of(Window(60, 60, 100, 80), place)
    wanted = Wanted("tessera", (box[0], box[1], 98.02, box[3]), 2024, f"{server.url}/files/tessera")
    found = fetch(wanted, tmp_path / "out")
    ((path,),) = found.files.values()
    assert found.absent == 1, "the tile east of it is not there"
    with open_npy_tiles([path]) as part, open_npy_tiles([_beside(tessera, tmp_path)]) as whole:
        column, row = (
            round(edge) for edge in ~whole.transform @ (part.transform.c, part.transform.f)
        )
        assert (column, row) == (0, 0), "the cells begin in the north-west"
        assert part.height == 192 < whole.height
        assert column + part.width == whole.width, "the box goes on east of the tile"
        here = Window(column, row, part.width, part.height)
        for ours, theirs in zip(
            part.read(Window(0, 0, part.width, part.height)), whole.read(here), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
        assert not part.read(Window(0, 0, part.width, part.height))[1].all(), "water is land"
    (codes_path,) = tessera.rglob(f"{TILE}.npy")
    size = codes_path.stat().st_size
    assert server.sent < 0.8 * size
    before = server.sent
    assert fetch(wanted, tmp_path / "out").kept == 1
    assert server.sent - before < size / 20


def _beside(copy: Path, tmp_path: Path) -> Path:
    """A tile of the copy with its land mask beside it, as `import` takes it."""
    folder = tmp_path / "whole"
    folder.mkdir()
    for path in copy.rglob(f"{TILE}*.*"):
        if path.is_file():
            (folder / path.name).symlink_to(path)
    return folder / f"{TILE}.npy"


def test_a_year_that_tessera_does_not_have(tessera: Path, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="it has no tile of 2019 in the box"):
        fetch(Wanted("tessera", (97.94, 25.84, 97.96, 25.86), 2019, f"{tessera}"), tmp_path / "o")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--product", "tessera"], "--year is missing"),
        (["--product", "tessera", "--year", "2024", "--stac", "x"], "--stac is for imagery"),
        (["--year", "2024"], "--year is for published embeddings"),
        (["--from", "x"], "--from is for published embeddings"),
        ([], "--stac is missing"),
    ],
)
def test_options_of_the_other_kind(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "--bbox", "97", "25", "98", "26", *options]) == 2
    assert said in capsys.readouterr().err
