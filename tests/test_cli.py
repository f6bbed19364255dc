"""The command: what it makes, what it says, and one sentence for whatever is wrong."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.control import GroundControlPoint

from rareearth_explorer.cli import main
from rareearth_explorer.data.scene.bands import ROLES
from rareearth_explorer.data.table import PatchTable, TableWriter, open_table
from rareearth_explorer.embedding.scene_facts import known_bands

MakeGeotiff = Callable[..., Path]
Capture = pytest.CaptureFixture[str]

FIXTURE = Path(__file__).parent / "data" / "clay_fixture"
PROGRAM = str(Path(sys.executable).with_name("rareearth-explorer"))


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


def run_alone(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run in a process of its own, where warnings and log lines would be seen."""
    command = [PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def assert_refused(code: int, capture: Capture, named: Path | str, words: str = "") -> None:
    """One sentence on standard error, which names the file; nothing else."""
    said = capture.readouterr()
    assert code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    assert Path(named).name in said.err
    assert re.search(words, said.err), said.err
    assert said.err.endswith(".\n")


def kept(path: Path) -> tuple[int, int]:
    """What tells whether a file was written again; reading it may change other times."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def pixels_of(bands: int = 4, side: int = 180) -> npt.NDArray[np.uint16]:
    return np.random.default_rng(0).integers(200, 4000, (bands, side, side), dtype=np.uint16)


@pytest.fixture
def scene(make_geotiff: MakeGeotiff) -> Path:
    """Two by two patches of 250 m."""
    return make_geotiff(pixels_of())


@pytest.fixture
def table(small_table: PatchTable, tmp_path: Path) -> Path:
    path = tmp_path / "table.parquet"
    with TableWriter(path, small_table.dim, small_table.metadata) as writer:
        writer.append(
            small_table.row, small_table.column, small_table.corners, small_table.embeddings
        )
    return path


class TestEmbed:
    @pytest.mark.slow
    def test_a_table_with_its_projection(self, scene: Path, capsys: Capture) -> None:
        table = scene.with_name("table.parquet")
        assert run("embed", scene, "-o", table) == 0
        said = capsys.readouterr()
        assert f"{table}: 4 patches of 768 numbers; 0 left out" in said.out
        assert said.err == ""
        opened = open_table(table)
        assert opened.umap is not None
        assert opened.metadata["projection"]["metric"] == "cosine"

    @pytest.mark.slow
    def test_again_it_is_left_as_it_is(self, scene: Path, capsys: Capture) -> None:
        table = scene.with_name("table.parquet")
        run("embed", scene, "-o", table)
        before = kept(table)
        assert run("embed", scene, "-o", table) == 0
        assert kept(table) == before
        assert run("embed", scene, "-o", table, "--patch-size", "100") == 0
        assert len(open_table(table)) == 25

    @pytest.mark.slow
    def test_a_finished_table_gets_the_projection_that_it_lacks(
        self, scene: Path, capsys: Capture
    ) -> None:
        table = scene.with_name("table.parquet")
        run("embed", scene, "-o", table, "--no-projection")
        assert open_table(table).umap is None
        run("embed", scene, "-o", table)
        assert open_table(table).umap is not None

    def test_a_mosaic_and_its_bands(self, make_geotiff: MakeGeotiff, tmp_path: Path) -> None:
        one = make_geotiff(pixels_of(), "one.tif")
        place = Affine(3, 0, 430_000 + 3 * 100, 0, -3, 2_845_000)
        other = make_geotiff(pixels_of(), "other.tif", transform=place)
        table = tmp_path / "table.parquet"
        options = ["--bands", "blue,_,red,nir", "--no-projection"]
        assert run("embed", one, other, "-o", table, *options) == 0
        metadata = open_table(table).metadata
        assert [s["name"] for s in metadata["scenes"]] == ["one.tif", "other.tif"]
        assert metadata["scenes"][0]["bands"] == ["blue", "_", "red", "nir"]
        assert metadata["encoder"]["bands"] == ["blue", "red", "nir"]
        assert metadata["grid"]["columns"] == 3

    def test_a_folder_with_masks(self, make_geotiff: MakeGeotiff, tmp_path: Path) -> None:
        item = "20220307_034030_1_2475_3B"
        make_geotiff(pixels_of(8), f"{item}_AnalyticMS_SR_8b.tif")
        clear = np.ones((8, 180, 180), np.uint8)
        clear[0, :90] = 0
        make_geotiff(clear, f"{item}_udm2.tif")
        table = tmp_path / "out" / "table.parquet"
        assert run("embed", tmp_path, "-o", table, "--no-projection") == 0
        assert len(open_table(table)) == 2
        assert run("embed", tmp_path, "-o", table, "--no-projection", "--no-udm2") == 0
        assert len(open_table(table)) == 4

    @pytest.mark.slow
    def test_on_worker_processes_it_is_the_same_to_the_bit(
        self, scene: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("distributed", reason="needs Dask: pip install .[dask]")
        monkeypatch.chdir(scene.parent)
        options = ["--patch-size", "60", "--no-projection"]
        assert run("embed", scene.name, "-o", "here.parquet", *options) == 0
        assert run("embed", scene.name, "-o", "there.parquet", *options, "--local-workers=2") == 0
        here, there = (pq.read_table(f"{name}.parquet") for name in ("here", "there"))
        assert here.equals(there, check_metadata=True)

    @pytest.mark.slow
    @pytest.mark.parametrize("address", ["nonsense", "nonsense://x"])
    def test_an_address_of_no_scheduler_is_one_sentence_to_the_end(
        self, scene: Path, address: str
    ) -> None:
        pytest.importorskip("distributed", reason="needs Dask: pip install .[dask]")
        output = scene.with_name("table.parquet")
        done = run_alone("embed", scene, "-o", output, "--scheduler", address)
        assert done.returncode == 2
        assert done.stderr.startswith(f"{address}: no Dask scheduler answers there")
        assert done.stderr.count("\n") == 1, done.stderr

    @pytest.mark.slow
    def test_progress_with_rate_and_time_left_on_a_terminal(self, scene: Path) -> None:
        terminal, side = pty.openpty()
        termios.tcsetwinsize(side, (24, 100))
        command = [PROGRAM, "embed", str(scene), "-o", str(scene.with_name("t.parquet"))]
        with os.fdopen(terminal, "rb", 0) as shown:
            options = ["--no-projection", "--patch-size", "60"]
            with subprocess.Popen([*command, *options], stderr=side, stdout=subprocess.PIPE):
                os.close(side)
                text = b""
                while chunk := read_terminal(shown):
                    text += chunk
        assert re.search(rb"embedding scene\.tif: +\d+%.*\[\d\d:\d\d<.*patch", text), text


def read_terminal(shown: Any) -> bytes:
    """Read what there is; nothing once the other side has closed, which Linux calls an error."""
    try:
        return bytes(shown.read(4096))
    except OSError:
        return b""

    def test_a_patch_of_hardly_a_pixel(self, make_geotiff: MakeGeotiff, capsys: Capture) -> None:
        coarse = make_geotiff(pixels_of(), transform=Affine(30, 0, 430_000, 0, -30, 2_845_000))
        output = coarse.with_name("table.parquet")
        words = (
            r"its pixels measure 30 m, so a patch of 10 m is only 0\.33 pixels wide, and an .*240 m"
        )
        refused = run("embed", coarse, "-o", output, "--patch-size", "10")
        assert_refused(refused, capsys, coarse, words)
        assert list(coarse.parent.iterdir()) == [coarse]
        assert run("embed", coarse, "-o", output, "--patch-size", "240", "--no-projection") == 0


class TestClay:
    @pytest.fixture(autouse=True)
    def tiny(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Clay v1 is as small as the fixture."""
        pytest.importorskip("torch", reason="Clay needs torch: pip install .[clay]")
        from rareearth_explorer.embedding.encoders import clay

        config = clay.ClayConfig("clay-v1", dim=32, depth=2, heads=2, dim_head=12)
        monkeypatch.setattr(clay, "CLAY_V1", config)

    @pytest.fixture
    def planet(self, make_geotiff: MakeGeotiff) -> Path:
        return make_geotiff(pixels_of(8), "20220307_034030_1_2475_3B_AnalyticMS_SR_8b.tif")

    def embed(self, scene: Path, *options: str | Path) -> int:
        table = scene.with_name("table.parquet")
        clay = ["--encoder", "clay-v1", "--weights", FIXTURE / "clay_v1_tiny.ckpt"]
        return run("embed", scene, "-o", table, *clay, "--no-projection", *options)

    def test_every_option_is_recorded(self, planet: Path) -> None:
        options = ["--gsd", "3", "--padding", "reflect", "--no-metadata", "--device", "cpu"]
        assert self.embed(planet, *options, "--dtype", "bfloat16", "--batch", "3") == 0
        table = open_table(planet.with_name("table.parquet"))
        described = table.metadata["encoder"]
        assert (described["name"], table.dim) == ("clay-v1", 32)
        assert (described["gsd"], described["padding"]) == (3.0, "reflect")
        assert (described["device"], described["dtype"]) == ("cpu", "bfloat16")
        assert described["metadata"] is False
        assert described["sensor"] == "planetscope-8"
        assert table.metadata["batch"] == 3
        assert table.metadata["scenes"][0]["time"] == "2022-03-07T03:40:30+00:00"

    def test_converted_weights_give_the_same_table(self, planet: Path, capsys: Capture) -> None:
        converted = planet.with_name("tiny.safetensors")
        assert run("weights", "convert", FIXTURE / "clay_v1_tiny.ckpt", converted) == 0
        assert f"{converted}: the encoder clay-v1, 0.00 GB." in capsys.readouterr().out
        assert self.embed(planet) == 0
        before = kept(planet.with_name("table.parquet"))
        assert self.embed(planet, "--weights", converted) == 0
        assert kept(planet.with_name("table.parquet")) == before

    @pytest.mark.realdata
    def test_radiance_is_embedded_as_reflectance(self, real_data: Path, tmp_path: Path) -> None:
        scene = real_data / "planetscope" / "20170915_020728_103d_3B_AnalyticMS.tif"
        table = tmp_path / "table.parquet"
        clay = ["--encoder", "clay-v1", "--weights", FIXTURE / "clay_v1_tiny.ckpt"]
        common = ["-o", table, *clay, "--no-projection"]
        assert run("embed", scene, *common) == 0
        assert open_table(table).metadata["scenes"][0]["conversion"] is not None
        assert run("embed", scene, *common, "--normalisation", "scene") == 0
        assert open_table(table).metadata["scenes"][0]["conversion"] is None

    def test_radiance_without_metadata(self, make_geotiff: MakeGeotiff, capsys: Capture) -> None:
        path = make_geotiff(pixels_of(8), "20220307_034030_1_2475_3B_AnalyticMS_8b.tif")
        assert_refused(self.embed(path), capsys, path, "its pixels are radiance")

    @pytest.mark.parametrize(
        ("options", "named", "words"),
        [
            (["--weights", "none.ckpt"], "none.ckpt", "There is no weights file"),
            (["--weights", __file__], __file__, "neither a Lightning checkpoint"),
            (["--encoder", "clay-v1.5"], "clay_v1_tiny.ckpt", "holds clay-v1, not clay-v1.5"),
            (["--gsd", "-1"], "gsd", "give metres above 0"),
            (["--sensor", "x"], "AnalyticMS_SR_8b.tif", "There is no sensor x"),
            (
                ["--patch-size", "12"],
                "AnalyticMS_SR_8b.tif",
                "a patch of 12 m is only 4 pixels wide",
            ),
            (["--encoder", "x"], "AnalyticMS_SR_8b.tif", "There is no encoder x"),
            (["--bands", ",".join("abcdefgh")], "AnalyticMS_SR_8b.tif", "No sensor has the bands"),
        ],
    )
    def test_what_does_not_fit(
        self, planet: Path, capsys: Capture, options: list[str], named: str, words: str
    ) -> None:
        assert_refused(self.embed(planet, *options), capsys, named, words)
        assert not planet.with_name("table.parquet").exists()

    def test_weights_that_are_none_of_clay(self, tmp_path: Path, capsys: Capture) -> None:
        source = FIXTURE / "inputs.npz"
        code = run("weights", "convert", source, tmp_path / "x.safetensors")
        assert_refused(code, capsys, source)
        assert list(tmp_path.iterdir()) == []


def no_crs(make: MakeGeotiff) -> Path:
    return make(crs=None)


def rotated(make: MakeGeotiff) -> Path:
    return make(transform=Affine(3, 0, 430_000, 0, -3, 2_845_000) @ Affine.rotation(20))


def gcps_only(make: MakeGeotiff) -> Path:
    corners = [(0, 0), (0, 180), (200, 0)]
    points = [GroundControlPoint(r, c, 98 + c / 1e4, 26 - r / 1e4) for r, c in corners]
    return make(transform=None, name="gcps.tif", gcps=points)


def all_nodata(make: MakeGeotiff) -> Path:
    return make(np.zeros((4, 90, 90), np.uint16), nodata=0)


def truncated(make: MakeGeotiff) -> Path:
    path = make()
    path.write_bytes(path.read_bytes()[:100_000])
    return path


def damaged(make: MakeGeotiff) -> Path:
    path = make(pixels_of(4, 512), compress="zstd", tiled=True, blockxsize=256, blockysize=256)
    with rasterio.open(path) as dataset:
        offset = int(dataset.get_tag_item("BLOCK_OFFSET_1_0", "TIFF", bidx=1))
    content = bytearray(path.read_bytes())
    content[offset : offset + 1000] = bytes(1000)
    path.write_bytes(content)
    return path


def empty(make: MakeGeotiff) -> Path:
    path = make()
    path.write_bytes(b"")
    return path


def missing(make: MakeGeotiff) -> Path:
    return make().with_name("missing.tif")


def too_small(make: MakeGeotiff) -> Path:
    return make(pixels_of(4, 40))


def one_value(make: MakeGeotiff) -> Path:
    return make(np.full((4, 90, 90), 7, np.uint16))


BAD_SCENES = {
    no_crs: "no coordinate reference system",
    rotated: "is rotated",
    gcps_only: "ground control points only",
    all_nodata: "every pixel is nodata",
    truncated: "not a complete raster",
    damaged: "not a complete raster",
    empty: "not a complete raster",
    missing: "there is no such file",
    too_small: "is larger than the scene",
    one_value: "is constant or has no valid pixels",
}


class TestBadScenes:
    @pytest.mark.parametrize("bad", BAD_SCENES, ids=lambda bad: bad.__name__)
    def test_one_sentence_and_nothing_written(
        self, make_geotiff: MakeGeotiff, tmp_path: Path, capsys: Capture, bad: Any
    ) -> None:
        path = bad(make_geotiff)
        before = set(tmp_path.iterdir())
        code = run("embed", path, "-o", tmp_path / "table.parquet")
        assert_refused(code, capsys, path, BAD_SCENES[bad])
        # Of a scene that is damaged further down, what was embedded before is kept.
        kept = {tmp_path / "table.parquet.blocks"} if bad is damaged else set()
        assert set(tmp_path.iterdir()) - kept == before
        if bad not in (too_small, one_value, damaged):
            assert_refused(run("info", path), capsys, path, BAD_SCENES[bad])

    @pytest.mark.slow
    @pytest.mark.parametrize("bad", [truncated, damaged], ids=lambda bad: bad.__name__)
    def test_gdal_adds_nothing_in_a_process_of_its_own(
        self, make_geotiff: MakeGeotiff, tmp_path: Path, bad: Any
    ) -> None:
        path = bad(make_geotiff)
        done = run_alone("embed", path, "-o", tmp_path / "table.parquet")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1, done.stderr
        assert str(path) in done.stderr

    @pytest.mark.realdata
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("rasters_tricky/rotated.tif", "is rotated"),
            ("rasters_tricky/cog_gcps.tif", "ground control points only"),
            ("planetscope/all_nodata_analyticms_sr.tif", "every pixel is nodata"),
            ("labels_messy/embed_true_pos.geojson", "not a complete raster"),
        ],
    )
    def test_real_ones(
        self, real_data: Path, tmp_path: Path, capsys: Capture, name: str, words: str
    ) -> None:
        code = run("embed", real_data / name, "-o", tmp_path / "table.parquet")
        assert_refused(code, capsys, name, words)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_without_images(self, tmp_path: Path, capsys: Capture) -> None:
        code = run("embed", tmp_path, "-o", tmp_path / "table.parquet")
        assert_refused(code, capsys, tmp_path, "this folder contains no GeoTIFF")

    def test_dates_are_not_mixed(
        self, make_geotiff: MakeGeotiff, tmp_path: Path, capsys: Capture
    ) -> None:
        paths = [make_geotiff(name=f"2022030{day}_scene.tif") for day in (7, 8)]
        code = run("embed", *paths, "-o", tmp_path / "table.parquet")
        assert_refused(code, capsys, paths[1], "embed each date into a separate table")

    def test_a_place_that_cannot_be_written(self, scene: Path, capsys: Capture) -> None:
        code = run("embed", scene, "-o", scene / "table.parquet")
        assert_refused(code, capsys, "table.parquet", "nothing can be written there")

    def test_other_options_in_the_middle(self, scene: Path, capsys: Capture) -> None:
        table = scene.with_name("table.parquet")
        blocks = table.with_name("table.parquet.blocks")
        blocks.mkdir()
        (blocks / "plan.json").write_text('{"batch": 5}')
        assert_refused(run("embed", scene, "-o", table), capsys, table, "used other batch")

    def test_interrupted(
        self, scene: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("rareearth_explorer.embedding.embed_files.embed_scene", interrupt)
        assert run("embed", scene, "-o", scene.with_name("table.parquet")) == 130
        assert capsys.readouterr().err == "Stopped.\n"


class TestInfo:
    """What will be made of a file, in words."""

    @pytest.fixture
    def lines(self, capsys: Capture) -> Callable[[Path], list[str]]:
        def told(path: Path) -> list[str]:
            assert run("info", path) == 0
            said = capsys.readouterr().out
            assert not re.search(r"[\[\]{}']|None", said), "Python is on the screen"
            return [re.sub(" {2,}", "  ", line).strip() for line in said.splitlines()]

        return told

    def test_a_scene(self, make_geotiff: MakeGeotiff, lines: Callable[[Path], list[str]]) -> None:
        pixels = pixels_of()
        pixels[:, :45] = 0
        names = ("blue", "green", "red", "nir")
        path = make_geotiff(pixels, "20220307_scene.tif", nodata=0, descriptions=names)
        make_geotiff(pixels[:1], "20220307_scene_udm2.tif")
        assert lines(path) == [
            f"imagery  {path}",
            f"mask for embed  {path.with_name('20220307_scene_udm2.tif')}",
            "extent  25.71638° N, 98.30219° E to 25.72128° N, 98.30760° E, 0.5 x 0.5 km",
            "size  180 x 180 pixels of 3 m",
            "pixels  uint16, in WGS 84 / UTM zone 47N",
            "units  as stored; the file does not say what they mean",
            "valid  75.0 % of the pixels",
            "empty pixels are told by the nodata value 0, in all bands",
            "date  2022-03-07 12:00 UTC",
            "bands  blue, green, red, nir",
            "means  2,095, 2,092, 2,099, 2,097",
            "patches  4 of 250 m, each 84 x 84 pixels",
            f"next  rareearth-explorer embed {path} -o 20220307_scene.parquet",
        ]

    def test_bands_without_names(self, scene: Path, lines: Callable[[Path], list[str]]) -> None:
        said = lines(scene)
        at = said.index("bands  b1, b2, b3, b4")
        assert said[at + 1].startswith("not known: b1, b2, b3, b4; name all with --bands")
        assert said[at + 2] == f"names: {', '.join(known_bands())}"
        assert {*ROLES, "swir22", "rededge3"} <= set(known_bands())
        _, *command = shlex.split(said[-1].removeprefix("next  "))
        assert run(*command[:2], "-o", scene.with_name(command[-1]), "--no-projection") == 0

    def test_coarse_pixels(
        self, make_geotiff: MakeGeotiff, lines: Callable[[Path], list[str]]
    ) -> None:
        place = Affine(30, 0, 430_000, 0, -30, 7_150_000)
        said = lines(make_geotiff(pixels_of(), crs="EPSG:32717", transform=place))
        extent = next(line for line in said if line.startswith("extent"))
        assert re.fullmatch(
            r"extent  25\.\d+° S, 81\.\d+° W to 25\.\d+° S, 81\.\d+° W, 5\.4 x 5\.4 km", extent
        )
        assert "warning: 8 pixels are few to recognise a mine; use larger patches" in said
        assert said[-1].endswith(".parquet --patch-size 480")

    def test_a_scene_smaller_than_a_patch(
        self, make_geotiff: MakeGeotiff, lines: Callable[[Path], list[str]]
    ) -> None:
        said = lines(make_geotiff(pixels_of(4, 40)))
        assert "patches  the scene is smaller than one patch of 250 m" in said
        assert said[-1].endswith(".parquet --patch-size 120")

    def test_geotiffs_in_a_folder_that_are_not_used(
        self, make_geotiff: MakeGeotiff, lines: Callable[[Path], list[str]]
    ) -> None:
        taken = make_geotiff(pixels_of(), "1_AnalyticMS_SR.tif")
        make_geotiff(pixels_of(), "1_AnalyticMS.TIFF")
        listed = ["used  1_AnalyticMS_SR.tif", "not used  1_AnalyticMS.TIFF"]
        assert lines(taken.parent)[1:3] == listed

    def test_a_table(self, table: Path, lines: Callable[[Path], list[str]]) -> None:
        said = lines(table)
        assert "patches  60" in said
        assert "extent  25.70760° N, 98.30219° E to 25.72137° N, 98.32739° E" in said
        assert said[-1] == f"next  rareearth-explorer project {table}"

    @pytest.mark.slow
    def test_a_table_with_its_projection(
        self, table: Path, lines: Callable[[Path], list[str]]
    ) -> None:
        run("project", table)
        assert lines(table)[-1] == f"next  rareearth-explorer explore {table}"

    def test_a_table_west_of_greenwich(
        self, small_table: PatchTable, tmp_path: Path, lines: Callable[[Path], list[str]]
    ) -> None:
        path = tmp_path / "west.parquet"
        with TableWriter(path, small_table.dim, {}, placed=False) as writer:
            corners = small_table.corners * (-1, 1)
            writer.append(None, None, corners, small_table.embeddings)
        assert "extent  25.70760° N, 98.32739° W to 25.72137° N, 98.30219° W" in lines(path)

    def test_another_file(self, tmp_path: Path, capsys: Capture) -> None:
        path = tmp_path / "README.md"
        path.write_text("# Words\n")
        words = r"is not supported; supported are imagery \(\.tif .* tables \(\..* labels \(\.csv"
        assert_refused(run("info", path), capsys, path, words)

    @pytest.mark.parametrize("command", ["explore", "project"])
    def test_imagery_is_no_table(self, scene: Path, capsys: Capture, command: str) -> None:
        words = rf"this is imagery, .*embed {scene} -o scene\.parquet' and .* --scene {scene}'"
        assert_refused(run(command, scene), capsys, scene, words)
        assert_refused(run(command, scene.parent), capsys, scene.parent, "this is a folder, not")


class TestTables:
    @pytest.fixture
    def with_nan(self, tmp_path: Path) -> Path:
        geometry = shapely.to_wkb(shapely.box(np.arange(3), 10, np.arange(3) + 1, 11))
        embedding = pa.array([[float("nan"), 2.0], [float("nan"), 1.0], [0.0, 0.0]])
        pq.write_table(pa.table({"geometry": geometry, "embedding": embedding}), tmp_path / "n.pq")
        return tmp_path / "n.pq"

    @pytest.mark.parametrize("command", ["info", "project", "explore", "import"])
    def test_nan(self, with_nan: Path, capsys: Capture, command: str) -> None:
        before = with_nan.read_bytes()
        output = ["-o", with_nan.with_name("out.parquet")] if command == "import" else []
        code = run(command, with_nan, *output)
        assert_refused(
            code, capsys, with_nan, "every embedding in 'embedding' is of zeros or holds NaN"
        )
        assert with_nan.read_bytes() == before
        assert list(with_nan.parent.iterdir()) == [with_nan]

    @pytest.mark.parametrize("command", ["info", "project", "explore"])
    @pytest.mark.parametrize("content", [None, b"", b"PAR1 but no more"])
    def test_no_table(
        self, tmp_path: Path, capsys: Capture, command: str, content: bytes | None
    ) -> None:
        path = tmp_path / "bad.parquet"
        if content is not None:
            path.write_bytes(content)
        words = "no such file" if content is None else "not a complete Parquet file"
        assert_refused(run(command, path), capsys, path, words)

    @pytest.mark.slow
    def test_project_is_seeded(self, table: Path, capsys: Capture) -> None:
        assert run("project", table) == 0
        assert capsys.readouterr().out == f"{table}: the UMAP is stored.\n"
        first = open_table(table).umap
        assert first is not None
        assert run("project", table) == 0
        np.testing.assert_array_equal(open_table(table).umap, first)

    @pytest.mark.realdata
    def test_import_and_info(self, real_data: Path, tmp_path: Path, capsys: Capture) -> None:
        source = real_data / "embeddings" / "planet_sample_5x512_nulls.parquet"
        assert run("import", source, "-o", tmp_path / "t.parquet") == 0
        said = capsys.readouterr().out
        assert "3 patches of 512 numbers; 2 rows without an embedding were dropped" in said
        assert run("info", tmp_path / "t.parquet") == 0
        said = capsys.readouterr().out
        assert re.search(r"imported +planet_sample_5x512_nulls\.parquet", said)
        code = run("import", source, "-o", tmp_path / "u.parquet", "--column", "none")
        assert_refused(code, capsys, source, "there is no column 'none'")
        assert not (tmp_path / "u.parquet").exists()


class TestOutputs:
    """What is written is never one of the files that are read."""

    READ = "this is one of the files that are read"

    @pytest.mark.parametrize("name", ["scene.tif", "./x/../scene.tif", "link.parquet", "same.pq"])
    def test_embed(self, scene: Path, capsys: Capture, name: str) -> None:
        scene.with_name("x").mkdir()
        scene.with_name("link.parquet").symlink_to(scene)
        scene.with_name("same.pq").hardlink_to(scene)
        before = scene.read_bytes(), set(scene.parent.iterdir())
        output = f"{scene.parent}/{name}"
        assert_refused(run("embed", scene, "-o", output), capsys, name, self.READ)
        assert_refused(run("embed", scene.parent, "-o", output), capsys, name, self.READ)
        assert (scene.read_bytes(), set(scene.parent.iterdir())) == before

    @pytest.mark.parametrize("option", ["--udm2", "--weights"])
    def test_embed_with_masks_and_weights(self, scene: Path, capsys: Capture, option: str) -> None:
        given = scene.with_name("given.parquet")
        given.write_bytes(b"mask or weights")
        assert_refused(run("embed", scene, option, given, "-o", given), capsys, given, self.READ)
        assert given.read_bytes() == b"mask or weights"

    @pytest.mark.parametrize("command", ["embed", "import"])
    @pytest.mark.parametrize("name", ["table.tif", "table", "folder/table.csv"])
    def test_a_name_that_is_no_tables(
        self, scene: Path, table: Path, capsys: Capture, command: str, name: str
    ) -> None:
        output = scene.parent / name
        source = scene if command == "embed" else table
        words = r"must end in \.parquet, \.geoparquet or \.pq"
        assert_refused(run(command, source, "-o", output), capsys, output, words)
        assert set(scene.parent.iterdir()) == {scene, table}

    def test_import(self, table: Path, capsys: Capture) -> None:
        before = table.read_bytes()
        assert_refused(run("import", table, "-o", table), capsys, table, self.READ)
        assert table.read_bytes() == before

    def test_weights(self, tmp_path: Path, capsys: Capture) -> None:
        weights = tmp_path / "clay.ckpt"
        weights.write_bytes(b"weights")
        assert_refused(run("weights", "convert", weights, weights), capsys, weights, self.READ)
        assert weights.read_bytes() == b"weights"


class TestLabels:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("lon,lat\n10,50\n11,51\n", "no label lies in a patch"),
            ("lon,lat\n25.7,98.3\n25.71,98.31\n", "(?i)swap"),
            ("name\nx\n", "no longitude and latitude"),
            ("", ""),
            (None, "no such file"),
        ],
    )
    def test_labels_that_do_not_fit(
        self, table: Path, capsys: Capture, content: str | None, words: str
    ) -> None:
        labels = table.with_name("labels.csv")
        if content is not None:
            labels.write_text(content)
        code = run("explore", table, "--labels", labels, "--no-browser")
        assert_refused(code, capsys, labels, words)

    def test_a_scene_that_cannot_be_opened(self, table: Path, capsys: Capture) -> None:
        code = run("explore", table, "--scene", table.with_name("none.tif"), "--no-browser")
        assert_refused(code, capsys, "none.tif", "there is no such file")


@pytest.mark.parametrize("asked", [True, False])
def test_help_names_every_command(capsys: Capture, asked: bool) -> None:
    if asked:
        with pytest.raises(SystemExit) as ended:
            run("--help")
        assert ended.value.code == 0
        said = capsys.readouterr().out
    else:
        assert run() == 2
        said = capsys.readouterr().err
    for command in ("demo", "explore", "embed", "project", "import", "weights", "info"):
        assert re.search(rf"^    {command} ", said, re.MULTILINE)
