"""Activity: the numbers against numpy, cloud and grids, and what is said of bad input."""

from __future__ import annotations

import contextlib
import json
import tracemalloc

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from planet_grid import THREE_METRES, UTM_47N
from pyproj import CRS, Transformer
from rasterio.windows import Window
from rio_cogeo import cog_validate

from rareearth_explorer.change import (
    Index,
    Pools,
    deviation_of,
    find_period,
    normalise,
    open_stack,
    patch_activity,
    series_at,
    stack_of,
    store_activity,
    write_activity,
)
from rareearth_explorer.change.normalisation import unchanged
from rareearth_explorer.change.pools_in_use import LEAST_STD
from rareearth_explorer.change.welford import RunningDeviation
from rareearth_explorer.cli import main
from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.scene import open_mosaic, open_scene
from rareearth_explorer.data.table import PatchTable, TableWriter, open_table
from rareearth_explorer.errors import LabelsError, SceneError

BGRN = ("blue", "green", "red", "nir")
DAYS = ("20220307", "20220314", "20220320", "20220327")


@pytest.fixture
def make_dates(make_geotiff):
    """Write one GeoTIFF a date from (T, C, H, W) pixels."""

    def make(pixels, days=DAYS, **options):
        options = {"descriptions": BGRN[: pixels.shape[1]], "nodata": 0} | options
        return [
            make_geotiff(each, f"{day}_scene.tif", **options)
            for day, each in zip(days, pixels, strict=False)
        ]

    return make


def random_dates(dates=4, bands=4, height=60, width=70, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(1, 4000, (dates, bands, height, width), dtype=np.uint16)


def masked_std(pixels, valid):
    """Population standard deviation over dates by numpy: (T, C, h, w), (T, h, w) -> (C, h, w)."""
    hidden = np.broadcast_to(~valid[:, None], pixels.shape)
    std = np.ma.masked_array(pixels.astype(np.float64), hidden).std(axis=0)
    return np.ma.filled(std, np.nan)


def lonlat_of(column, row):
    x, y = THREE_METRES @ (np.asarray(column, float), np.asarray(row, float))
    return np.stack(Transformer.from_crs(UTM_47N, 4326, always_xy=True).transform(x, y), axis=-1)


def write_points(path, lonlat):
    path.write_text("lon,lat\n" + "\n".join(f"{lon},{lat}" for lon, lat in lonlat))
    return path


# The standard deviation -----------------------------------------------------------------------


@given(
    arrays(np.float64, (5, 2, 3, 4), elements=st.floats(-1e4, 1e4)),
    arrays(np.bool_, (5, 3, 4)),
)
def test_one_pass_gives_what_numpy_gives(pixels, valid):
    running = RunningDeviation((2, 3, 4))
    for values, usable in zip(pixels, valid, strict=True):
        running.add(np.where(usable, values, np.nan), usable)
    np.testing.assert_array_equal(running.count, valid.sum(axis=0))
    np.testing.assert_allclose(running.std, masked_std(pixels, valid), atol=1e-9)


def test_a_small_variation_of_large_numbers_is_not_lost():
    running = RunningDeviation((1, 1, 1))
    for value in (1e9, 1e9 + 1, 1e9 + 2):
        running.add(np.full((1, 1, 1), value), np.ones((1, 1), bool))
    assert running.std.item() == pytest.approx(np.sqrt(2 / 3), rel=1e-9)


@pytest.fixture
def written(make_dates, make_geotiff, tmp_path):
    """Write an activity raster of more than one window, with nodata and a cloud mask."""
    pixels = random_dates(height=530, width=600)
    pixels[1, :, 100:120, 200:260] = 0
    pixels[:, :, :5, :7] = 0
    days = [f"{day}_AnalyticMS_SR" for day in DAYS]
    paths = [
        make_geotiff(each, f"{day}.tif", descriptions=BGRN, nodata=0)
        for day, each in zip(days, pixels, strict=True)
    ]
    clear = np.ones((8, 530, 600), np.uint8)
    clear[0, 300:, 400:] = 0
    make_geotiff(clear, f"{DAYS[2]}_udm2.tif")
    valid = (pixels != 0).any(axis=1)
    valid[2] &= clear[0] == 1
    path = tmp_path / "activity.tif"
    with open_stack(paths) as stack:
        write_activity(stack, path, Index.named(None, stack.bands), progress=False)
    return path, pixels, valid


@pytest.mark.slow
def test_the_raster_holds_numpys_standard_deviations(written):
    path, pixels, valid = written
    with rasterio.open(path) as raster:
        found = raster.read()
        assert raster.descriptions == (
            "std_blue", "std_green", "std_red", "std_nir", "std_blue_white", "valid_dates",
        )  # fmt: skip
        assert json.loads(raster.tags()["dates"]) == ["2022-03-07", "2022-03-14", "2022-03-20",
                                                      "2022-03-27"]  # fmt: skip
        assert raster.transform == THREE_METRES
    np.testing.assert_allclose(found[:4], masked_std(pixels, valid), rtol=1e-6)
    blue, red = pixels[:, 0].astype(float), pixels[:, 2].astype(float)
    index = np.divide(blue - red, blue + red, out=np.zeros_like(blue), where=blue + red > 0)
    np.testing.assert_allclose(found[4], masked_std(index[:, None], valid)[0], rtol=1e-6)
    count = valid.sum(axis=0)
    np.testing.assert_array_equal(np.nan_to_num(found[5]), count)
    assert np.isnan(found[:, count == 0]).all()
    assert np.isfinite(found[:, count > 0]).all()


@pytest.mark.slow
def test_the_raster_is_a_valid_cloud_optimized_geotiff(written):
    valid, errors, _ = cog_validate(written[0], quiet=True)
    assert (valid, errors) == (True, [])


@pytest.mark.slow
def test_the_raster_opens_as_a_scene(written):
    with open_scene(written[0]) as scene:
        assert scene.bands[-2:] == ("std_blue_white", "valid_dates")
        assert scene.tile(12, 3166, 1756, bands=("std_blue_white",)).shape == (256, 256, 4)


def test_nan_is_no_date(make_dates, tmp_path):
    pixels = random_dates().astype(np.float32)
    pixels[2, 0, 10:20, 10:20] = np.nan
    with open_stack(make_dates(pixels, nodata=np.nan)) as stack:
        window = next(stack.windows(512))
        found = deviation_of(stack, window, Index("brightness"))
    valid = np.isfinite(pixels).all(axis=1)
    np.testing.assert_array_equal(found.count, valid.sum(axis=0))
    np.testing.assert_allclose(found.std, masked_std(pixels, valid), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "roles", "expected"),
    [
        (None, BGRN, Index("blue-white", ("blue", "red"))),
        (None, ("b1", "b2"), Index("brightness")),
        ("ndvi", BGRN, Index("ndvi", ("nir", "red"))),
        ("green,blue", BGRN, Index("green,blue", ("green", "blue"))),
    ],
)
def test_an_index_is_found_by_name(name, roles, expected):
    assert Index.named(name, roles) == expected


