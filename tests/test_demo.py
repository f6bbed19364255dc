from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.windows import Window

from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.demo.synthetic import (
    DATES,
    DemoFiles,
    Landscape,
    geotiff,
    make_demo,
    synthetic_scene,
)
from rareearth_explorer.demo.synthetic.atmosphere import observe
from rareearth_explorer.demo.synthetic.geotiff import TRANSFORM
from rareearth_explorer.demo.synthetic.noise import Frame, Noise
from rareearth_explorer.demo.synthetic.spectra import BANDS
from rareearth_explorer.demo.synthetic.synthetic_scene import PATCHES
from rareearth_explorer.errors import SceneError

pytestmark = pytest.mark.slow

PATCH = 84
SIDE = 12 * PATCH
GREEN, NIR = BANDS.index("green"), BANDS.index("nir")


@pytest.fixture(scope="module")
def landscape() -> Landscape:
    return Landscape(0, SIDE, SIDE)


@pytest.fixture(scope="module")
def full_size() -> Landscape:
    rows, columns = PATCHES
    return Landscape(0, rows * PATCH, columns * PATCH)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return make_demo(tmp_path_factory.mktemp("demo"), patches=(4, 5), progress=False)


def points(path: Path) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(path.read_text())["features"]
    return features


def at_pools(landscape: Landscape, day: date) -> npt.NDArray[np.float64]:
    """(n, 8) mean reflectance of the four pixels in the middle of each pool."""
    corners = np.round(landscape.pools.place).astype(int) - 1
    windows = [Window(x, y, 2, 2) for x, y in corners.tolist()]
    return np.array([landscape.draw(window, day).mean(axis=(1, 2)) for window in windows])


# Pixels are a function of place, date and seed.


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    window = Window(100, 50, 64, 48)
    first, again, other = (
        Landscape(seed, 2 * PATCH, 3 * PATCH).draw(window, DATES[1]) for seed in (3, 3, 4)
    )
    assert first.shape == (8, 48, 64)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.fixture(scope="module")
def whole(landscape: Landscape) -> dict[date, npt.NDArray[np.uint16]]:
    pictures = landscape.draw_dates(Window(0, 0, SIDE, SIDE), DATES)
    return dict(zip(DATES, pictures, strict=True))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_window_holds_the_same_bits(
    data: st.DataObject, landscape: Landscape, whole: dict[date, npt.NDArray[np.uint16]]
) -> None:
    day = data.draw(st.sampled_from(DATES))
    row, column = (data.draw(st.integers(0, SIDE - 2)) for _ in range(2))
    height = data.draw(st.integers(1, min(150, SIDE - row)))
    width = data.draw(st.integers(1, min(150, SIDE - column)))
    drawn = landscape.draw(Window(column, row, width, height), day)
    assert np.array_equal(drawn, whole[day][:, row : row + height, column : column + width])


def test_windows_around_every_pool_hold_the_same_bits(
    landscape: Landscape, whole: dict[date, npt.NDArray[np.uint16]]
) -> None:
    for x, y in landscape.pools.place.astype(int).tolist():
        window = Window(x - 3, y - 2, 9, 7)
        drawn = landscape.draw(window, DATES[-1])
        assert np.array_equal(drawn, whole[DATES[-1]][:, y - 2 : y + 5, x - 3 : x + 6])


@given(wavelength=st.floats(1.5, 900), row=st.integers(-400, 20_000), skipped=st.integers(0, 40))
def test_noise_does_not_depend_on_where_the_frame_begins(
    wavelength: float, row: int, skipped: int
) -> None:
    noise, rows, columns = Noise(1), np.arange(row, row + 50), np.arange(-9, 30)
    everything = noise.value("layer", Frame(rows, columns), wavelength)
    part = noise.value("layer", Frame(rows[skipped:], columns[5:]), wavelength)
    assert np.array_equal(part, everything[skipped:, 5:])


# What is in the scene.


