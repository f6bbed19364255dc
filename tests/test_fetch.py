"""Imagery from a STAC catalogue: a real API on loopback, over COGs that answer range requests."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from patience import eventually
from processes import running
from rasterio.warp import transform_bounds
from rio_cogeo import cog_validate
from stac_server import StacServer, serving

from rareearth_explorer.cli import main
from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.data.table import open_table
from rareearth_explorer.errors import CatalogueError
from rareearth_explorer.stac import Request, box_reading, fetch

pytestmark = pytest.mark.slow

pytest.importorskip("pystac_client", reason="needs pystac-client: pip install .[stac]")

Capture = pytest.CaptureFixture[str]
PROGRAM = str(Path(sys.executable).with_name("rareearth-explorer"))

UTM = "EPSG:32647"
CORNER = Affine(10, 0, 430_000, 0, -10, 2_845_000)
WHOLE = (420, 500)
BANDS = ("blue", "red", "nir", "swir16")
MARCH = "2022-03-01/2022-03-31"
ALL = (98.3035, 25.685, 98.3475, 25.7185)
"""A box within the synthetic images that both tiles are needed for."""

INNER = (98.305, 25.69, 98.32, 25.705)
"""A box within the first tile."""


def pixels_of(date: int) -> npt.NDArray[np.uint16]:
    """Synthetic digital numbers of four bands, at least 1,200; the last is constant by 2 x 2."""
    pixels = np.random.default_rng(date).integers(1200, 4000, (4, *WHOLE), dtype=np.uint16)
    pixels[3] = np.repeat(np.repeat(pixels[3, ::2, ::2], 2, axis=0), 2, axis=1)
    return pixels


def write_cog(
    path: Path, pixels: npt.NDArray[Any], crs: str, transform: Affine, **more: Any
) -> None:
    profile = {"driver": "GTiff", "count": 1, "dtype": pixels.dtype, "nodata": 0, "crs": crs}
    profile |= {"height": pixels.shape[0], "width": pixels.shape[1], "transform": transform}
    with rasterio.MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            dataset.write(pixels, 1)
        rasterio.shutil.copy(memory.name, path, driver="COG", blocksize=128, compress="deflate")


class Shop:
    """Cuts images into tiles, one COG for each band, and offers them as STAC items."""

    def __init__(self, server: StacServer) -> None:
        self.server = server

    def offer(
        self,
        name: str,
        pixels: npt.NDArray[Any],
        roles: tuple[str, ...],
        when: str,
        *,
        crs: str = UTM,
        transform: Affine = CORNER,
        collection: str = "sentinel-2-l2a",
        bands: dict[str, Any] | None = None,
        **properties: Any,
    ) -> None:
        """Offer (C, H, W) pixels as an item; a band named swir16 is stored half as fine."""
        assets = {}
        for role, band in zip(roles, pixels, strict=True):
            coarse = 2 if role == "swir16" else 1
            file = f"{name}_{role}.tif"
            scaled = transform @ Affine.scale(coarse)
            write_cog(self.server.folder / file, band[::coarse, ::coarse], crs, scaled)
            assets[role] = {"href": f"{self.server.url}/files/{file}", "roles": ["data"]}
            assets[role] |= {"raster:bands": [bands]} if bands else {}
        height, width = pixels.shape[1:]
        right, bottom = transform @ (width, height)
        west, south, east, north = transform_bounds(
            crs, "EPSG:4326", transform.c, bottom, right, transform.f
        )
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        self.server.items.append(
            {
                "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": collection,
                "stac_extensions": [], "bbox": [west, south, east, north], "links": [],
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {"datetime": when, **properties}, "assets": assets,
            }
        )  # fmt: skip

    def sentinel(self) -> None:
        """Offer two synthetic dates of two overlapping tiles, of which the later is clearer."""
        told = {"scale": 0.0001, "offset": -0.1, "nodata": 0}
        for day, clouds in ((7, (40, 20)), (17, (2.5, 4))):
            for tile, columns, cloud in zip(
                "AB", (slice(0, 280), slice(240, 500)), clouds, strict=True
            ):
                self.offer(
                    f"S2A_{tile}_202203{day:02d}",
                    pixels_of(day)[:, :, columns],
                    BANDS,
                    f"2022-03-{day:02d}T04:05:{30 + ord(tile) - 65}Z",
                    transform=CORNER @ Affine.translation(columns.start, 0),
                    bands=told,
                    **{"eo:cloud_cover": cloud, "earthsearch:boa_offset_applied": False},
                )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StacServer]:
    (tmp_path / "files").mkdir()
    with serving(tmp_path / "files") as offered:
        yield offered


@pytest.fixture
def shop(server: StacServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> StacServer:
    """Make the synthetic images once; each test serves a copy of its own."""
    stored = StacServer(tmp_path_factory.mktemp("stock"), 0)
    Shop(stored).sentinel()
    return stored


@pytest.fixture
def sentinel(server: StacServer, stock: StacServer) -> StacServer:
    shutil.copytree(stock.folder, server.folder, dirs_exist_ok=True)
    server.items = json.loads(json.dumps(stock.items).replace(stock.url, server.url))
    return server


@pytest.fixture
def asking(sentinel: StacServer) -> Callable[..., Request]:
    """Ask the synthetic catalogue for both tiles of the clearest day, unless told otherwise."""

    def ask(**changes: Any) -> Request:
        wanted = {"stac": sentinel.url, "collection": "sentinel-2-l2a", "bbox": ALL}
        wanted |= {"dates": MARCH, "bands": BANDS, "mosaic": True}
        return Request(**wanted | changes)

    return ask


def assert_cut_from(path: Path, whole: npt.NDArray[Any], corner: Affine, bbox: Any) -> None:
    """The file holds what the box shows of the whole, to the pixel, and hardly more."""
    with rasterio.open(path) as dataset:
        column, row = ~corner @ (dataset.transform.c, dataset.transform.f)
        assert (column, row) == (round(column), round(row))
        top, left = round(row), round(column)
        expected = whole[:, top : top + dataset.height, left : left + dataset.width]
        np.testing.assert_array_equal(dataset.read(), expected)
        west, south, east, north = transform_bounds("EPSG:4326", dataset.crs, *bbox)
        pixel, bounds = corner.a, dataset.bounds
    for outer, inner in zip(bounds, (west, south, east, north), strict=True):
        assert abs(outer - inner) < pixel
    assert bounds.left <= west
    assert bounds.right >= east


class TestFetch:
    def test_a_mosaic_of_the_clearest_day(
        self, asking: Callable[..., Request], tmp_path: Path
    ) -> None:
        path = tmp_path / "out" / "scene.tif"
        report = fetch(asking(), path, progress=False)
        assert report.images == ("S2A_A_20220317", "S2A_B_20220317")
        assert report.time == datetime(2022, 3, 17, 4, 5, 30, tzinfo=UTC)
        assert 2.5 < report.cloud < 4
        assert report.cover == pytest.approx(100)
        assert report.added == (-1000,)
        assert_cut_from(path, pixels_of(17) - 1000, CORNER, ALL)
        assert sorted(p.name for p in path.parent.iterdir()) == ["scene.tif"]

    def test_what_the_file_tells(self, asking: Callable[..., Request], tmp_path: Path) -> None:
        path = tmp_path / "scene.tif"
        fetch(asking(), path, progress=False)
        valid, faults, warned = cog_validate(path)
        assert (valid, faults, warned) == (True, [], [])
        with rasterio.open(path) as dataset:
            assert dataset.descriptions == BANDS
            assert dataset.tags()["TIFFTAG_DATETIME"] == "2022:03:17 04:05:30"
            assert (dataset.dtypes[0], dataset.nodata) == ("uint16", 0)
            assert set(dataset.scales) == {0.0001}
            assert set(dataset.offsets) == {0}
        with open_scene(path) as scene:
            assert scene.bands == BANDS
            assert scene.time == datetime(2022, 3, 17, 4, 5, 30, tzinfo=UTC)
            assert scene.gsd == 10

    def test_blocks_make_no_difference(
        self, asking: Callable[..., Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(box_reading, "BLOCK", 128)
        report = fetch(asking(), tmp_path / "scene.tif", progress=False)
        assert report.parts > 4 * 12
        assert_cut_from(tmp_path / "scene.tif", pixels_of(17) - 1000, CORNER, ALL)

    def test_only_the_window_is_read(
        self, asking: Callable[..., Request], sentinel: StacServer, tmp_path: Path
    ) -> None:
        box = (98.305, 25.7, 98.308, 25.702)
        fetch(asking(bbox=box, mosaic=False), tmp_path / "scene.tif", progress=False)
        stored = sum(file.stat().st_size for file in sentinel.folder.glob("S2A_A_20220317*"))
        assert sentinel.sent < 0.6 * stored
        asked = [path for path, _ in sentinel.asked if path.startswith("/files/")]
        assert all("S2A_A_20220317" in path for path in asked)
        assert_cut_from(tmp_path / "scene.tif", pixels_of(17) - 1000, CORNER, box)

    def test_one_image_is_enough_for_a_small_box(
        self, asking: Callable[..., Request], tmp_path: Path
    ) -> None:
        request = asking(bbox=INNER, bands=("nir", "blue"), mosaic=False)
        report = fetch(request, tmp_path / "scene.tif", progress=False)
        assert report.images == ("S2A_A_20220317",)
        assert_cut_from(tmp_path / "scene.tif", pixels_of(17)[[2, 0]] - 1000, CORNER, INNER)

    def test_an_image_in_the_next_utm_zone_is_laid_under(self, shop: Shop, tmp_path: Path) -> None:
        ramp = np.tile(np.arange(500, 500 + 300, dtype=np.uint16), (300, 1))[None]
        shop.offer("a", ramp, ("red",), "2022-03-17T04:05:30Z", **{"eo:cloud_cover": 1})
        west, south, east, north = shop.server.items[0]["bbox"]
        x, _, _, y = transform_bounds("EPSG:4326", "EPSG:32648", east, south, east, north)
        there = Affine(10, 0, x - 1000, 0, -10, y + 1000)
        flat = np.full((1, 600, 600), 77, np.uint16)
        late = {"crs": "EPSG:32648", "transform": there, "eo:cloud_cover": 9}
        shop.offer("b", flat, ("red",), "2022-03-17T04:05:44Z", **late)
        box = (west + 0.001, south + 0.001, east + 0.01, north - 0.002)
        request = Request(shop.server.url, "sentinel-2-l2a", box, MARCH, ("red",), mosaic=True)
        path = tmp_path / "scene.tif"
        assert fetch(request, path, progress=False).images == ("a", "b")
        with rasterio.open(path) as dataset:
            pixels = dataset.read(1)
            left = round((dataset.transform.c - CORNER.c) / 10)
        assert dataset.crs.to_epsg() == 32647
        np.testing.assert_array_equal(pixels[50, : 300 - left], ramp[0, 0, left:])
        assert (pixels[50, 300 - left :] == 77).mean() > 0.95

    @pytest.mark.parametrize("shape", ["polygon", "box alone"])
    def test_a_box_may_tell_elevations(
        self, asking: Callable[..., Request], sentinel: StacServer, tmp_path: Path, shape: str
    ) -> None:
        for item in sentinel.items:
            west, south, east, north = item["bbox"]
            item["bbox"] = [west, south, 120.5, east, north, 3400]
            if shape == "box alone":
                item["geometry"] = None
        report = fetch(asking(), tmp_path / "scene.tif", progress=False)
        assert report.images == ("S2A_A_20220317", "S2A_B_20220317")
        assert_cut_from(tmp_path / "scene.tif", pixels_of(17) - 1000, CORNER, ALL)

    def test_embed_takes_it_without_options(
        self, asking: Callable[..., Request], tmp_path: Path
    ) -> None:
        path, table = tmp_path / "scene.tif", tmp_path / "table.parquet"
        fetch(asking(), path, progress=False)
        assert main(["embed", str(path), "-o", str(table), "--no-projection"]) == 0
        metadata = open_table(table).metadata
        assert metadata["scenes"][0]["time"] == "2022-03-17T04:05:30+00:00"
        assert metadata["encoder"]["bands"] == list(BANDS)
        assert len(open_table(table)) > 200


class TestOffset:
    """What is done with digital numbers that ESA stores 1,000 too high from baseline 04.00 on."""

    @pytest.mark.parametrize(
        ("bands", "properties", "added"),
        [
            ({"scale": 0.0001, "offset": -0.1}, {}, -1000),
            ({"scale": 0.0001, "offset": 0}, {}, 0),
            ({"scale": 0.0001, "offset": -0.1}, {"earthsearch:boa_offset_applied": True}, 0),
            ({"scale": 0.0001, "offset": -0.1}, {"earthsearch:boa_offset_applied": False}, -1000),
            (None, {"s2:processing_baseline": "04.00"}, -1000),
            (None, {"s2:processing_baseline": "03.01"}, 0),
            (None, {"processing:version": "05.11"}, -1000),
            (None, {}, 0),
        ],
    )
    def test_as_the_catalogue_tells(
        self,
        shop: Shop,
        tmp_path: Path,
        bands: dict[str, Any] | None,
        properties: dict[str, Any],
        added: int,
    ) -> None:
        pixels = pixels_of(7)[:2, :50, :50]
        pixels[:, :9] = 0
        pixels[0, 9:12] = 0
        pixels[0, 20:22] = 400
        shop.offer("a", pixels, ("red", "nir"), "2022-03-07T04:05:30Z", bands=bands, **properties)
        request = Request(
            shop.server.url,
            "sentinel-2-l2a",
            (98.3027, 25.7172, 98.3066, 25.7209),
            MARCH,
            ("red", "nir"),
        )
        path = tmp_path / "scene.tif"
        assert fetch(request, path, progress=False).added == (added,)
        expected = (pixels.astype(int) + added).clip(1)
        expected[pixels == 0] = 0
        assert_cut_from(path, expected, CORNER, request.bbox)

    def test_other_scales_stay_as_they_are_and_are_recorded(
        self, shop: Shop, tmp_path: Path
    ) -> None:
        told = {"scale": 2.75e-5, "offset": -0.2}
        place = {"bands": told, "collection": "landsat-c2-l2"}
        shop.offer("a", pixels_of(7)[:1], ("red",), "2022-03-07T04:05:30Z", **place)
        request = Request(shop.server.url, "landsat-c2-l2", INNER, MARCH, ("red",))
        fetch(request, tmp_path / "scene.tif", progress=False)
        assert_cut_from(tmp_path / "scene.tif", pixels_of(7)[:1], CORNER, INNER)
        with rasterio.open(tmp_path / "scene.tif") as dataset:
            assert (dataset.scales, dataset.offsets) == ((2.75e-5,), (-0.2,))

    def test_no_offset_is_added_to_measurements(self, shop: Shop, tmp_path: Path) -> None:
        shop.offer("a", pixels_of(7)[:1] / np.float32(1e4), ("red",), "2022-03-07T04:05:30Z")
        request = Request(shop.server.url, "sentinel-2-l2a", INNER, MARCH, ("red",))
        path = tmp_path / "scene.tif"
        with pytest.raises(CatalogueError, match=r"are float32, not digital .* --offset 0\.$"):
            fetch(request, path, added=-1000, progress=False)
        assert list(path.parent.glob("scene*")) == []
        fetch(request, path, added=0, progress=False)
        assert_cut_from(path, pixels_of(7)[:1] / np.float32(1e4), CORNER, INNER)

    def test_an_offset_that_leaves_nothing_is_doubted_and_nothing_is_fetched_twice(
        self, shop: Shop, tmp_path: Path
    ) -> None:
        told = {"scale": 0.0001, "offset": -0.1}
        dark = pixels_of(7)[:2] // 10
        shop.offer("a", dark, ("red", "nir"), "2022-03-07T04:05:30Z", bands=told)
        request = Request(shop.server.url, "sentinel-2-l2a", INNER, MARCH, ("red", "nir"))
        path = tmp_path / "scene.tif"
        with pytest.raises(CatalogueError, match=r"100% of the visible .* --offset 0"):
            fetch(request, path, progress=False)
        assert not path.exists()
        before = shop.server.sent
        report = fetch(request, path, added=0, progress=False)
        assert (report.parts, report.kept) == (2, 2)
        # The headers, from which the grid is known, are asked for again.
        assert shop.server.sent - before < before
        assert_cut_from(path, dark, CORNER, INNER)


class TestBands:
    """Each catalogue has its own names for files."""

    def renamed(self, shop: Shop, names: dict[str, str], **more: Any) -> Request:
        shop.offer("a", pixels_of(7)[:3], BANDS[:3], "2022-03-07T04:05:30Z")
        assets = shop.server.items[0]["assets"]
        shop.server.items[0]["assets"] = {
            names[role]: asset | ({"eo:bands": [{"common_name": role}]} if more else {})
            for role, asset in assets.items()
        }
        return Request(shop.server.url, "sentinel-2-l2a", INNER, MARCH, ("nir", "red"))

    @pytest.mark.parametrize(
        ("names", "common"),
        [
            (("B02", "B04", "B08"), False),
            (("B02_10m", "B04_10m", "B08_10m"), False),
            (("band1", "band2", "band3"), True),
        ],
    )
    def test_names(self, shop: Shop, tmp_path: Path, names: tuple[str, ...], common: bool) -> None:
        more = {"common": True} if common else {}
        request = self.renamed(shop, dict(zip(BANDS, names, strict=False)), **more)
        fetch(request, tmp_path / "scene.tif", progress=False)
        assert_cut_from(tmp_path / "scene.tif", pixels_of(7)[[2, 1]], CORNER, INNER)

    def test_a_band_that_is_not_there(self, shop: Shop, tmp_path: Path) -> None:
        request = self.renamed(shop, {"blue": "visual", "red": "B04", "nir": "thumbnail"})
        with pytest.raises(CatalogueError, match="a: this image has no band nir among B04, thumbn"):
            fetch(request, tmp_path / "scene.tif", progress=False)


class TestGoingOn:
    def command(self, sentinel: StacServer, path: Path, *more: str) -> list[str]:
        box = [str(degrees) for degrees in ALL]
        command = [PROGRAM, "fetch", "--stac", sentinel.url, "--collection", "sentinel-2-l2a"]
        command += ["--bbox", *box, "--dates", MARCH, "--bands", ",".join(BANDS), "--mosaic"]
        return [*command, "-o", str(path), *more]

    def test_killed_in_the_middle_it_goes_on(self, sentinel: StacServer, tmp_path: Path) -> None:
        path = tmp_path / "scene.tif"
        parts = path.with_name("scene.tif.parts")
        sentinel.held = "nir"
        with running(self.command(sentinel, path), stdout=subprocess.DEVNULL) as killed:
            eventually(
                lambda: len(list(parts.glob("*.npz"))) >= 6 or killed.poll() is not None,
                "the parts do not come",
            )
            killed.send_signal(signal.SIGKILL)
            assert killed.wait() == -signal.SIGKILL, "it ended before it could be killed"
        assert not path.exists()
        sentinel.released.set()
        sentinel.asked.clear()
        done = subprocess.run(
            self.command(sentinel, path), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "2 parts fetched, 6 kept from before" in done.stdout
        # Of the other bands, only the headers are looked at again.
        again = {p for p, asked in sentinel.asked if asked and not asked.startswith("bytes=0-")}
        assert all("nir" in path for path in again)
        assert_cut_from(path, pixels_of(17) - 1000, CORNER, ALL)
        assert not parts.exists()

    def test_progress_with_time_left_on_a_terminal(
        self, sentinel: StacServer, tmp_path: Path
    ) -> None:
        terminal, side = pty.openpty()
        termios.tcsetwinsize(side, (24, 100))
        command = self.command(sentinel, tmp_path / "scene.tif")
        with (
            os.fdopen(terminal, "rb", 0) as shown,
            subprocess.Popen(command, stderr=side, stdout=subprocess.DEVNULL),
        ):
            os.close(side)
            text = b""
            with suppress(OSError):  # which Linux calls the end of a terminal
                while chunk := shown.read(4096):
                    text += chunk
        assert re.search(rb"fetching scene\.tif: +\d+%.* 8/8 \[\d\d:\d\d<.*part", text), text
        assert re.search(rb"writing scene\.tif: +\d+%.* 2/2 \[\d\d:\d\d<.*step", text), text

    def interrupted(self, request: Request, path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Fetch all parts, and be stopped before they are joined."""
        with monkeypatch.context() as patch:
            patch.setattr("rareearth_explorer.stac.fetching.write_file", stop)
            with pytest.raises(KeyboardInterrupt):
                fetch(request, path, progress=False)
        return path.with_name(path.name + ".parts")

    def test_a_damaged_part_is_fetched_again(
        self, asking: Callable[..., Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "scene.tif"
        parts = self.interrupted(asking(), path, monkeypatch)
        first, second, *_ = sorted(parts.glob("*.npz"))
        content = bytearray(first.read_bytes())
        content[len(content) // 2] ^= 1
        first.write_bytes(content)
        second.write_bytes(b"")
        report = fetch(asking(), path, progress=False)
        assert (report.parts, report.kept) == (8, 6)
        assert_cut_from(path, pixels_of(17) - 1000, CORNER, ALL)

    def test_other_options_are_refused(
        self, asking: Callable[..., Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "scene.tif"
        self.interrupted(asking(), path, monkeypatch)
        with pytest.raises(CatalogueError, match=r"scene.tif.parts used other bbox, images; use"):
            fetch(asking(bbox=INNER), path, progress=False)
        fetch(asking(), path, progress=False)
        with pytest.raises(CatalogueError, match="a file exists that was not fetched"):
            fetch(asking(bbox=INNER), path, progress=False)

    def test_what_is_there_is_verified_and_left(
        self, asking: Callable[..., Request], tmp_path: Path
    ) -> None:
        path = tmp_path / "scene.tif"
        fetch(asking(), path, progress=False)
        before = path.stat()
        assert fetch(asking(), path, progress=False).parts == 0
        after = path.stat()  # reading it changes when it was read last
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        path.write_bytes(path.read_bytes()[: before.st_size // 2])
        assert fetch(asking(), path, progress=False).parts == 8
        assert_cut_from(path, pixels_of(17) - 1000, CORNER, ALL)

    def test_a_file_of_somebody_else_is_never_overwritten(
        self, asking: Callable[..., Request], tmp_path: Path
    ) -> None:
        path = tmp_path / "scene.tif"
        path.write_text("precious")
        with pytest.raises(CatalogueError, match="a file exists that"):
            fetch(asking(), path, progress=False)
        assert path.read_text() == "precious"

    def test_a_busy_server_is_asked_again(
        self, asking: Callable[..., Request], sentinel: StacServer, tmp_path: Path
    ) -> None:
        sentinel.statuses = {
            "/search": [503],
            "A_20220317_red.tif": [429, 503],
            "B_20220317": [500],
        }
        fetch(asking(), tmp_path / "scene.tif", progress=False)
        assert not any(sentinel.statuses.values())
        assert_cut_from(tmp_path / "scene.tif", pixels_of(17) - 1000, CORNER, ALL)


def stop(*_: object) -> None:
    raise KeyboardInterrupt


class TestCommand:
    def run(self, sentinel: StacServer, *changes: str | Path) -> int:
        """Run the command for the inner box; later options count more than earlier ones."""
        box = [str(degrees) for degrees in INNER]
        wanted = ["--stac", sentinel.url, "--collection", "sentinel-2-l2a", "--bbox", *box]
        wanted += ["--dates", MARCH, "--bands", "blue,red,nir,swir16"]
        return main(["fetch", *wanted, *map(str, changes)])

    def refusal(self, capsys: Capture, sentinel: StacServer, *changes: str | Path) -> str:
        assert self.run(sentinel, *changes) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1, said.err
        assert said.err.endswith(".\n")
        return said.err

    def test_its_name_tells_the_date(
        self,
        sentinel: StacServer,
        capsys: Capture,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert self.run(sentinel) == 0
        said = capsys.readouterr().out
        assert "sentinel-2-l2a_20220317.tif: 2022-03-17 04:05 UTC, 152 x 168 pixels, " in said
        assert "from S2A_A_20220317 (cloud in the whole images: 2.5 %)" in said
        assert "4 parts fetched, 0 kept from before; added to the digital numbers: -1000." in said
        assert self.run(sentinel) == 0
        assert "The file existed already and is complete" in capsys.readouterr().out

    def test_earlier_dates(self, sentinel: StacServer, capsys: Capture, tmp_path: Path) -> None:
        path = tmp_path / "scene.tif"
        assert self.run(sentinel, "-o", path, "--dates", "2022-03-01/2022-03-16") == 0
        assert_cut_from(path, pixels_of(7) - 1000, CORNER, INNER)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ("--bbox 98.32 25.69 98.303 25.705", "is not a box: give west, south, east and north"),
            ("--bbox 25.69 98.303 25.705 98.32", "is not a box: give west, south, east and north"),
            ("--dates 2022-03-31/2022-03-01", "are no dates: give the first and the last day"),
            ("--dates March", "are no dates: give the first and the last day"),
            ("--bands red,,nir", "red,,nir are no bands: name each once"),
            ("--dates 2021-03-01/2021-03-31", "has no image of this box from .* widen --dates"),
            (
                "--bbox 8 25.69 8.1 25.7",
                "has no image of this box from .* check that --bbox is west",
            ),
            ("--max-cloud 1", "the clearest of 2 choices, of 2022-03-17, is cloud by 2.5 %; raise"),
            ("--bbox 98.3 25.69 98.35 25.7", "no single image covers the box; .* with --mosaic"),
            ("--bbox 98.3 25.69 98.4 25.7 --mosaic", "the images of no day cover .* --min-cover"),
            ("--collection sentinel-1", "there is no collection sentinel-1 among sentinel-2-l2a"),
            ("--bands red,pan", "S2A_A_20220317: this image has no band pan among blue, nir, red"),
            ("--stac http://127.0.0.1:9", "the catalogue cannot be reached; check the network"),
            ("--stac http://nowhere.invalid", "the catalogue cannot be reached; check the netw"),
            ("--stac nowhere", "the response is not that of a STAC API"),
            (
                "-o 20220301.tif",
                "its name has the date 2022-03-01, and the chosen image is of",
            ),
        ],
    )
    def test_what_does_not_fit(
        self,
        sentinel: StacServer,
        capsys: Capture,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        changes: str,
        words: str,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert re.search(words, self.refusal(capsys, sentinel, *changes.split()))
        assert [p.name for p in tmp_path.iterdir()] == ["files"]

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (401, r"not public \(HTTP 401\), and this program does not sign URLs, as Planetary"),
            (403, r"not public \(HTTP 403\), and this program does not sign URLs, as Planetary"),
            (409, r"not public \(HTTP 409\), and this program does not sign URLs, as Planetary"),
            (404, r"the catalogue lists this file, but it is missing \(HTTP 404\)"),
        ],
    )
    def test_a_file_that_cannot_be_had(
        self, sentinel: StacServer, capsys: Capture, tmp_path: Path, status: int, words: str
    ) -> None:
        sentinel.statuses = {"/files/": [status] * 1000}
        said = self.refusal(capsys, sentinel, "-o", tmp_path / "scene.tif")
        assert re.search(words, said)
        assert said.startswith(f"{sentinel.url}/files/S2A_A_20220317_blue.tif: ")

    def test_a_file_that_is_no_raster(
        self, sentinel: StacServer, capsys: Capture, tmp_path: Path
    ) -> None:
        (sentinel.folder / "S2A_A_20220317_red.tif").write_text("<html>" * 1000)
        said = self.refusal(capsys, sentinel, "-o", tmp_path / "scene.tif")
        assert "S2A_A_20220317_red.tif: this is not a readable raster" in said

    def test_a_network_that_goes_away(
        self, sentinel: StacServer, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(box_reading.HTTP, "GDAL_HTTP_MAX_RETRY", 1)
        monkeypatch.setitem(box_reading.HTTP, "GDAL_HTTP_RETRY_DELAY", 0.01)
        asked = len(sentinel.asked)
        read = box_reading.Frame.read

        def then_break(self: Any, href: str, block: Any) -> Any:
            sentinel.statuses = {"_nir.tif": [502] * 1000}
            return read(self, href, block)

        monkeypatch.setattr(box_reading.Frame, "read", then_break)
        path = tmp_path / "scene.tif"
        said = self.refusal(capsys, sentinel, "-o", path)
        assert "_nir.tif: the file cannot be read completely; check the network" in said
        assert len(sentinel.asked) > asked
        monkeypatch.undo()
        sentinel.statuses = {}
        assert self.run(sentinel, "-o", path) == 0
        assert re.search(r"[1-3] parts fetched, [1-3] kept", capsys.readouterr().out)

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (403, r"the catalogue requires a login \(HTTP 403\)"),
            (404, r"there is no catalogue at this address \(HTTP 404\)"),
            (400, r"the catalogue failed to respond \(HTTP 400\)"),
        ],
    )
    def test_a_catalogue_that_refuses(
        self, sentinel: StacServer, capsys: Capture, status: int, words: str
    ) -> None:
        sentinel.statuses = {"/search": [status]}
        assert re.search(words, self.refusal(capsys, sentinel))

    def test_a_catalogue_that_cannot_be_searched(
        self, sentinel: StacServer, capsys: Capture
    ) -> None:
        sentinel.conforms = sentinel.conforms[:1]
        assert "this catalogue cannot be searched" in self.refusal(capsys, sentinel)

    def test_without_pystac_client(
        self, sentinel: StacServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pystac_client", None)
        assert 'pip install "rareearth-explorer[stac]".' in self.refusal(capsys, sentinel)

    def test_a_folder_that_is_read_only(self, sentinel: StacServer, capsys: Capture) -> None:
        said = self.refusal(capsys, sentinel, "-o", "/proc/scene.tif")
        assert "/proc/scene.tif: nothing can be written there" in said

    def test_bands_of_another_collection_must_be_named(
        self, sentinel: StacServer, capsys: Capture
    ) -> None:
        command = ["fetch", "--stac", sentinel.url, "--collection", "naip", "--dates", MARCH]
        assert main([*command, "--bbox", *map(str, INNER)]) == 2
        assert "naip: there are no default bands for this collection" in capsys.readouterr().err


@pytest.mark.realdata
class TestRealImages:
    """Aerial photographs of one place in two years (NAIP), cut into two tiles each."""

    ROLES = ("red", "green", "blue", "nir")
    BOX = (-100.2, 46.0, -100.1, 46.1)

    @pytest.fixture
    def years(self, shop: Shop, real_data: Path) -> dict[int, tuple[npt.NDArray[Any], Affine]]:
        whole = {}
        for year, name, cloud in ((2018, "20180716", 8), (2020, "20200831", 0)):
            with rasterio.open(real_data / "naip" / f"m_4709963_se_14_1_{name}.tif") as dataset:
                pixels, corner, crs = dataset.read(), dataset.transform, dataset.crs.to_string()
            whole[year] = pixels, corner
            half = pixels.shape[2] // 2
            for tile, columns in (("w", slice(0, half + 40)), ("e", slice(half, None))):
                shop.offer(
                    f"naip_{tile}_{name}",
                    pixels[:, :, columns],
                    self.ROLES,
                    f"{name[:4]}-{name[4:6]}-{name[6:]}T00:00:00Z",
                    crs=crs,
                    transform=corner @ Affine.translation(columns.start, 0),
                    collection="naip",
                    **{"eo:cloud_cover": cloud},
                )
        return whole

    @pytest.mark.parametrize(("year", "dates"), [(2020, "2015/2021"), (2018, "2015/2019")])
    def test_a_year_is_the_image_that_its_tiles_were_cut_from(
        self,
        shop: Shop,
        years: dict[int, tuple[npt.NDArray[Any], Affine]],
        tmp_path: Path,
        year: int,
        dates: str,
    ) -> None:
        boxes = np.array([item["bbox"] for item in shop.server.items])
        (west, south), (east, north) = boxes[:, :2].min(0) + 0.004, boxes[:, 2:].max(0) - 0.004
        first, last = dates.split("/")
        request = Request(
            shop.server.url, "naip", (west, south, east, north), f"{first}-01-01/{last}-12-31",
            self.ROLES, mosaic=True,
        )  # fmt: skip
        path, table = tmp_path / "scene.tif", tmp_path / "table.parquet"
        report = fetch(request, path, progress=False)
        assert report.time.year == year
        assert len(report.images) == 2
        assert_cut_from(path, *years[year], request.bbox)
        assert cog_validate(path)[0]
        assert main(["embed", str(path), "-o", str(table), "--no-projection"]) == 0
        assert open_table(table).metadata["encoder"]["bands"] == list(self.ROLES)
        assert len(open_table(table)) > 50