@pytest.mark.parametrize("name", ["nonsense", "nir,", "ndre,swir", "blue-white"])
def test_an_index_that_cannot_be_ends_in_a_sentence(name):
    with pytest.raises(SceneError, match="index"):
        Index.named(name, ("b1", "b2"))


def test_an_index_of_nothing_is_nan():
    index = Index("ndvi", ("nir", "red")).of(np.array([[0.0, 3.0], [0.0, 1.0]]), ("nir", "red"))
    np.testing.assert_array_equal(index, [np.nan, 0.5])


# Grids ----------------------------------------------------------------------------------------


def test_scenes_are_aligned_to_the_one_named_first(make_geotiff):
    pixels = random_dates(2, 4, 60, 70)
    first = make_geotiff(pixels[0], "20220307.tif", descriptions=BGRN)
    moved = THREE_METRES @ Affine.translation(7, -2)
    other = make_geotiff(pixels[1], "20220314.tif", descriptions=BGRN, transform=moved)
    with open_stack([first, other]) as stack:
        found, valid = stack.read(1, next(stack.windows(512)))
        assert (stack.width, stack.height) == (70, 60)
        assert stack.notes == ("20220314.tif: it covers 87% of 20220307.tif.",)
    np.testing.assert_array_equal(found[:, :58, 7:], pixels[1, :, 2:, :63])
    assert valid.sum() == 58 * 63