def test_full_size_has_enough_patches_and_few_with_mines(full_size: Landscape) -> None:
    valid, pools = full_size.valid_patches(), full_size.pools
    assert valid.shape == PATCHES
    assert valid.sum() >= 1600
    assert not valid.all()
    column, row = (pools.place[pools.visible(DATES[0])] // PATCH).astype(int).T
    count = np.zeros(valid.shape, int)
    np.add.at(count, (row, column), 1)
    assert count[~valid].sum() == 0
    assert 0.02 <= (count > 0).sum() / valid.sum() <= 0.03
    assert count.max() >= 8
    assert (count == 1).any()


def test_pools_are_10_to_15_metres_and_cluster_along_rows(full_size: Landscape) -> None:
    pools = full_size.pools
    breadth = 2 * 3 * pools.radius
    assert breadth.min() >= 10
    assert breadth.max() <= 15
    assert 0 < pools.square.mean() < 1
    assert ((pools.period >= 5) & (pools.period <= 6)).all()
    sizes = np.bincount(pools.site)
    assert sizes.min() >= 1
    assert sizes.max() > 8


def test_a_few_clouds_pass_on_later_dates(landscape: Landscape) -> None:
    assert len(landscape.cloudy) == 2
    assert landscape.cloudy < set(DATES[1:])
    frame, black = Frame(np.arange(1200), np.arange(1200)), np.zeros((8, 1200, 1200), np.float32)
    for cloudy, least, most in [(True, 0.002, 0.1), (False, 0, 0)]:
        seen = observe(black.copy(), Noise(0), frame, DATES[2], cloudy=cloudy)
        assert least <= (seen[0] > 3000).mean() <= most


def test_dates_differ_a_little_in_haze_and_gain(landscape: Landscape) -> None:
    window = Window(300, 300, 40, 40)
    means = [picture.mean(axis=(1, 2)) for picture in landscape.draw_dates(window, DATES)]
    clear = [mean for mean, day in zip(means, DATES, strict=True) if day not in landscape.cloudy]
    spread = np.ptp(clear, axis=0) / np.mean(clear, axis=0)
    assert (spread > 0.005).all()
    assert (spread < 0.5).all()


def test_dates_are_five_to_seven_days_apart() -> None:
    assert len(DATES) >= 6
    assert set(np.diff([day.toordinal() for day in DATES])) <= {5, 6, 7}


def test_pools_in_use_change_and_abandoned_ones_do_not(full_size: Landscape) -> None:
    pools = full_size.pools
    spectra = np.stack([pools.spectrum(Noise(0), day) for day in DATES])
    change = spectra.std(axis=0).mean(axis=1)
    assert change[~pools.active].max() < 1
    assert np.median(change[pools.active]) > 500


def test_the_activity_shows_in_the_pixels(landscape: Landscape) -> None:
    pools = landscape.pools
    assert 0 < pools.active.sum() < len(pools)
    pixels = np.stack([at_pools(landscape, day) for day in DATES])
    change = pixels.std(axis=0).mean(axis=1)
    there = pools.visible(DATES[0])
    in_use, abandoned = change[pools.active & there], change[~pools.active & there]
    assert np.median(in_use) > 2 * np.median(abandoned)


def test_a_later_mine_is_forest_before(landscape: Landscape) -> None:
    later = ~landscape.pools.visible(DATES[0])
    assert later.any()
    assert landscape.pools.visible(DATES[-1]).all()
    before, after = (at_pools(landscape, day)[later] for day in (DATES[0], DATES[-1]))
    assert (before[:, NIR] > 2 * before[:, GREEN]).all()
    assert (after[:, NIR] < 1.2 * after[:, GREEN]).all()


def test_mines_are_built_around_given_pools() -> None:
    places = np.array([[100.0, 120], [105, 120], [110, 121], [200, 60]])
    built = Landscape(0, 3 * PATCH, 3 * PATCH, pools=places, collar=False)
    assert sorted(built.pools.place.tolist()) == sorted(places.tolist())
    assert sorted(np.bincount(built.pools.site)) == [1, 3]
    assert built.pools.visible(DATES[0]).all()
    assert built.draw(Window(0, 0, 3 * PATCH, 9), DATES[0]).min() > 0


def test_a_single_date_can_be_drawn(landscape: Landscape) -> None:
    built = Landscape(0, PATCH, PATCH, dates=DATES[:1])
    assert built.pools.visible(DATES[0]).all()
    assert built.draw(Window(0, 0, 8, 8), DATES[0]).shape == (8, 8, 8)


# The files.


def test_scenes_open_as_any_other(small: DemoFiles) -> None:
    assert [path.name[:8] for path in small.scenes] == [f"{day:%Y%m%d}" for day in DATES]
    for path, day in zip(small.scenes, DATES, strict=True):
        with rasterio.open(path) as raster:
            assert raster.descriptions == BANDS
            assert raster.dtypes == ("uint16",) * 8
            assert raster.nodata == 0
            assert raster.crs == "EPSG:32647"
            assert raster.res == (3, 3)
            assert raster.overviews(1)
            taken = datetime.strptime(raster.tags()["TIFFTAG_DATETIME"], "%Y:%m:%d %H:%M:%S")
            assert taken.date() == day
            assert "ynthetic" in raster.tags()["TIFFTAG_IMAGEDESCRIPTION"]
    with open_scene(small.scenes[0]) as opened:
        assert opened.bands == BANDS
        assert opened.time is not None
        assert opened.time.date() == DATES[0]


def test_files_hold_what_the_landscape_draws(small: DemoFiles) -> None:
    landscape, window = Landscape(0, 4 * PATCH, 5 * PATCH), Window(200, 90, 100, 80)
    for path, day in [(small.scenes[0], DATES[0]), (small.scenes[4], DATES[4])]:
        with rasterio.open(path) as raster:
            assert np.array_equal(raster.read(window=window), landscape.draw(window, day))


def test_the_empty_corner_is_nodata_in_every_band(small: DemoFiles) -> None:
    with rasterio.open(small.scenes[0]) as raster:
        pixels = raster.read()
    empty = ~Landscape(0, 4 * PATCH, 5 * PATCH).valid(Window(0, 0, 5 * PATCH, 4 * PATCH))
    assert empty[0, -1]
    assert (pixels == 0).all(axis=0).tolist() == empty.tolist()
    assert ((pixels == 0).any(axis=0) == empty).all()


def test_labels_are_the_pools_of_the_first_date_inside_the_scene(small: DemoFiles) -> None:
    every, labels = points(small.all_pools), points(small.labels)
    first = [point for point in every if point["properties"]["first_date"] == "2022-03-07"]
    assert [label["geometry"] for label in labels] == [point["geometry"] for point in first]
    assert 0 < len(labels) < len(every)
    assert {label["properties"]["type"] for label in labels} <= {"square", "circular"}
    lon, lat = np.array([point["geometry"]["coordinates"] for point in every]).T
    with rasterio.open(small.scenes[0]) as raster:
        crs = CRS(raster.crs.to_wkt())
        grid = PatchGrid.for_raster(crs, raster.transform, raster.width, raster.height)
    row, column = grid.locate(lon, lat)
    assert (row >= 0).all()
    x, y = Landscape(0, 4 * PATCH, 5 * PATCH).pools.place.T
    assert row.tolist() == (y // PATCH).tolist()
    assert column.tolist() == (x // PATCH).tolist()
    assert raster.transform == TRANSFORM
    for point in every:
        history = point["properties"]
        assert 10 <= history["breadth_m"] <= 15
        assert (history["phase"] is not None) == history["active"]


@pytest.fixture
def complete(tmp_path: Path) -> DemoFiles:
    return make_demo(tmp_path, patches=(2, 2), progress=False)


def stamps(files: DemoFiles) -> dict[Path, int]:
    paths = (*files.scenes, files.labels, files.all_pools)
    return {path: path.stat().st_mtime_ns for path in paths}


def test_a_second_call_draws_nothing(complete: DemoFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stamps(complete)
    monkeypatch.setattr(synthetic_scene, "Landscape", None)
    folder = complete.labels.parent
    assert make_demo(folder, patches=(2, 2), progress=False) == complete
    assert stamps(complete) == before


def test_only_what_is_missing_or_broken_is_drawn_again(complete: DemoFiles) -> None:
    before, content = stamps(complete), [path.read_bytes() for path in complete.scenes]
    complete.scenes[1].unlink()
    complete.scenes[3].write_bytes(b"no GeoTIFF")
    make_demo(complete.labels.parent, patches=(2, 2), progress=False)
    assert [path.read_bytes() for path in complete.scenes] == content
    after = stamps(complete)
    redrawn = {path for path in complete.scenes if after[path] != before[path]}
    assert redrawn == {complete.scenes[1], complete.scenes[3]}


def test_an_interrupted_call_leaves_no_half_file_and_is_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overviews, built = geotiff._add_overviews, list[Path]()

    def interrupted(path: Path) -> None:
        if len(built) == 2:
            raise KeyboardInterrupt
        built.append(path)
        overviews(path)

    monkeypatch.setattr(geotiff, "_WORKERS", 1)
    monkeypatch.setattr(geotiff, "_add_overviews", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_demo(tmp_path, patches=(2, 2), progress=False)
    done = sorted(tmp_path.glob("*.tif"))
    assert len(done) == 2
    assert not list(tmp_path.glob(".*"))
    kept = [path.stat().st_mtime_ns for path in done]
    monkeypatch.setattr(geotiff, "_add_overviews", overviews)
    files = make_demo(tmp_path, patches=(2, 2), progress=False)
    assert all(path.exists() for path in files.scenes)
    assert [path.stat().st_mtime_ns for path in done] == kept


def test_another_seed_replaces_the_scene(complete: DemoFiles) -> None:
    before = [path.read_bytes() for path in complete.scenes]
    make_demo(complete.labels.parent, seed=1, patches=(2, 2), progress=False)
    for path, content in zip(complete.scenes, before, strict=True):
        assert path.read_bytes() != content


def test_a_folder_that_cannot_be_written_is_named_in_one_sentence(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(
        SceneError, match=r"could not be written to .*file.*choose a folder"
    ) as told:
        make_demo(in_the_way / "demo", patches=(2, 2), progress=False)
    assert "\n" not in str(told.value)


def test_a_full_disk_ends_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(*_: object) -> Iterator[npt.NDArray[np.uint16]]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Landscape, "draw_dates", draw)
    with pytest.raises(SceneError, match="No space left on device"):
        make_demo(tmp_path, patches=(2, 2), progress=False)
    assert not list(tmp_path.glob("*.tif"))
    assert not list(tmp_path.glob(".*"))
