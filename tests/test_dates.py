"""The dates panel: the scene and the patch under review on every date."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from queue import Queue

import numpy as np
import pytest
from affine import Affine
from patience import PATIENCE, comes
from planet_grid import THREE_METRES, UTM_47N
from pyproj import CRS, Transformer

from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.labels import Labels
from rareearth_explorer.data.rendering import palette_hex
from rareearth_explorer.data.scene import Scene, open_scene
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.views.layers import activity_layer
from rareearth_explorer.widgets.dates import DatesPanel
from rareearth_explorer.widgets.map import MapPanel
from rareearth_explorer.widgets.map.imagery_tiles import TileServer
from rareearth_explorer.widgets.review import ReviewPanel
from rareearth_explorer.widgets.review.review_pictures import Pictures
from rareearth_explorer.widgets.stages import Stages
from rareearth_explorer.widgets.umap_panel import UmapPanel

DAYS = ("20220307", "20220314", "20220320", "20220327")
BGR = ("blue", "green", "red")
POOL = (100, 30)
"""Column and row of the pixel that turns from blue to white: in patch 1 of 2 x 2."""


@pytest.fixture
def scenes(make_geotiff):
    """Four dates of bare ground, with one pool of 7 x 7 pixels that turns white and blue."""
    opened = []
    for number, day in enumerate(DAYS):
        pixels = np.full((3, 168, 168), 1000, np.uint16)
        pixels[0, 27:34, 97:104] = 1000 if number % 2 else 2000
        opened.append(open_scene(make_geotiff(pixels, f"{day}_scene.tif", descriptions=BGR)))
    yield opened
    for scene in opened:
        scene.close()


@pytest.fixture
def table():
    grid = PatchGrid.for_raster(CRS(UTM_47N), THREE_METRES, width=168, height=168)
    row, column = np.divmod(np.arange(4, dtype=np.int32), 2)
    return PatchTable.from_arrays(
        np.eye(4, 6, dtype=np.float32) + 0.1,
        grid.corners(row, column),
        row=row,
        column=column,
        metadata={"grid": grid.to_metadata(), "activity": {"index": "blue-white", "dates": DAYS}},
        activity=np.array([0.0, 0.2, np.nan, 0.01], np.float32),
    )


@pytest.fixture
def session(table):
    return Session(table)


@pytest.fixture
def labels():
    x, y = THREE_METRES @ (POOL[0] + 0.5, POOL[1] + 0.5)
    return Labels.from_points([Transformer.from_crs(UTM_47N, 4326, always_xy=True).transform(x, y)])


def test_the_slider_shows_another_date_on_the_map(session, scenes):
    map_panel = MapPanel(session, scenes[0])
    panel = DatesPanel(session, scenes[0], scenes[1:])
    asked = map_panel.bridge.imagery
    panel.date.value = 2
    assert map_panel.imagery._tiles.scene is scenes[2]
    assert map_panel.bridge.imagery > asked
    assert panel.play.value == 2
    session.scene = scenes[1]
    assert panel.date.value == 1


def test_the_slider_begins_at_the_date_of_the_table(session, scenes):
    panel = DatesPanel(session, scenes[2], [scenes[0], scenes[3], scenes[1]])
    assert panel.date.options[panel.date.value][0] == "2022-03-20"
    assert [label for label, _ in panel.date.options] == [
        f"2022-{day[4:6]}-{day[6:]}" for day in DAYS
    ]


def test_a_labelled_pool_is_judged_by_its_series(session, scenes, labels):
    panel = DatesPanel(session, scenes[0], scenes[1:], labels)
    panel.look()
    session.under_review = 1
    assert "1 labelled pool: 1 in use" in panel.note.value
    assert [chip["caption"] for chip in panel.sheet.chips] == [
        s.time.date().isoformat() for s in scenes
    ]
    assert all(panel.sheet.pictures)
    assert panel.sheet.pictures[0] != panel.sheet.pictures[1]
    assert bytes(panel.plot.value).startswith(b"\x89PNG")


@pytest.mark.slow
def test_without_labels_the_most_variable_pixel_is_judged(session, scenes):
    panel = DatesPanel(session, scenes[0], scenes[1:])
    panel.look()
    session.under_review = 1
    assert "most variable pixel varies like a pool in use" in panel.note.value
    session.under_review = 3
    assert "most variable pixel hardly varies" in panel.note.value


@pytest.mark.parametrize("labelled", [True, False])
def test_no_verdict_is_given_by_another_index_than_blue_white(
    session, make_geotiff, labels, labelled
):
    """Four dates of green and near infrared in digital numbers, all of which vary by hundreds."""
    rng = np.random.default_rng(0)
    paths = [
        make_geotiff(rng.integers(200, 4000, (2, 168, 168), np.uint16), f"{day}_gn.tif")
        for day in DAYS
    ]
    with ExitStack() as opened:
        scenes = [opened.enter_context(open_scene(path)) for path in paths]
        panel = DatesPanel(session, scenes[0], scenes[1:], labels if labelled else None)
        panel.look()
        session.under_review = 1
    assert "standard deviation" in panel.note.value
    assert "brightness" in panel.note.value
    assert "in use" not in panel.note.value


def test_a_chip_that_is_clicked_shows_its_date(session, scenes):
    panel = DatesPanel(session, scenes[0], scenes[1:])
    panel.look()
    session.under_review = 1
    panel.sheet.place = 3
    assert session.scene is scenes[3]
    panel.date.value = 0
    assert panel.sheet.place == 0


def test_nothing_is_read_out_of_sight(session, scenes):
    stages = Stages(session, front="Overview")
    panel = DatesPanel(session, scenes[0], scenes[1:], stages=stages)
    session.under_review = 1
    assert panel.sheet.chips == []
    stages.front = "Dates"
    assert len(panel.sheet.chips) == len(DAYS)


@pytest.fixture
def open_bgr(make_geotiff):
    """Open a scene of bare ground as wide as all, in some order of bands."""
    with ExitStack() as opened:

        def make(name, roles, *, told=None, width=168, left=0, level=1000):
            pixels = np.full((len(roles), 168, width), level, np.uint16)
            at = THREE_METRES @ Affine.translation(left, 0)
            path = make_geotiff(pixels, name, transform=at, descriptions=roles)
            return opened.enter_context(open_scene(path, bands=told))

        yield make


def show(session, scene, others, patch):
    panel = DatesPanel(session, scene, others)
    panel.look()
    session.under_review = patch
    return panel


def test_all_files_of_a_mosaic_are_in_the_stack(session, scenes, open_bgr, tmp_path):
    folder = tmp_path / "delivery"
    folder.mkdir()
    for name, left in (("left", 0), ("right", 84)):
        half = open_bgr(f"20220401_{name}.tif", BGR, width=84, left=left)
        half.path.rename(folder / half.path.name)
    with open_scene(folder) as mosaic:
        assert len(mosaic.sources) == 2
        panel = show(session, scenes[0], [mosaic], patch=1)
    assert [chip["caption"] for chip in panel.sheet.chips] == ["2022-03-07", "2022-04-01"]
    assert all(panel.sheet.pictures)


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        (("coastal_blue", "blue", "green", "red", "nir"), None),
        (BGR, ("blue", "_", "red")),
        ((None, None, None), BGR),
    ],
    ids=["more bands", "one left out", "told by hand"],
)
@pytest.mark.parametrize("day", ["20220301", "20220401"])
@pytest.mark.parametrize("own", [True, False])
def test_dates_of_different_bands_are_shown_by_those_they_share(
    session, scenes, open_bgr, roles, told, day, own
):
    other = open_bgr(f"{day}_other.tif", roles, told=told)
    pair = (other, scenes[0]) if own else (scenes[0], other)
    panel = show(session, pair[0], [pair[1], scenes[1], scenes[2]], patch=1)
    assert "most variable pixel varies like a pool in use" in panel.note.value
    assert len(panel.sheet.chips) == 4


def test_a_date_that_tells_no_roles_has_those_of_the_tables_scene(session, scenes, open_bgr):
    other = open_bgr("20220301_other.tif", (None, None, None))
    panel = show(session, scenes[0], [other, *scenes[1:]], patch=1)
    assert "most variable pixel varies like a pool in use" in panel.note.value


def test_chips_are_shown_also_where_the_labels_lie_outside(session, labels, open_bgr):
    narrow = [open_bgr(f"{day}_narrow.tif", BGR, width=POOL[0] - 5) for day in DAYS]
    panel = DatesPanel(session, narrow[0], narrow[1:], labels)
    panel.look()
    session.under_review = 1
    assert len(panel.sheet.chips) == len(DAYS)
    assert all(panel.sheet.pictures)
    assert "No point lies in" in panel.note.value


def test_no_other_date_is_called_the_tables(session, scenes, open_bgr):
    undated = open_bgr("scene.tif", BGR)
    panel = DatesPanel(session, undated, scenes)
    assert [label for label, _ in panel.date.options][:2] == ["no date", "2022-03-07"]
    assert panel.scenes[panel.date.value] is undated
    panel.date.value = 1
    assert session.scene is scenes[0]
    panel.look()
    session.under_review = 1
    assert len(panel.sheet.chips) == len(DAYS)
    session.scene = None
    assert panel.scenes[panel.date.value] is undated


def test_without_a_scene_of_the_table_no_date_is_chosen_for_it(session, scenes):
    panel = DatesPanel(session, None, scenes)
    assert panel.date.disabled
    panel.look()
    session.under_review = 1
    assert len(panel.sheet.chips) == len(DAYS)


def test_the_template_marked_last_is_shown_while_no_patch_is_in_hand(session, scenes):
    panel = DatesPanel(session, scenes[0], scenes[1:])
    panel.look()
    session.mark(2, "positive")
    assert "patch 2" in panel.note.value


def test_in_a_kernel_the_dates_are_read_beside(session, scenes):
    async def look():
        panel = DatesPanel(session, scenes[0], scenes[1:])
        panel.look()
        session.under_review = 3
        session.under_review = 1
        await comes(lambda: "most variable" in panel.note.value, "the dates were not read")
        return panel.note.value

    assert "patch 1" in asyncio.run(look())


def test_what_nobody_foresaw_is_said_and_tried_again(session, scenes, monkeypatch):
    def burst(*_):
        raise MemoryError("no room")

    panel = DatesPanel(session, scenes[0], scenes[1:])
    with monkeypatch.context() as bad:
        bad.setattr("rareearth_explorer.widgets.dates.dates_panel.history_of", burst)
        panel.look()
        session.under_review = 1
    assert "MemoryError: no room" in panel.note.value
    panel.look()
    assert "most variable" in panel.note.value
    assert len(panel.sheet.chips) == len(DAYS)


def test_a_tile_that_nobody_foresaw_to_fail_is_answered_and_logged(
    session, scenes, monkeypatch, caplog
):
    bridge, sent = MapPanel(session, scenes[0]).bridge, Queue()
    monkeypatch.setattr(Scene, "tile", lambda *_, **__: 1 / 0)
    monkeypatch.setattr(bridge, "send", lambda content, **_: sent.put(content))
    TileServer(bridge, scenes[0]).request({"kind": "tile", "tile": 7, "z": 14, "x": 1, "y": 2})
    assert sent.get(timeout=PATIENCE) == {"tile": 7}
    assert "tile 14/1/2 is not drawn" in caplog.text


def test_a_picture_that_nobody_foresaw_to_fail_is_empty_and_logged(
    table, scenes, monkeypatch, caplog
):
    monkeypatch.setattr(Scene, "chip", lambda *_, **__: 1 / 0)
    assert Pictures(table, scenes[0]).of(3, None) == b""
    assert "patch 3 is not drawn" in caplog.text


def test_one_date_is_said(session, scenes):
    panel = DatesPanel(session, scenes[0])
    assert panel.date.disabled
    assert "only one date" in panel.note.value


def test_scenes_that_are_no_stack_end_in_a_sentence(session, scenes, make_geotiff):
    elsewhere = THREE_METRES.translation(9_000, 0) @ THREE_METRES
    far = make_geotiff(
        np.full((3, 60, 60), 900, np.uint16), "20220401.tif", transform=elsewhere, descriptions=BGR
    )
    with open_scene(far) as other:
        panel = DatesPanel(session, scenes[0], [other])
        panel.look()
        session.under_review = 1
        assert "overlap" in panel.note.value


def test_activity_is_painted_on_the_map_and_let_go(session, scenes):
    map_panel, panel = MapPanel(session, scenes[0]), DatesPanel(session, scenes[0], scenes[1:])
    session.mark(0, "positive")
    scores = map_panel.bridge.levels
    panel.activity.value = True
    layer = activity_layer(session.table)
    assert map_panel.bridge.levels == layer.levels.tobytes()
    assert layer.levels[2] == 0, "a patch of unknown activity is painted"
    assert "blue-white over 4 dates" in map_panel.legend.value
    session.layer = None
    assert not panel.activity.value
    assert map_panel.bridge.levels == scores


def test_the_review_can_be_of_active_patches_only(session):
    panel = ReviewPanel(session)
    panel.begin()
    assert len(panel.patches) == 3
    panel.least_activity.value = 0.035
    assert (session.under_review, panel.patches) == (1, [])
    session.select([0, 3])
    panel.only_selected.value = True
    assert (session.under_review, panel.patches) == (None, [])


@pytest.mark.parametrize("index", ["blue-white", "ndvi"])
def test_the_threshold_of_pools_is_named_for_the_blue_white_index_only(table, index):
    table.metadata["activity"]["index"] = index
    told = ReviewPanel(Session(table)).least_activity.tooltip
    assert ("0.035" in told) == (index == "blue-white")


def test_the_umap_can_be_coloured_by_activity(session, monkeypatch):
    monkeypatch.setattr("rareearth_explorer.widgets.umap_panel.Worker", lambda *_: None)
    panel = UmapPanel(session)
    given = {}
    monkeypatch.setattr(panel.scatter, "color", lambda **colours: given.update(colours))
    panel.colour_by.value = "activity"
    scale = activity_layer(session.table).scale
    # A patch of unknown activity looks still; the highest hundredth is cut off.
    np.testing.assert_allclose(given["by"], [0, scale.high, 0, 0.01], rtol=1e-6)
    assert given["norm"] == (0, scale.high)
    assert given["map"] == palette_hex(scale.palette, 64)


def test_activity_is_a_column_of_what_is_handed_over(session):
    np.testing.assert_array_equal(session.to_geodataframe()["activity"], session.table.activity)