def test_heights_that_differ_by_a_row_are_nothing_special(make_geotiff):
    pixels = random_dates(2, 4, 60, 70)
    first = make_geotiff(pixels[0], "20220307.tif", descriptions=BGRN)
    other = make_geotiff(pixels[1, :, :59], "20220314.tif", descriptions=BGRN)
    with open_stack([first, other]) as stack:
        found = deviation_of(stack, next(stack.windows(512)), Index("brightness"))
        assert stack.notes == ()
    np.testing.assert_array_equal(found.count[-1], 1)
    np.testing.assert_array_equal(found.std[:, -1], 0)
    np.testing.assert_allclose(found.std[:, :59], pixels[:, :, :59].std(axis=0), rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Affine.translation(0.4, 0), "0.40 pixels shifted"),
        (Affine.scale(2), "2.00 times as large"),
    ],
)
def test_other_pixels_are_read_by_the_nearest_and_said(make_geotiff, change, said):
    pixels = random_dates(2, 4, 60, 70)
    first = make_geotiff(pixels[0], "20220307.tif", descriptions=BGRN)
    other = make_geotiff(
        pixels[1], "20220314.tif", descriptions=BGRN, transform=THREE_METRES @ change
    )
    with open_stack([first, other]) as stack:
        assert any(said in note for note in stack.notes)
        found, valid = stack.read(1, next(stack.windows(512)))
    row, column = np.argwhere(valid)[1234]
    there = ~(THREE_METRES @ change) @ (THREE_METRES @ (column + 0.5, row + 0.5))
    np.testing.assert_array_equal(found[:, row, column],
                                  pixels[1, :, int(there[1]), int(there[0])])  # fmt: skip


def test_names_out_of_order_are_put_in_order_and_said(make_dates):
    paths = make_dates(random_dates())
    with open_stack(paths[::-1]) as stack:
        assert [day.isoformat() for day in stack.dates] == sorted(
            day.isoformat() for day in stack.dates
        )
        assert stack.first.path == paths[-1]
        np.testing.assert_array_equal(stack.days, [0, 7, 13, 20])
        assert stack.notes[0].startswith("The scenes are sorted by date")


@pytest.fixture
def two_passes(make_geotiff):
    """Write two passes over midnight on consecutive nights, each of two strips of 30 rows."""
    pixels = random_dates(2, height=60)
    below = THREE_METRES @ Affine.translation(0, 30)
    names = [("20220307_235958_a", "20220308_000001_b"), ("20220308_235957_c", "20220309_000002_d")]
    paths = [
        make_geotiff(part, f"{name}.tif", descriptions=BGRN, nodata=0, transform=corner)
        for both, night in zip(pixels, names, strict=True)
        for part, name, corner in zip(
            (both[:, :30], both[:, 30:]), night, (THREE_METRES, below), strict=True
        )
    ]
    return pixels, paths


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 3, 2), (3, 1, 2, 0)])
def test_a_pass_over_midnight_is_one_date_if_asked_for(two_passes, order):
    pixels, paths = two_passes
    with open_stack([paths[n] for n in order], one_date=True) as stack:
        assert [day.isoformat() for day in stack.dates] == ["2022-03-07", "2022-03-08"]
        for number in range(2):
            read, valid = stack.read(number, Window(0, 0, stack.width, stack.height))
            assert valid.all()
            np.testing.assert_array_equal(read, pixels[number])


def test_activity_asks_about_a_pass_over_midnight(two_passes, tmp_path, capsys):
    pixels, paths = two_passes
    words = ["activity", *map(str, paths), "-o", str(tmp_path / "a.tif")]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "20220308_000001_b.tif: it was taken 0 minutes after 20220307_235958_a.tif" in said
    assert "give --one-date" in said
    assert main([*words, "--one-date"]) == 0
    assert capsys.readouterr().out.startswith("2 dates: 2022-03-07, 2022-03-08.")
    with rasterio.open(tmp_path / "a.tif") as raster:
        np.testing.assert_allclose(raster.read([1, 2, 3, 4]), pixels.astype(float).std(axis=0))
    assert main([*words[:3], "-o", str(tmp_path / "b.tif"), "--one-date"]) == 2
    assert "of one date, 2022-03-07" in capsys.readouterr().err


