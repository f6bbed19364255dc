"""Search by drawing and by place, and what the map shows, each both ways without a browser."""

from __future__ import annotations

import base64
import io

import ipyleaflet
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.app import Explorer
from rareearth_explorer.data.grid import written
from rareearth_explorer.data.scene import INDICES, open_scene
from rareearth_explorer.errors import SceneError, SessionError
from rareearth_explorer.exporting import export, list_patches
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.review import queue
from rareearth_explorer.hunt.review_order import Order
from rareearth_explorer.widgets.export_panel import ExportPanel
from rareearth_explorer.widgets.map import MapPanel
from rareearth_explorer.widgets.map.drawing import describe_path
from rareearth_explorer.widgets.map.place import parse_place
from rareearth_explorer.widgets.review import ReviewPanel
from rareearth_explorer.widgets.selection_bar import SelectionBar

ROLES = ("blue", "green", "red", "nir")


@pytest.fixture
def session(small_table):
    session = Session(small_table)
    session.mark(0, "positive")
    session.mark(1, "negative")
    return session


@pytest.fixture
def scenes(make_geotiff):
    """Two dates over the small table; the second is darker."""
    pixels = np.random.default_rng(0).integers(200, 4000, (4, 504, 840), dtype=np.uint16)
    paths = [
        make_geotiff(bands, f"{day}_scene.tif", descriptions=ROLES)
        for day, bands in (("20220307", pixels), ("20220314", pixels // 2))
    ]
    opened = [open_scene(path) for path in paths]
    yield opened
    for scene in opened:
        scene.close()


def patch_ring(table, patch, grown=0.0):
    """Corners of a patch, grown by a share of its size, as the browser sends them."""
    corners = table.corners[patch]
    return (corners + grown * (corners - table.centroids[patch])).tolist()


class TestDrawing:
    def test_selects_the_patches_that_are_touched(self, session):
        panel = MapPanel(session)
        panel.bridge.tool = "rectangle"
        panel.receive({"kind": "drawn", "ring": patch_ring(session.table, 22, grown=0.5)})
        assert session.selection == (11, 12, 13, 21, 22, 23, 31, 32, 33)
        assert panel.bridge.tool == ""
        panel.receive({"kind": "drawn", "ring": patch_ring(session.table, 22, grown=-0.5)})
        assert session.selection == (22,)

    def test_leaves_out_what_is_discarded(self, session):
        session.refine()
        panel = MapPanel(session)
        (south, west), (north, east) = session.table.bounds
        panel.receive(
            {
                "kind": "drawn",
                "ring": [[west, south], [east, south], [east, north], [west, north]],
            }
        )
        assert session.selection == tuple(np.flatnonzero(session.active))

    def test_a_polygon_may_cross_itself(self, session):
        panel = MapPanel(session)
        a, b, c, d = patch_ring(session.table, 22, grown=-0.5)
        panel.receive({"kind": "drawn", "ring": [a, c, b, d]})
        assert session.selection == (22,)

    def test_where_nothing_is_the_selection_is_empty_and_it_is_said(self, session):
        session.select([3])
        MapPanel(session).receive({"kind": "drawn", "ring": [[0, 0], [0, 1], [1, 1]]})
        assert session.selection == ()
        assert "no active patch in this shape" in session.message

    def test_the_tool_in_use_says_how_it_is_used(self, session):
        panel = MapPanel(session)
        assert panel.drawing.hint.layout.display == "none"
        panel.bridge.tool = "polygon"
        assert "double-click" in panel.drawing.hint.value
        assert panel.drawing.hint.layout.display is None
        panel.bridge.tool = ""
        assert panel.drawing.hint.layout.display == "none"

    def test_measures_on_the_ellipsoid(self, session):
        panel = MapPanel(session)
        panel.receive({"kind": "measure", "path": [[98.0, 26.0]]})
        assert "Click points" in panel.drawing.hint.value
        # A degree of latitude at the equator, and the square from there, from the literature.
        panel.receive({"kind": "measure", "path": [[0, 0], [0, 1]]})
        assert panel.drawing.hint.value == "110.57 km"
        assert describe_path([[0, 0], [0, 1], [1, 1], [1, 0]]).endswith("12,308.78 km²")
        assert describe_path([[98, 26], [98.001, 26], [98, 26]]) == "200 m"
        assert describe_path([[98, 26], [98.001, 26], [98.001, 26.001]]).endswith("closed, 0.55 ha")


class TestPlaces:
    @pytest.mark.parametrize(
        "text",
        [
            "26.1, 98.3",
            "26.1 98.3",
            "98.3, 26.1",
            "98.3E 26.1N",
            "n26.1 e98.3",
            "26°06'00\"N 98°18'00\"E",
            "26°06\u2032 N, 98°18\u2032 E",
            "26 06 00 N 98 18 00 E",
            "26:06:00, 98:18:00",
        ],
    )
    def test_coordinates_as_people_write_them(self, text):
        assert parse_place(text) == pytest.approx((26.1, 98.3), abs=1e-6)

    def test_patch_numbers_and_the_other_hemispheres(self):
        assert parse_place("812") == parse_place(" patch 812") == 812
        assert parse_place("-33.5, −70.25") == parse_place("70.25W 33.5S") == (-33.5, -70.25)
        assert parse_place("0°30'S 0°30'W") == (-0.5, -0.5)

    def test_utm_by_zone_and_hemisphere(self):
        # The central meridian of zone 47 is 99 E; in the south the equator is at 10,000 km.
        assert parse_place("47N 500000 0") == pytest.approx((0, 99), abs=1e-9)
        assert parse_place("47 s, 500000, 10000000") == pytest.approx((0, 99), abs=1e-9)

    @given(st.floats(-90, 90), st.floats(-180, 180))
    def test_understands_what_it_writes(self, lat, lon):
        assert parse_place(written(lat, lon)) == pytest.approx((lat, lon), abs=1e-5)

    @pytest.mark.parametrize("text", ["", "abc", "26.1", "1,2,3", "26N 98N", "26 61 N 98 E", "- -"])
    def test_what_is_not_understood_is_said_with_examples(self, text):
        with pytest.raises(SessionError, match=r"is not a place; write '26\.1"):
            parse_place(text)

    @pytest.mark.parametrize(
        ("text", "why"), [("91 181", "out of range"), ("61N 500000 0", "zone 61")]
    )
    def test_what_is_nowhere_is_said(self, text, why):
        with pytest.raises(SessionError, match=why):
            parse_place(text)

    def test_goes_to_a_patch_and_takes_it_in_hand(self, session):
        panel = MapPanel(session)
        panel.place.text.value = "44"
        lon, lat = session.table.centroids[44]
        assert session.under_review == 44
        assert panel.bridge.focus == panel.bridge.pin == pytest.approx((lat, lon))
        panel.place.text.value = ""
        assert panel.bridge.pin == ()

    def test_goes_to_a_coordinate_and_takes_its_patch_in_hand(self, session):
        panel = MapPanel(session)
        lon, lat = session.table.centroids[44] + [0.0003, 0.0002]
        panel.place.text.value = f"{lat}, {lon}"
        assert session.under_review == 44
        assert panel.bridge.focus == pytest.approx((lat, lon))
        session.under_review = 45
        assert panel.bridge.pin == ()  # the review goes on, and the pin would be in its way

    @pytest.mark.parametrize(
        ("text", "why"),
        [("60", "no patch 60"), ("10, 10", "outside the scene"), ("?", "not a place")],
    )
    def test_what_cannot_be_gone_to_is_said_and_the_map_stays(self, session, text, why):
        panel = MapPanel(session)
        panel.place.text.value = text
        assert why in session.message
        assert panel.bridge.focus == ()


class TestSelection:
    @pytest.fixture
    def calls(self):
        return []

    @pytest.fixture
    def panel(self, session, calls):
        return SelectionBar(session, lambda: calls.append("review"), lambda: calls.append("export"))

    def test_is_shown_with_the_count_only_while_something_is_selected(self, session, panel):
        assert panel.widget.layout.display == "none"
        session.select([4, 5])
        assert panel.widget.layout.display is None
        assert "2 selected" in panel.count.value
        panel.clear.click()
        assert session.selection == ()
        assert panel.widget.layout.display == "none"

    def test_marks_in_one_step(self, session, panel):
        session.select([4, 5])
        panel.mark_negative.click()
        assert session.negatives == (1, 4, 5)
        session.undo()
        assert session.negatives == (1,)
        panel.mark_positive.click()
        assert session.positives == (0, 4, 5)

    def test_hands_over_to_review_and_export(self, session, panel, calls):
        panel.review.click()
        panel.export.click()
        assert calls == ["review", "export"]

    @pytest.mark.slow
    def test_the_app_reviews_and_exports_just_these(self, small_table, monkeypatch):
        monkeypatch.setattr(
            "rareearth_explorer.widgets.umap_panel.UmapPanel._refit", lambda self: None
        )
        explorer = Explorer(small_table)
        explorer.session.mark(0, "positive")
        explorer.session.select([0, 7, 8, 9])
        explorer.selection.review.click()
        assert explorer.front == "Review"
        assert {explorer.session.under_review, *explorer.review.patches} == {7, 8, 9}
        explorer.selection.export.click()
        assert explorer.front == "Export"
        assert explorer.export_panel.only_selected.value
        explorer.close()


class TestJustTheSelected:
    @pytest.mark.parametrize("order", [o for o in Order if o is not Order.AUDIT])
    def test_every_order_of_review_keeps_within_them(self, session, order):
        rows = queue(session.state, order, session.table.unit_embeddings, within=[1, 5, 6, 40])
        assert sorted(rows) == [5, 6, 40]

    def test_but_not_of_the_sample_of_the_discarded(self, session):
        session.refine(float(np.median(session.scores)))
        session.audit(20)
        sample = session.decisions.audit.sample
        rows = queue(session.state, Order.AUDIT, session.table.unit_embeddings, within=sample[1:2])
        assert tuple(rows) == sample, "what is picked from a sample says nothing of the pile"

    def test_a_review_goes_back_to_all_when_nothing_is_selected(self, session):
        panel = ReviewPanel(session)
        assert panel.only_selected.disabled
        session.select([5, 6])
        panel.only_selected.value = True
        assert {session.under_review, *panel.patches} == {5, 6}
        for _ in range(2):
            panel.judge("skipped")
        assert "left to review" in panel.progress.value
        session.select([])
        assert not panel.only_selected.value
        assert session.under_review is None  # the map does not fly to another patch
        panel.begin()
        assert len(panel.patches) == 12

    @pytest.mark.slow
    def test_a_list_and_a_report_hold_just_them(self, session, tmp_path):
        frame = list_patches(session, within=[5, 6, 40])
        assert sorted(frame.patch) == [5, 6, 40]
        assert frame["rank"].is_monotonic_increasing
        export(session, tmp_path / "report.html", within=[5, 6, 40])
        assert "3 selected new candidates" in (tmp_path / "report.html").read_text()

    def test_none_among_them_is_said_and_nothing_written(self, session, tmp_path):
        session.judge(5, "confirmed")
        with pytest.raises(SessionError, match="None of the verdicts is selected"):
            export(session, tmp_path / "out.csv", what="verdicts", within=[6])
        assert list(tmp_path.iterdir()) == []

    def test_the_download_is_named_and_limited(self, session):
        import pandas as pd

        panel = ExportPanel(session, None, lambda: "hunt")
        session.select([5, 6])
        panel.choice.value = "candidates (CSV)"
        panel.only_selected.value = True
        panel.export.click()
        assert "download='hunt-selected-candidates.csv'" in panel.link.value
        content = base64.b64decode(panel.link.value.split("base64,")[1].split("'")[0])
        assert sorted(pd.read_csv(io.BytesIO(content)).patch) == [5, 6]


class TestImagery:
    def test_offers_what_the_bands_allow(self, session, scenes):
        panel = MapPanel(session, scenes[0])
        names = [name for name, _ in panel.bands.options]
        assert names == ["true colour", "infrared", "NDVI", "NDWI", "blue-white"]
        assert [channel.value for channel in panel.imagery.channels] == ["red", "green", "blue"]

    def test_an_index_that_cannot_be_shown_says_why(self, session, make_geotiff):
        pixels = np.full((3, 200, 180), 900, np.uint16)
        with open_scene(make_geotiff(pixels, descriptions=ROLES[:3])) as scene:
            panel = MapPanel(session, scene)
            assert "NDVI needs nir, which this scene lacks" in panel.bands.tooltip
            assert [name for name, _ in panel.bands.options] == ["true colour", "blue-white"]

    def test_an_index_has_a_legend_and_asks_for_all_tiles_again(self, session, scenes):
        panel = MapPanel(session, scenes[0])
        before = panel.bridge.imagery
        panel.bands.value = ("ndvi",)
        assert session.bands == ("ndvi",)
        assert "NDVI" in panel.legend.value
        assert panel.bridge.imagery > before
        session.bands = None
        assert panel.bands.label == "true colour"
        assert "NDVI" not in panel.legend.value

    def test_any_three_bands(self, session, scenes):
        panel = MapPanel(session, scenes[0])
        panel.imagery.channels[0].value = "nir"
        assert session.bands == ("nir", "green", "blue")
        assert panel.bands.label == "nir-green-blue"
        session.bands = ("blue", "nir", "red")
        assert [channel.value for channel in panel.imagery.channels] == ["blue", "nir", "red"]
        panel.bands.label = "true colour"
        assert session.bands is None
        assert panel.bands.label == "true colour"
        assert [channel.value for channel in panel.imagery.channels] == ["red", "green", "blue"]
        assert len(panel.bands.options) == 5

    def test_hidden_imagery_stays_hidden(self, session, scenes):
        panel = MapPanel(session, scenes[0])
        panel.imagery.shown.value = False
        session.bands = ("ndvi",)
        assert panel.bridge.imagery == 0

    def test_a_session_without_a_scene_keeps_its_bands(self, session):
        panel = MapPanel(session)
        session.bands = ("nir", "red", "green")
        assert panel.bands.disabled


class TestIndices:
    def test_colours_run_from_low_to_high_and_empty_is_black(self):
        from matplotlib import colormaps

        index = INDICES["ndvi"]
        plus = np.array([[0.0, 19, 1, 5]])
        minus = np.array([[1.0, 1, 0, 5]])
        valid = np.array([[True, True, True, False]])
        painted = index.paint(np.stack([plus, minus]), valid)
        ends = (np.array(colormaps["YlGn"]([0.0, 1.0]))[:, :3] * 255).round()
        np.testing.assert_array_equal(painted[:, 0, 0], ends[0])  # -1, below the low end
        np.testing.assert_array_equal(painted[:, 0, 1], ends[1])  # 0.9, the high end
        np.testing.assert_array_equal(painted[:, 0, 2], ends[1])  # 1, above it
        np.testing.assert_array_equal(painted[:, 0, 3], 0)

    def test_chips_and_tiles_show_it(self, scenes):
        from rasterio.windows import Window

        scene, darker = scenes
        window = Window(0, 0, 84, 84)
        chip = scene.chip(window, 84, bands=("ndwi",))
        pixels, valid = scene.read(window, bands=("green", "nir"))
        expected = INDICES["ndwi"].paint(pixels, valid).transpose(1, 2, 0)
        np.testing.assert_array_equal(chip, expected)
        near = np.abs(darker.chip(window, 84, bands=("ndwi",)).astype(int) - expected) < 4
        assert near.all()  # half as bright on both bands is the same index
        x, y = tile_of(scene, 15)
        assert scene.tile(15, x, y, bands=("ndvi",))[..., 3].any()

    def test_needs_its_bands(self, make_geotiff):
        with (
            open_scene(make_geotiff(descriptions=["blue", "green", "red", "odd"])) as scene,
            pytest.raises(SceneError, match="there is no band nir"),
        ):
            scene.tile(15, *tile_of(scene, 15), bands=("ndvi",))


def tile_of(scene, z):
    """Column and row of the tile over the middle of a scene."""
    (south, west), (north, east) = scene.bounds
    lat, lon = np.radians((south + north) / 2), (west + east) / 2
    return int((lon + 180) / 360 * 2**z), int((1 - np.arcsinh(np.tan(lat)) / np.pi) / 2 * 2**z)


class TestDates:
    def test_another_date_is_shown_beside_the_first(self, session, scenes):
        panel = MapPanel(session, scenes[0], [scenes[1]])
        assert panel.bridge.second == 0
        panel.swipe.date.value = scenes[1]
        assert panel.bridge.second == 1
        assert panel.bridge.dates == ("◀ 2022-03-07", "2022-03-14 ▶")
        session.bands = ("ndvi",)
        assert panel.bridge.second == 2  # both dates are drawn anew
        panel.swipe.date.label = "nothing"
        assert panel.swipe.date.label == "nothing"
        assert panel.bridge.second == 0

    def test_tiles_come_from_the_date_that_is_asked(self, session, scenes):
        panel = MapPanel(session, scenes[0], [scenes[1]])
        panel.swipe.date.value = scenes[1]
        sent = []
        panel.bridge.send = lambda content, buffers=None: sent.append((content, buffers))
        x, y = tile_of(scenes[0], 15)
        for number, layer in enumerate(("imagery", "second")):
            panel.receive({"kind": "tile", "layer": layer, "tile": number, "z": 15, "x": x, "y": y})
        for tiles in (panel.swipe.tiles, panel._tiles["imagery"]):
            tiles._pool.shutdown()
        assert sorted(content["tile"] for content, _ in sent) == [0, 1]
        assert all(content["mime"] == "image/webp" for content, _ in sent)

    def test_without_another_date_it_says_how_to_give_one(self, session, scenes):
        panel = MapPanel(session, scenes[0])
        assert panel.swipe.date.disabled
        assert "--dates" in panel.swipe.date.tooltip

    @pytest.mark.slow
    def test_a_date_that_cannot_be_opened_is_said_and_the_rest_opens(self, small_table, tmp_path):
        explorer = Explorer(small_table, dates=[tmp_path / "later.tif"])
        assert "later.tif" in explorer.status.line.value
        assert explorer.other_dates == []
        explorer.close()


class TestBaseMap:
    def test_nothing_is_fetched_until_one_is_chosen(self, session):
        panel = MapPanel(session)
        assert panel.map.layers == ()
        assert (
            "needs the internet, and its server learns which places you view"
            in panel.base_map.note.value
        )
        panel.base_map.choice.value = "OpenStreetMap"
        (layer,) = panel.map.layers
        assert "openstreetmap.org" in layer.url
        assert any(isinstance(c, ipyleaflet.AttributionControl) for c in panel.map.controls)
        panel.base_map.choice.value = "Esri imagery"
        (layer,) = panel.map.layers
        assert "Esri" in layer.attribution
        panel.base_map.choice.value = "none"
        assert panel.map.layers == ()
        assert not any(isinstance(c, ipyleaflet.AttributionControl) for c in panel.map.controls)


def test_the_drawer_opens_and_closes(session):
    panel = MapPanel(session)
    assert panel.drawer.layout.display == "none"
    panel.more.value = True
    assert panel.drawer.layout.display is None
    panel.more.value = False
    assert panel.drawer.layout.display == "none"


def test_every_control_of_the_map_has_a_tooltip(session, scenes):
    import ipywidgets as w

    def controls(widget):
        for child in getattr(widget, "children", ()):
            yield from controls(child)
        if isinstance(widget, (w.Button, w.ToggleButton, w.Checkbox, w.Dropdown, w.Text)):
            yield widget

    panel = MapPanel(session, scenes[0], scenes[1:])
    selection = SelectionBar(session, lambda: None, lambda: None)
    found = [*controls(panel.widget), *controls(selection.widget)]
    assert len(found) > 12
    assert [widget for widget in found if not widget.tooltip] == []


def test_a_table_finds_what_a_geometry_touches(small_table):
    everything = shapely.box(-180, -90, 180, 90)
    np.testing.assert_array_equal(small_table.intersecting(everything), np.arange(60))
    point = shapely.Point(small_table.centroids[17])
    np.testing.assert_array_equal(small_table.intersecting(point), [17])
    assert small_table.intersecting(shapely.Point(0, 0)).size == 0
