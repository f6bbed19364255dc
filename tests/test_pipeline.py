"""From a scene to a patch table: what is cut, what is left out, what survives a stop."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest
from fake_encoders import Failing, Means, tiny_clay
from patience import PATIENCE, eventually
from processes import running
from rasterio.windows import Window

from rareearth_explorer.data import progress
from rareearth_explorer.data.scene import Scene, open_scene
from rareearth_explorer.data.table import TableWriter, open_table
from rareearth_explorer.embedding import EmbeddingReport, embed_scene, encoders, project_table
from rareearth_explorer.embedding.encoders import Chips, Encoder
from rareearth_explorer.errors import EncoderError, SceneError, TableError

MakeGeotiff = Callable[..., Path]

SIDE = 12
"""Pixels of a small patch of 36 m."""


def embed(path: Path, table: Path, encoder: Encoder | None = None, **options: Any) -> Any:
    with open_scene(path) as scene:
        options = {"patch_size": 36, "progress": False} | options
        return embed_scene(scene, encoder or Means(len(scene.bands)), table, **options)


def assert_same_tables(one: Path, other: Path) -> None:
    """Compare all columns and what is recorded, to the bit."""
    assert pq.read_table(one).equals(pq.read_table(other), check_metadata=True)
    assert pq.read_metadata(one).metadata == pq.read_metadata(other).metadata


def random_pixels(*shape: int) -> npt.NDArray[np.uint16]:
    return np.random.default_rng(1).integers(200, 4000, shape, dtype=np.uint16)


def raise_(error: BaseException) -> Any:
    raise error


class TestTable:
    @pytest.mark.parametrize(
        ("height", "width"),
        [(SIDE, SIDE), (5 * SIDE + 11, 3 * SIDE + 1), (2 * SIDE, 70 * SIDE)],
        ids=["one patch", "with a strip that belongs to none", "wider than a block"],
    )
    def test_each_row_describes_the_pixels_of_its_place(
        self, make_geotiff: MakeGeotiff, tmp_path: Path, height: int, width: int
    ) -> None:
        pixels = random_pixels(4, height, width)
        report = embed(make_geotiff(pixels), tmp_path / "table.parquet", batch=5)
        table = open_table(report.table)
        rows, columns = height // SIDE, width // SIDE
        assert report == EmbeddingReport(tmp_path / "table.parquet", rows * columns, 0, 10, 0)
        places = list(itertools.product(range(rows), range(columns)))
        assert list(zip(table.row, table.column, strict=True)) == places
        chips = pixels[:, : rows * SIDE, : columns * SIDE].astype(np.float32)
        means = chips.reshape(4, rows, SIDE, columns, SIDE).mean(axis=(2, 4)).reshape(4, -1).T
        np.testing.assert_allclose(table.embeddings[:, :4], means, rtol=1e-5)
        np.testing.assert_allclose(table.embeddings[:, 8:], table.centroids[:, ::-1], rtol=1e-6)

    def test_what_the_numbers_depend_on_is_recorded(
        self, make_geotiff: MakeGeotiff, tmp_path: Path
    ) -> None:
        path = make_geotiff(name="20220307_034030_scene.tif", descriptions=["blue", "red", "", "a"])
        table = open_table(embed(path, tmp_path / "table.parquet", Means(seed=3), batch=7).table)
        with open_scene(path) as scene:
            assert table.grid == scene.grid(36)
        assert table.metadata["encoder"] == {"name": "means", "dim": 10, "seed": 3}
        (recorded,) = table.metadata["scenes"]
        assert recorded["name"] == path.name
        assert recorded["time"] == "2022-03-07T03:40:30+00:00"
        assert recorded["bands"] == ["blue", "red", "b3", "a"]
        assert (table.metadata["batch"], table.metadata["least_valid"]) == (7, 0.5)

    def test_geopandas_opens_it_where_the_scene_lies(
        self, make_geotiff: MakeGeotiff, tmp_path: Path
    ) -> None:
        path = make_geotiff()
        frame = geopandas.read_parquet(embed(path, tmp_path / "table.parquet").table)
        with open_scene(path) as scene:
            (south, west), (north, east) = scene.bounds
        x0, y0, x1, y1 = frame.total_bounds
        assert west - 1e-9 <= x0 < x1 <= east + 1e-9
        assert south - 1e-9 <= y0 < y1 <= north + 1e-9

    @pytest.mark.realdata
    def test_landsat(self, real_data: Path, tmp_path: Path) -> None:
        path = real_data / "landsat8" / "l8_8band.tif"
        report = embed(path, tmp_path / "table.parquet", patch_size=480)
        assert (report.patches, report.left_out) == (1443, 0)
        table = open_table(report.table)
        assert table.grid is not None
        assert (table.grid.rows, table.grid.columns, table.grid.patch_px) == (37, 39, 16)

    @pytest.mark.realdata
    def test_a_geographic_scene(self, real_data: Path, tmp_path: Path) -> None:
        path = real_data / "planetscope" / "633841_1932520_2017-07-19_1004_subarea.tif"
        table = open_table(embed(path, tmp_path / "table.parquet", patch_size=250).table)
        assert table.grid is not None
        assert (len(table), table.grid.patch_px) == (6, 80)
        corner = [-67.68420000210446, -14.2543]
        np.testing.assert_allclose(table.corners[0, 0], corner, atol=1e-9)

    @pytest.mark.realdata
    def test_a_collar_is_left_out(self, real_data: Path, tmp_path: Path) -> None:
        path = real_data / "planetscope" / "20170915_020728_103d_3B_AnalyticMS.tif"
        report = embed(path, tmp_path / "table.parquet", patch_size=96)
        with open_scene(path) as scene:
            valid = scene.read(Window(0, 0, 512, 512))[1].reshape(16, 32, 16, 32)
        kept = valid.mean(axis=(1, 3)) >= 0.5
        assert (report.patches, report.left_out) == (kept.sum(), 256 - kept.sum())
        table = open_table(report.table)
        np.testing.assert_array_equal(np.stack([table.row, table.column]), np.nonzero(kept))


class TestNodata:
    def test_patches_less_than_half_valid_are_left_out_and_counted(
        self, make_geotiff: MakeGeotiff, tmp_path: Path
    ) -> None:
        pixels = random_pixels(4, SIDE, 3 * SIDE)
        pixels[:, : SIDE // 2, :SIDE] = 0  # half
        pixels[:, : SIDE // 2, 2 * SIDE :] = 0
        pixels[:, SIDE // 2, 2 * SIDE] = 0  # and one more
        report = embed(make_geotiff(pixels, nodata=0), tmp_path / "table.parquet")
        assert (report.patches, report.left_out) == (2, 1)
        np.testing.assert_array_equal(open_table(report.table).column, [0, 1])

    def test_empty_pixels_take_the_mean_of_the_valid_ones(
        self, make_geotiff: MakeGeotiff, tmp_path: Path
    ) -> None:
        pixels = random_pixels(4, SIDE, SIDE)
        pixels[:, 3:5] = 0
        table = open_table(embed(make_geotiff(pixels, nodata=0), tmp_path / "t.parquet").table)
        valid = np.delete(pixels, [3, 4], axis=1).reshape(4, -1)
        np.testing.assert_allclose(table.embeddings[0, :4], valid.mean(axis=1), rtol=1e-5)
        spread = valid.std(axis=1) * np.sqrt(10 / 12)  # the filled pixels add none
        np.testing.assert_allclose(table.embeddings[0, 4:8], spread, rtol=1e-5)

    def test_nothing_valid_enough(self, make_geotiff: MakeGeotiff, tmp_path: Path) -> None:
        pixels = random_pixels(4, 2 * SIDE, 2 * SIDE)
        pixels[:, ::3] = pixels[:, 1::3] = 0
        path = make_geotiff(pixels, nodata=0)
        with pytest.raises(SceneError, match=r"scene\.tif: no patch has 50% valid pixels"):
            embed(path, tmp_path / "out" / "table.parquet")
        assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
class TestStopping:
    """A stop at any moment costs unfinished blocks only and changes nothing."""

    @pytest.fixture
    def scene(self, make_geotiff: MakeGeotiff) -> Path:
        return make_geotiff(random_pixels(4, 20 * SIDE, 3 * SIDE))

    @pytest.fixture
    def whole(self, scene: Path, tmp_path: Path) -> Path:
        return Path(embed(scene, tmp_path / "whole.parquet").table)

    @pytest.fixture
    def begun(self, scene: Path, tmp_path: Path) -> Path:
        """A table whose making stopped in the middle."""
        table = tmp_path / "table.parquet"
        with pytest.raises(RuntimeError):
            embed(scene, table, Failing(8, lambda: raise_(RuntimeError())))
        assert not table.exists()
        return table

    def test_it_goes_on_and_is_identical(self, scene: Path, begun: Path, whole: Path) -> None:
        report = embed(scene, begun)
        assert 5 <= report.resumed <= 8  # the others were under way
        assert_same_tables(begun, whole)
        assert sorted(p.name for p in begun.parent.iterdir()) == [
            "scene.tif",
            "table.parquet",
            "whole.parquet",
        ]

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"encoder": Means(weights="abc")}, "encoder weights"),
            ({"encoder": Means(gsd=3, dtype="x")}, "encoder dtype, encoder gsd"),
            ({"batch": 8}, "batch"),
            ({"patch_size": 48}, "grid columns, grid patch_px, grid rows"),
        ],
    )
    def test_another_option_is_refused(
        self, scene: Path, begun: Path, whole: Path, change: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(TableError, match=rf"table\.parquet: an unfinished .* other {named};"):
            embed(scene, begun, **change)
        assert not begun.exists()
        embed(scene, begun)  # nothing was lost
        assert_same_tables(begun, whole)

    def test_other_pixels_are_refused(
        self, scene: Path, begun: Path, make_geotiff: MakeGeotiff
    ) -> None:
        pixels = random_pixels(4, 20 * SIDE, 3 * SIDE)
        pixels[0, -1, -1] += 1
        make_geotiff(pixels)
        with pytest.raises(TableError, match="other scenes"):
            embed(scene, begun)

    def test_a_finished_table_is_left_as_it_is(self, scene: Path, whole: Path) -> None:
        unused = Failing(0, lambda: pytest.fail("it was embedded again"))
        before = whole.stat()
        report = embed(scene, whole, unused)
        assert (report.patches, report.resumed) == (60, 20)
        after = whole.stat()  # reading it changes when it was read last
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        embed(scene, whole, Means(seed=1))
        assert open_table(whole).metadata["encoder"]["seed"] == 1

    def test_stopped_before_the_first_block_it_leaves_nothing(
        self, scene: Path, tmp_path: Path
    ) -> None:
        before = set(tmp_path.iterdir())
        with pytest.raises(RuntimeError):
            embed(scene, tmp_path / "table.parquet", Failing(0, lambda: raise_(RuntimeError())))
        assert set(tmp_path.iterdir()) == before

    def test_stopped_while_the_table_was_written(
        self, scene: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = tmp_path / "table.parquet"
        with monkeypatch.context() as patch:
            patch.setattr(TableWriter, "append", lambda *_: raise_(KeyboardInterrupt()))
            with pytest.raises(KeyboardInterrupt):
                embed(scene, table)
        assert not table.exists()
        report = embed(scene, table, Failing(0, lambda: pytest.fail("it was embedded again")))
        assert report.resumed == 20
        assert_same_tables(table, whole)

    def test_stopped_while_the_blocks_were_removed(
        self, scene: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = tmp_path / "table.parquet"
        unlink, count = Path.unlink, itertools.count()

        def stop_at_the_seventh(path: Path, missing_ok: bool = False) -> None:
            if path.suffix in (".npz", ".json") and next(count) == 6:
                raise KeyboardInterrupt
            unlink(path, missing_ok)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", stop_at_the_seventh)
            with pytest.raises(KeyboardInterrupt):
                embed(scene, table)
        assert (tmp_path / "table.parquet.blocks" / "plan.json").exists()
        assert embed(scene, table).resumed == 20
        assert_same_tables(table, whole)
        assert not (tmp_path / "table.parquet.blocks").exists()

    def test_what_was_there_before_stays_until_the_new_table_is_whole(
        self, scene: Path, whole: Path
    ) -> None:
        before = whole.read_bytes()
        with pytest.raises(RuntimeError):
            embed(scene, whole, Failing(3, lambda: raise_(RuntimeError()), seed=1))
        assert whole.read_bytes() == before

    def test_threads_end_after_their_batch(self, scene: Path, tmp_path: Path) -> None:
        slow = Failing(4, lambda: raise_(KeyboardInterrupt()))
        slow.seconds = 0.01
        with pytest.raises(KeyboardInterrupt):
            embed(scene, tmp_path / "table.parquet", slow, batch=1)
        assert not [t for t in threading.enumerate() if t.name.startswith("embedding")]
        assert slow.left >= -4  # of 60 patches, at most one a thread after the failure


@pytest.mark.slow
class TestKill9:
    """Real processes, killed, then left to finish."""

    @staticmethod
    def assert_identical(command: list[str], folder: Path, times: int) -> None:
        """Kill a command some times; its `table.parquet` must be `whole.parquet` in the end."""
        table, finished = folder / "table.parquet", 0
        for _ in range(times):
            finished = kill_after_more_blocks(command, table, finished)
            assert 0 < finished < 12
            assert not table.exists()
        subprocess.run(command, check=True, capture_output=True, env=with_helpers())
        assert_same_tables(table, folder / "whole.parquet")
        assert {p.name for p in folder.iterdir()} == {"scene.tif", "table.parquet", "whole.parquet"}

    def test_the_command(self, make_geotiff: MakeGeotiff, tmp_path: Path) -> None:
        path = make_geotiff(random_pixels(8, 12 * 84, 6 * 84))
        with open_scene(path) as scene:
            statistics = scene.statistics
            encoder = encoders.load(
                "random-features",
                bands=scene.bands,
                means=statistics.mean,
                stds=statistics.std,
                gsd=scene.gsd,
            )
            embed_scene(scene, encoder, tmp_path / "whole.parquet", progress=False)
        program = str(Path(sys.executable).with_name("rareearth-explorer"))
        command = [program, "embed", str(path), "-o", str(tmp_path / "table.parquet")]
        self.assert_identical([*command, "--no-projection"], tmp_path, times=2)

    def test_clay_with_another_number_of_threads(
        self, make_geotiff: MakeGeotiff, tmp_path: Path
    ) -> None:
        torch = pytest.importorskip("torch", reason="Clay needs torch: pip install .[clay]")
        path = make_geotiff(random_pixels(8, 12 * SIDE, 3 * SIDE))
        threads = torch.get_num_threads()
        torch.set_num_threads(4)
        embed(path, tmp_path / "whole.parquet", tiny_clay())
        torch.set_num_threads(threads)
        program = f"""
            from pathlib import Path
            from fake_encoders import slow_tiny_clay
            from rareearth_explorer.embedding import embed_scene
            from rareearth_explorer.data.scene import open_scene

            table = Path({str(tmp_path / "table.parquet")!r})
            with open_scene({str(path)!r}) as scene:
                embed_scene(scene, slow_tiny_clay(), table, patch_size=36)
        """
        command = [sys.executable, "-c", textwrap.dedent(program)]
        self.assert_identical(command, tmp_path, times=1)


def with_helpers() -> dict[str, str]:
    """Environment in which a process finds the helpers of these tests and has one thread."""
    return os.environ | {"PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"}


def kill_after_more_blocks(command: list[str], table: Path, finished: int) -> int:
    """Start a run, kill it after some more blocks; tells how many are finished."""
    blocks = table.with_name(table.name + ".blocks")
    with running(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=with_helpers()
    ) as process:
        eventually(
            lambda: len(list(blocks.glob("*.npz"))) >= finished + 2 or process.poll() is not None,
            "the blocks do not come",
        )
        process.send_signal(signal.SIGKILL)
        said = process.stderr.read()
        assert process.wait() == -signal.SIGKILL, said
    return len(list(blocks.glob("*.npz")))


class TestTrouble:
    @pytest.fixture
    def scene(self, make_geotiff: MakeGeotiff) -> Path:
        return make_geotiff(random_pixels(4, 5 * SIDE, SIDE))

    def test_an_embedding_with_nan(self, scene: Path, tmp_path: Path) -> None:
        class Broken(Means):
            def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
                embeddings = super().encode(chips)
                embeddings[-1, 3] = np.nan
                return embeddings

        with pytest.raises(EncoderError, match=r"patch in row \d, column 0 holds NaN .* means"):
            embed(scene, tmp_path / "table.parquet", Broken())
        assert not (tmp_path / "table.parquet").exists()

    def test_a_place_that_cannot_be_written(self, scene: Path) -> None:
        table = scene / "table.parquet"  # below a file
        with pytest.raises(TableError, match=r"table\.parquet: nothing can be written there"):
            embed(scene, table)

    def test_a_disk_full_of_blocks(self, scene: Path, tmp_path: Path, full_disk: Any) -> None:
        table = tmp_path / "table.parquet"
        refused = pytest.raises(TableError, match=r"table\.parquet: .*No space left.* are kept")
        with full_disk("000003.npz"), refused:
            embed(scene, table)
        assert not table.exists()
        assert 0 < embed(scene, table).resumed < 5

    def test_a_disk_full_at_the_end(self, scene: Path, tmp_path: Path, full_disk: Any) -> None:
        table = tmp_path / "table.parquet"
        refused = pytest.raises(TableError, match=r"table\.parquet: .*No space left")
        with full_disk("table.parquet"), refused:
            embed(scene, table)
        assert not table.exists()
        assert embed(scene, table).resumed == 5

    def test_a_disk_full_while_the_projection_is_stored(
        self, scene: Path, tmp_path: Path, full_disk: Any
    ) -> None:
        table = Path(embed(scene, tmp_path / "table.parquet").table)
        before, beside = table.read_bytes(), set(tmp_path.iterdir())
        refused = pytest.raises(TableError, match=r"table\.parquet: .*No space left")
        with full_disk("table.parquet"), refused:
            project_table(table, progress=False)
        assert table.read_bytes() == before
        assert set(tmp_path.iterdir()) == beside

    def test_a_crash_within_umap_leaves_the_table(
        self, scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = Path(embed(scene, tmp_path / "table.parquet").table)
        before, beside = table.read_bytes(), set(tmp_path.iterdir())
        monkeypatch.setattr(
            "rareearth_explorer.score.projection.umap_projection",
            lambda *_, **__: raise_(MemoryError()),
        )
        with pytest.raises(MemoryError):
            project_table(table, progress=False)
        assert table.read_bytes() == before
        assert set(tmp_path.iterdir()) == beside


class TestStreaming:
    def test_reading_overlaps_computing(
        self, make_geotiff: MakeGeotiff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first batch is not finished before another block has been read."""
        read_again = threading.Event()
        read, count = Scene.read, itertools.count(1)

        def counted(*arguments: Any, **options: Any) -> Any:
            result = read(*arguments, **options)
            if next(count) == 2:
                read_again.set()
            return result

        class Waiting(Means):
            def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
                assert read_again.wait(PATIENCE)
                return super().encode(chips)

        monkeypatch.setattr(Scene, "read", counted)
        embed(make_geotiff(random_pixels(4, 3 * SIDE, SIDE)), tmp_path / "t.parquet", Waiting())

    def test_rows_keep_the_grids_order_whichever_block_is_finished_first(
        self, make_geotiff: MakeGeotiff, tmp_path: Path
    ) -> None:
        another, count = threading.Event(), itertools.count(1)

        class Uneven(Means):
            """Holds up the block begun first until another is finished."""

            def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
                if next(count) == 1:
                    assert another.wait(PATIENCE)
                embeddings = super().encode(chips)
                another.set()
                return embeddings

        path = make_geotiff(random_pixels(4, 20 * SIDE, 2 * SIDE))
        report = embed(path, tmp_path / "uneven.parquet", Uneven())
        embed(path, tmp_path / "even.parquet")
        assert_same_tables(report.table, tmp_path / "even.parquet")

    @pytest.mark.parametrize(("pause", "said"), [(30.0, ""), (0.0, "embedding scene.tif: 100%")])
    def test_a_log_gets_a_line_of_a_long_run_only(
        self,
        make_geotiff: MakeGeotiff,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        pause: float,
        said: str,
    ) -> None:
        monkeypatch.setattr(progress, "LOG_PAUSE", pause)
        embed(make_geotiff(), tmp_path / "table.parquet", progress=True)
        shown = capsys.readouterr().err
        assert (said in shown) if said else (shown == "")

    @pytest.mark.slow
    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is in /proc")
    def test_memory_does_not_grow_with_the_scene(
        self, make_geotiff: MakeGeotiff, tmp_path: Path
    ) -> None:
        """A scene of 260 MB takes as much as one of 26 MB."""
        program = """
            import sys
            from pathlib import Path
            from fake_encoders import Means
            from rareearth_explorer.embedding import embed_scene
            from rareearth_explorer.data.scene import open_scene

            with open_scene(sys.argv[1]) as scene:
                embed_scene(scene, Means(), Path(sys.argv[1] + ".parquet"), progress=False)
            status = Path("/proc/self/status").read_text()
            print(status.partition("VmHWM:")[2].split()[0])
        """
        peaks = []
        for height in (1200, 12000):
            pixels = np.broadcast_to(np.arange(1, 2701, dtype=np.uint16), (4, height, 2700))
            path = make_geotiff(pixels, f"{height}.tif", tiled=True, compress="zstd")
            done = subprocess.run(
                [sys.executable, "-c", textwrap.dedent(program), str(path)],
                env=with_helpers() | {"GDAL_CACHEMAX": "16"},
                check=True,
                capture_output=True,
                text=True,
            )
            peaks.append(int(done.stdout) / 1024)
        assert peaks[1] - peaks[0] < 60