def test_files_of_one_day_far_apart_stay_one_date_or_are_refused(make_dates):
    pixels = random_dates(3, height=20, width=20)
    times = ("20220307_003000", "20220307_233000", "20220309_120000")
    with open_stack(make_dates(pixels, times), one_date=True) as stack:
        assert len(stack) == 2
    times = ("20220307_000100", "20220307_235900", "20220308_000200", "20220309_120000")
    with pytest.raises(SceneError, match="not one pass"):
        open_stack(make_dates(random_dates(4, height=20, width=20), times), one_date=True)


def test_the_dates_of_a_scene_over_midnight_stay_together(two_passes):
    _, paths = two_passes
    with (
        open_mosaic(paths[:2], one_date=True) as first,
        open_mosaic(paths[2:], one_date=True) as second,
        stack_of([first, second]) as stack,
    ):
        assert len(stack) == 2


def test_files_of_one_date_are_a_mosaic_and_that_is_said(make_dates, make_geotiff):
    pixels = random_dates()
    right = pixels[1].copy()
    pixels[1, :, :, 35:] = 0
    paths = make_dates(pixels)
    beside = make_geotiff(right, f"{DAYS[1]}_strip2.tif", descriptions=BGRN, nodata=0)
    with open_stack([*paths, beside]) as stack:
        assert len(stack) == 4
        assert stack.notes == (f"2022-03-14: 2 files form one mosaic, {paths[1].name} on top.",)
        found, valid = stack.read(1, next(stack.windows(512)))
    assert valid.all()
    np.testing.assert_array_equal(found[:, :, 35:], right[:, :, 35:])


def test_chips_show_a_window_on_each_date(make_dates):
    with open_stack(make_dates(random_dates())) as stack:
        window = stack.patch_window(lonlat_of([8, 28, 28, 8], [4, 4, 24, 24]))
        assert window.toranges() == ((4, 24), (8, 28))
        assert [chip.shape for chip in stack.chips(window, 32)] == [(32, 32, 3)] * 4
        assert stack.patch_window([[0, 0], [1, 0], [1, 1], [0, 1]]) is None


# Bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("20220307_b.tif", {}, "of one date, 2022-03-07"),
        ("undated.tif", {}, "neither name nor metadata gives its date"),
        ("20220314.tif", {"crs": "EPSG:32648"}, "rio warp IN OUT --dst-crs EPSG:32647"),
        ("20220314.tif", {"descriptions": ("b", "g", "r", "n")}, "has no band blue"),
        (
            "20220314.tif",
            {"transform": THREE_METRES @ Affine.translation(5000, 0)},
            "does not overlap",
        ),
    ],
)
def test_what_is_no_stack_ends_in_one_sentence(make_geotiff, tmp_path, capsys, name, options, said):
    first = make_geotiff(None, "20220307.tif", descriptions=BGRN)
    other = make_geotiff(None, name, **{"descriptions": BGRN} | options)
    out = tmp_path / "out" / "activity.tif"
    assert main(["activity", str(first), str(other), "-o", str(out)]) == 2
    message = capsys.readouterr().err.strip()
    assert said in message
    assert len(message.splitlines()) == 1
    assert not out.parent.exists()


def test_one_scene_is_no_stack(make_geotiff):
    with pytest.raises(SceneError, match="two dates or more"):
        open_stack([make_geotiff(None, "20220307.tif")])


def test_a_scene_is_not_written_over(make_dates, capsys):
    paths = make_dates(random_dates())
    before = paths[0].read_bytes()
    assert main(["activity", *map(str, paths), "-o", str(paths[0])]) == 2
    assert "one of the files that are read" in capsys.readouterr().err
    assert paths[0].read_bytes() == before


def test_labels_and_table_are_not_written_over(make_dates, tmp_path, capsys):
    paths = make_dates(random_dates())
    labels = tmp_path / "mine_pools.csv"
    labels.write_text("lon,lat\n98.3,25.7\n")
    command = ["activity", *map(str, paths), "--pools", str(labels), "-o"]
    assert main([*command, str(tmp_path / "mine.tif")]) == 2
    assert f"{labels}: this is one of the files that are read" in capsys.readouterr().err
    assert main([*command, str(labels)]) == 2
    assert labels.read_text() == "lon,lat\n98.3,25.7\n"
    assert not (tmp_path / "mine.tif").exists()