@pytest.mark.slow
class TestProjection:
    def test_seeded_and_recorded(self, make_geotiff: MakeGeotiff, tmp_path: Path) -> None:
        path = make_geotiff(random_pixels(4, 8 * SIDE, 8 * SIDE))
        one = Path(embed(path, tmp_path / "one.parquet").table)
        other = Path(embed(path, tmp_path / "other.parquet").table)
        before = pq.read_table(one)
        for table in (one, other):
            project_table(table, progress=False)
        assert_same_tables(one, other)
        table = open_table(one)
        assert table.umap is not None
        assert np.isfinite(table.umap).all()
        assert table.umap.std(axis=0).min() > 0
        assert pq.read_table(one).drop(["umap_x", "umap_y"]).equals(before)
        recorded = table.metadata["projection"]
        assert (recorded["metric"], recorded["components"]) == ("cosine", 50)
        assert isinstance(recorded["random_state"], int)
        assert json.loads(json.dumps(recorded)) == recorded

    def test_identical_patches_have_a_place_too(
        self, make_geotiff: MakeGeotiff, tmp_path: Path
    ) -> None:
        class Constant(Means):
            def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
                return np.ones((len(chips.pixels), self.dim), np.float32)

        path = make_geotiff(random_pixels(4, 6 * SIDE, 6 * SIDE))
        table = Path(embed(path, tmp_path / "table.parquet", Constant()).table)
        project_table(table, progress=False)
        umap = open_table(table).umap
        assert umap is not None
        assert np.isfinite(umap).all()