def test_a_scene_that_breaks_off_leaves_nothing_behind(make_dates, tmp_path, capsys):
    paths = make_dates(random_dates(height=600, width=600), tiled=True)
    content = bytearray(paths[2].read_bytes())
    content[len(content) // 3 : -1200] = b""
    out = tmp_path / "activity.tif"
    paths[2].write_bytes(content)
    assert main(["activity", *map(str, paths), "-o", str(out)]) == 2
    assert str(paths[2]) in capsys.readouterr().err
    assert not list(tmp_path.glob("*activity*"))


# Normalisation --------------------------------------------------------------------------------


@pytest.fixture
def hazy(make_dates):
    """Write three dates of one ground, the later two hazy, and a tenth of it changed by then."""
    rng = np.random.default_rng(1)
    cover = rng.normal(0, 1, (3, 200, 200))
    mixing = np.array([[300, 40, 20], [350, 90, 10], [300, 150, -60], [700, -200, 300]])
    ground = 1500 + np.tensordot(mixing, cover, 1)
    gain = np.array([[1, 1, 1, 1], [1.1, 1.05, 1.02, 0.98], [0.92, 0.97, 1.01, 1.04]])
    offset = np.array([[0, 0, 0, 0], [120, 80, 40, 10], [-60, -40, -20, 5]])
    changed = np.zeros((200, 200), bool)
    changed[:63, :63] = True
    dates = []
    for number in range(3):
        now = ground.copy()
        if number:
            now[:, changed] = np.tensordot(mixing, rng.normal(0, 1, (3, changed.sum())), 1) + 2200
        seen = now * gain[number][:, None, None] + offset[number][:, None, None]
        dates.append(seen + rng.normal(0, 8, seen.shape))
    pixels = np.clip(np.array(dates), 1, 65535).astype(np.uint16)
    return make_dates(pixels), gain, offset, changed


def test_haze_is_found_from_what_did_not_change(hazy):
    paths, gain, offset, _ = hazy
    with open_stack(paths) as stack:
        found = normalise(stack)
    np.testing.assert_allclose(found.gain * gain, 1, atol=0.02)
    np.testing.assert_allclose(found.offset, -offset / gain, atol=30)
    assert (found.after < 12).all()
    assert (found.before > 3 * found.after).all()
    assert (found.correlation > 0.99).all()


def noisy_dates(count, side=200):
    """Dates of one ground, each brighter than the one before, with noise of 8."""
    rng = np.random.default_rng(3)
    ground = rng.normal(1500, 300, (4, side, side))
    dates = [ground * (1 + 0.05 * k) + rng.normal(0, 8, ground.shape) for k in range(count)]
    return np.clip(np.array(dates), 1, 65535).astype(np.uint16)


def test_the_effect_is_told_although_no_pixel_is_clear_on_all_dates(make_dates):
    pixels = noisy_dates(4)
    for number in range(4):
        pixels[number, :, :, 50 * number : 50 * (number + 1)] = 0
    with open_stack(make_dates(pixels)) as stack:
        found = normalise(stack)
    assert (found.after < 12).all()
    assert (found.before > 3 * found.after).all()


@pytest.mark.slow
def test_many_dates_take_no_more_memory_to_normalise_than_few(make_dates):
    def peak(count):
        days = [f"202203{day:02d}" for day in range(1, count + 1)]
        with open_stack(make_dates(noisy_dates(count), days)) as stack:
            tracemalloc.start()
            normalise(stack)
            used = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return used

    assert peak(20) < 1.2 * peak(4)


def test_change_is_left_by_normalisation(hazy):
    paths, *_, changed = hazy
    with open_stack(paths) as stack:
        window = next(stack.windows(512))
        std = deviation_of(stack, window, Index("brightness"), normalise(stack)).std
    assert np.median(std[:, changed]) > 20 * np.median(std[:, ~changed])


def test_no_gain_or_offset_deceives_the_search_for_what_did_not_change(hazy):
    paths, *_, changed = hazy
    with open_stack(paths) as stack:
        first, second = (stack.read(k, next(stack.windows(512)))[0].reshape(4, -1) for k in (0, 1))
    found = unchanged(first.astype(float), second.astype(float))
    assert not (found & changed.ravel()).any()
    assert np.array_equal(found, unchanged(first.astype(float) * 3 + 7, second.astype(float)))


def test_what_changed_throughout_is_not_normalised(make_dates):
    pixels = random_dates(2, 4, 8, 8)
    with (
        open_stack(make_dates(pixels)) as stack,
        pytest.raises(SceneError, match="do without --normalise"),
    ):
        normalise(stack)


# Series, pools, periods -----------------------------------------------------------------------


def test_a_series_is_the_mean_within_six_metres(make_dates):
    pixels = random_dates()
    pixels[2, :, 18:30, :] = 0
    column, row = 20.3, 24.8
    with open_stack(make_dates(pixels)) as stack:
        series = series_at(stack, [lonlat_of(column, row), lonlat_of(-40, 5)])
    y, x = np.mgrid[:60, :70] + 0.5
    inside = np.hypot(x - column, y - row) * 3 <= 6
    assert series.pixels.tolist() == [inside.sum(), 0]
    expected = pixels[:, :, inside].mean(axis=2)
    expected[2] = np.nan
    np.testing.assert_allclose(series.values[0], expected, rtol=1e-6)
    assert np.isnan(series.values[1]).all()
    blue, red = series.values[0, :, 0], series.values[0, :, 2]
    np.testing.assert_allclose(series.index[0], (blue - red) / (blue + red))


def test_a_pixel_larger_than_the_circle_is_taken_whole(make_dates):
    pixels = random_dates()
    wide = THREE_METRES @ Affine.scale(10)
    x, y = wide @ (20.05, 30.95)
    lonlat = Transformer.from_crs(UTM_47N, 4326, always_xy=True).transform(x, y)
    with open_stack(make_dates(pixels, transform=wide)) as stack:
        series = series_at(stack, [lonlat])
    assert series.pixels.tolist() == [1]
    np.testing.assert_array_equal(series.values[0], pixels[:, :, 30, 20])


def test_points_elsewhere_are_refused(make_dates):
    with (
        open_stack(make_dates(random_dates())) as stack,
        pytest.raises(LabelsError, match="No point lies in"),
    ):
        series_at(stack, [[0.0, 0.0]])


@pytest.fixture
def pool_scenes(make_geotiff):
    """Write eight dates with a pool that cycles, one that rests, one dug late, one just dug."""
    days = [f"202203{day:02d}" for day in (1, 4, 6, 9, 11, 15, 18, 20)]
    forest, blue, white = (
        np.array(c, float)[:, None, None]
        for c in ([270, 370, 240, 2650], [1640, 1900, 960, 400], [3900, 4350, 4200, 3500])
    )
    rng = np.random.default_rng(2)
    paths = []
    for k, day in enumerate(days):
        image = np.broadcast_to(forest, (4, 60, 80)) + rng.normal(0, 5, (4, 60, 80))
        share = [0.0, 0.6, 1.0, 0.3][k % 4]
        working = blue + share * (white - blue)
        image[:, 20:26, 10:16] = working
        image[:, 20:26, 30:36] = blue
        if k >= 4:
            image[:, 20:26, 50:56] = working
        if k >= 6:
            image[:, 20:26, 70:76] = working
        haze = 1 + 0.05 * rng.normal()
        paths.append(
            make_geotiff((image * haze).astype(np.uint16), f"{day}.tif", descriptions=BGRN)
        )
    return paths, lonlat_of([13, 33, 53, 73], [23, 23, 23, 23])


def test_pools_that_turn_from_blue_to_white_are_in_use(pool_scenes):
    paths, places = pool_scenes
    with open_stack(paths) as stack:
        pools = Pools.of(series_at(stack, places))
    assert pools.in_use == (True, False, True, None)
    assert pools.seen.sum(axis=1).tolist() == [8, 8, 4, 2]
    np.testing.assert_allclose(pools.std[0], np.std(pools.series.index[0]))
    assert pools.std[1] < 0.1 * LEAST_STD
    frame = pools.to_geodataframe()
    assert frame.first_seen.tolist() == ["2022-03-01", "2022-03-01", "2022-03-11", "2022-03-18"]
    assert frame.period_days.isna().all()
    assert frame.no_period[0] == "8 dates; at least 10 are needed"
    assert len(pools.to_long_dataframe()) == 4 * 8


DAILY = np.arange(24.0)


def cycle(days, period, noise=0.01, seed=0):
    return 0.1 * np.sin(2 * np.pi * days / period) + np.random.default_rng(seed).normal(
        0, noise, len(days)
    )


@pytest.mark.parametrize("period", [3.3, 5.5, 6.0, 9.7])
@pytest.mark.parametrize("seed", range(4))
def test_a_period_that_the_dates_support_lies_in_its_interval(period, seed):
    found = find_period(DAILY, cycle(DAILY, period, seed=seed))
    assert found.low <= period <= found.high
    assert found.high - found.low < 0.25 * period
    assert found.why_not == ""


def test_missing_dates_are_passed_over():
    values = cycle(DAILY, 5.5)
    values[[3, 4, 11]] = np.nan
    found = find_period(DAILY, values)
    assert found.days == pytest.approx(5.5, abs=0.2)


@pytest.mark.parametrize(
    ("days", "values", "why_not"),
    [
        (DAILY[:9], cycle(DAILY[:9], 5.5), "9 dates; at least 10"),
        (7 * DAILY, cycle(7 * DAILY, 5.5, 0.001), "aliased"),
        (DAILY, cycle(DAILY, 12.5), "fits"),
        (DAILY, np.full(24, 0.2), "no variation"),
        (DAILY / 10, cycle(DAILY, 5.5), "too short for two cycles"),
        (DAILY, np.random.default_rng(3).normal(size=24), "no cycle stands out"),
    ],
)
def test_no_period_is_made_up(days, values, why_not):
    found = find_period(days, values)
    assert (found.days, found.low, found.high) == (None, None, None)
    assert why_not in found.why_not


def test_noise_seldom_has_a_period():
    rng = np.random.default_rng(4)
    found = [find_period(DAILY, rng.normal(size=24)).days is not None for _ in range(200)]
    assert np.mean(found) < 0.1


# Patches --------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    """Write a table of 2 x 3 patches of 20 pixels."""
    grid = PatchGrid.for_raster(CRS(UTM_47N), THREE_METRES, 60, 40, patch_size=60)
    row, column = np.divmod(np.arange(6, dtype=np.int32), 3)
    rng = np.random.default_rng(0)
    path = tmp_path / "table.parquet"
    with TableWriter(path, 4, {"grid": grid.to_metadata()}) as writer:
        writer.append(row, column, grid.corners(row, column), rng.random((6, 4), np.float32))
    return path


def test_patches_are_told_by_a_high_percentile(make_dates, tmp_path, table):
    pixels = random_dates(3, 4, 60, 70)
    pixels[:, :, :15, :20] = 0
    raster = tmp_path / "activity.tif"
    with open_stack(make_dates(pixels)) as stack:
        write_activity(stack, raster, Index("brightness"), progress=False)
    activity = patch_activity(raster, open_table(table), 90)
    std = pixels.mean(axis=1).std(axis=0)
    expected = [
        np.percentile(std[r : r + 20, c : c + 20], 90) for r in (0, 20) for c in (0, 20, 40)
    ]
    np.testing.assert_allclose(activity[1:], expected[1:], rtol=1e-5)
    assert np.isnan(activity[0])


@pytest.mark.parametrize(("height", "width"), [(39, 60), (40, 59), (30, 60), (29, 60)])
def test_patches_that_stick_out_are_told_by_what_is_inside(
    make_dates, tmp_path, table, height, width
):
    pixels = random_dates(3, 4, height, width)
    raster = tmp_path / "activity.tif"
    with open_stack(make_dates(pixels)) as stack:
        write_activity(stack, raster, Index("brightness"), progress=False)
    activity = patch_activity(raster, open_table(table), 90)
    std = pixels.mean(axis=1).std(axis=0)
    expected = np.percentile(std[20:, 40:], 90) if height >= 30 else np.nan
    np.testing.assert_allclose(activity[-1], expected, rtol=1e-5)
    assert np.isfinite(activity[:3]).all()


class Steps:
    """Stands in for progress bars, and looks at every step for a file."""

    def __init__(self, path):
        self.path, self.seen, self.total, self.shown = path, [], None, None

    def __call__(self, title, unit, total, *, shown):
        self.total, self.shown = total, shown
        return contextlib.nullcontext(self)

    def update(self):
        self.seen.append(self.path.exists())


@pytest.mark.slow
def test_progress_is_full_once_the_file_is_there(make_dates, tmp_path, table, monkeypatch):
    raster = tmp_path / "activity.tif"
    writing, reading = Steps(raster), Steps(raster)
    monkeypatch.setattr("rareearth_explorer.change.deviation.progress_bar", writing)
    monkeypatch.setattr("rareearth_explorer.change.table_activity.progress_bar", reading)
    with open_stack(make_dates(random_dates(height=530, width=600))) as stack:
        write_activity(stack, raster, Index("brightness"))
        store_activity(table, raster, stack, Index("brightness"), progress=False)
    assert writing.seen == [False] * (writing.total - 1) + [True]
    assert len(reading.seen) == reading.total == 6
    assert (writing.shown, reading.shown) == (True, False)


def test_patches_on_the_other_side_of_the_earth_are_refused(make_dates, tmp_path, table):
    raster = tmp_path / "activity.tif"
    with open_stack(make_dates(random_dates())) as stack:
        write_activity(stack, raster, Index("brightness"), progress=False)
    opened = open_table(table)
    there = PatchTable.from_arrays(opened.embeddings, opened.corners - [180.0, 0.0])
    with pytest.raises(SceneError, match="almost no patch"):
        patch_activity(raster, there)


def test_a_scene_is_no_activity_raster(make_geotiff, table):
    with pytest.raises(SceneError, match="no activity raster"):
        patch_activity(make_geotiff(), open_table(table))


# The command ----------------------------------------------------------------------------------


def test_the_command_writes_raster_pools_and_column(pool_scenes, table, tmp_path, capsys):
    paths, places = pool_scenes
    pools = write_points(tmp_path / "pools.csv", places)
    pools.write_text(f"{pools.read_text()}\n98.3,\n")
    out = tmp_path / "activity.tif"
    before = open_table(table)
    command = ["activity", *map(str, paths), "-o", str(out)]
    assert main([*command, "--pools", str(pools), "--table", str(table)]) == 0
    said = capsys.readouterr().out
    assert f"{pools}: left out: 1 " in said
    assert (
        "activity_pools.geojson: 4 pools, 2 in use, 1 not, 1 seen on too few dates to tell." in said
    )
    features = json.loads((tmp_path / "activity_pools.geojson").read_text())["features"]
    assert [each["properties"]["in_use"] for each in features] == [True, False, True, None]
    frame = gpd.read_file(tmp_path / "activity_pools.geojson")
    np.testing.assert_allclose(frame.geometry.x, places[:, 0], atol=1e-6)
    after = open_table(table)
    assert np.argmax(after.activity) == 3  # the row of patches with the pools, at its left end
    assert after.metadata["activity"]["index"] == "blue-white"
    assert after.metadata["grid"] == before.metadata["grid"]
    np.testing.assert_array_equal(after.embeddings, before.embeddings)


def test_the_command_normalises_and_shows_the_effect(hazy, tmp_path, capsys):
    out = tmp_path / "activity.tif"
    assert main(["activity", *map(str, hazy[0]), "-o", str(out), "--normalise"]) == 0
    said = capsys.readouterr().out
    assert "Median standard deviation of the other pixels: blue " in said
    with rasterio.open(out) as raster:
        assert raster.tags()["normalised"] == "true"
        assert np.nanmedian(raster.read(1)) < 15


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--threshold", "0"], "threshold"),
        (["--table", "missing.parquet"], "no such file"),
        (["--pools", "missing.csv"], "no such file"),
        (["--index", "swir,red"], "needs the band swir"),
        (["--udm2", "one.tif"], "the masks are 1 and the scenes 4"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(make_dates, tmp_path, capsys, options, said):
    out = tmp_path / "activity.tif"
    command = ["activity", *map(str, make_dates(random_dates())), "-o", str(out)]
    assert main([*command, *options]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.realdata
@pytest.mark.slow
def test_naip_dates_go_through_without_special_care(real_data, tmp_path, capsys):
    paths = sorted((real_data / "naip").glob("*.tif"))
    out = tmp_path / "naip.tif"
    assert main(["activity", *map(str, paths), "-o", str(out), "--normalise"]) == 0
    assert "5 dates: 2009-08-18" in capsys.readouterr().out
    assert cog_validate(out, quiet=True)[0]
    with rasterio.open(paths[0]) as first, rasterio.open(out) as raster:
        assert (raster.width, raster.height) == (first.width, first.height)
        assert raster.count == first.count + 2
        assert np.nanmax(raster.read(raster.count)) == 5
