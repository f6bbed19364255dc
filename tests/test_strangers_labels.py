"""Labels as people have them: the right number of pools, or one sentence."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from rareearth_explorer.cli import main
from rareearth_explorer.data.labels import Labels, open_labels
from rareearth_explorer.data.places import parse_degrees
from rareearth_explorer.data.table import TableWriter, open_table
from rareearth_explorer.errors import LabelsError

CASES = Path(__file__).parent / "data" / "cases"
BASE = CASES / "00_base" / "t.parquet"
IN_PATCHES = [1, 0, 0, 0, 1, 0, 0, 0, 1]

THREE_POOLS = sorted(
    path for case in CASES.glob("L*") for path in case.iterdir() if not path.name.startswith(".")
)


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lonlat(path: Path) -> list[list[float]]:
    return shapely.get_coordinates(open_labels(path).geometries).round(6).tolist()


@pytest.mark.parametrize("path", THREE_POOLS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_three_pools_in_their_patches(path: Path, capsys) -> None:
    labels = open_labels(path)
    assert len(labels) == 3
    assert labels.per_patch(open_table(BASE).footprints).tolist() == IN_PATCHES
    assert main(["info", str(path)]) == 0
    assert re.search(r"number +3\n", capsys.readouterr().out)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with a table and a session on it."""
    from rareearth_explorer.hunt import Session
    from rareearth_explorer.hunt.store.journal import Journal

    shutil.copy(BASE, tmp_path / "t.parquet")
    session, journal = Session(open_table(tmp_path / "t.parquet")), Journal(tmp_path / "s.jsonl")
    journal.attach(session)
    session.mark(0, "positive")
    journal.close()
    return tmp_path


class TestLayers:
    def test_all_layers_are_read_and_said(self) -> None:
        for name, layers in (
            ("L01_kml_folders/pools.kml", "2021 (1), 2022 (2)"),
            ("L03_gpkg_layers/pools.gpkg", "pools_2021 (1), pools_2022 (2)"),
        ):
            assert layers in open_labels(CASES / name).notes[0]

    @pytest.mark.parametrize(
        ("name", "layer"),
        [("L01_kml_folders/pools.kml", "2022"), ("L03_gpkg_layers/pools.gpkg", "pools_2022")],
    )
    def test_one_layer_is_read(self, name: str, layer: str, capsys) -> None:
        path = CASES / name
        labels = open_labels(path, layer=layer)
        assert len(labels) == 2
        both = np.array(open_labels(path).geometries)
        assert shapely.equals(labels.geometries, both[1:]).all()
        assert main(["info", str(path), "--layer", layer]) == 0
        assert re.search(r"number +2\n", capsys.readouterr().out)

    def test_a_layer_that_is_not_there_is_refused_with_the_list(self) -> None:
        path = CASES / "L03_gpkg_layers/pools.gpkg"
        with pytest.raises(LabelsError, match=r"no layer 'x'; .*: pools_2021, pools_2022\.$"):
            open_labels(path, layer="x")

    @pytest.mark.parametrize("name", ["p.csv", "p.parquet"])
    def test_a_file_without_layers_refuses_one(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(LabelsError, match=r"it has no layers; leave the layer 'x' out\.$"):
            open_labels(write(tmp_path / name, "lat,lon\n1,2\n"), layer="x")

    def test_layers_of_one_name_are_all_read(self, tmp_path: Path) -> None:
        def folder(lon: int) -> str:
            point = f"<Point><coordinates>{lon},25</coordinates></Point>"
            return f"<Folder><name>2021</name><Placemark>{point}</Placemark></Folder>"

        kml = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{folder(98)}{folder(99)}'
        path = write(tmp_path / "p.kml", f"{kml}</Document></kml>")
        assert sorted(lonlat(path)) == [[98, 25], [99, 25]]

    def test_a_sheet_of_a_spreadsheet(self, tmp_path: Path) -> None:
        path = tmp_path / "p.xlsx"
        for sheet, lon in (("2021", 98.5), ("2022", 99.5)):
            frame = pd.DataFrame({"lat": [25.5], "lon": [lon]})
            more = {"append": True} if path.exists() else {}
            pyogrio.write_dataframe(frame, path, layer=sheet, driver="XLSX", **more)
        assert len(open_labels(path)) == 2
        labels = open_labels(path, layer="2022")
        assert shapely.get_coordinates(labels.geometries).tolist() == [[99.5, 25.5]]

    def test_a_track_is_read_if_it_is_asked_for(self, tmp_path: Path) -> None:
        points = "".join(f'<trkpt lat="{y}" lon="99"/>' for y in (25, 26))
        gpx = f'<gpx version="1.1" creator="me"><trk><trkseg>{points}</trkseg></trk></gpx>'
        assert len(open_labels(write(tmp_path / "p.gpx", gpx), layer="track_points")) == 2

    @pytest.mark.parametrize(
        ("command", "option"),
        [
            (["evaluate", "t.parquet"], "--labels"),
            (["export", "s.jsonl", "-o", "out.csv", "--table", "t.parquet"], "--labels"),
            (["explore", "t.parquet", "--no-browser"], "--labels"),
            (["study", "t.parquet"], "--labels"),
            (["study", "--like-paper"], "--pools"),
            (["activity", "20220101.tif", "20220108.tif", "-o", "a.tif"], "--pools"),
            (["demo", "demo", "--like-paper"], "--pools"),
        ],
    )
    def test_every_command_with_labels_takes_a_layer(
        self, small, monkeypatch, capsys, command: list[str], option: str
    ) -> None:
        monkeypatch.chdir(small)
        labels = str(CASES / "L03_gpkg_layers/pools.gpkg")
        assert main([*command, option, labels, "--layer", "x"]) == 2
        assert "there is no layer 'x'; choose one of: pools_2021" in capsys.readouterr().err
        if command[0] != "evaluate":  # which always has labels
            assert main([*command, "--layer", "x"]) == 2
            assert "--layer x: there are no labels" in capsys.readouterr().err

    @pytest.mark.parametrize("name", ["t.parquet", "scene.tif"])
    def test_a_table_or_scene_has_no_layers(self, tmp_path: Path, capsys, name: str) -> None:
        path = write(tmp_path / name, b"")
        assert main(["info", str(path), "--layer", "x"]) == 2
        assert capsys.readouterr().err == f"{path}: it has no layers; leave --layer out.\n"

    def test_the_dashboard_gets_the_layer(self, tmp_path: Path, monkeypatch) -> None:
        from rareearth_explorer import Explorer
        from rareearth_explorer.serving import DashboardFiles

        labels = CASES / "L03_gpkg_layers/pools.gpkg"
        files = DashboardFiles(BASE, labels=labels, layer="pools_2021")
        files.check()
        for variable, value in files.to_environment().items():
            monkeypatch.setenv(variable, value)
        explorer = Explorer.from_environment()
        assert explorer.labels is not None
        assert len(explorer.labels) == 1
        explorer.close()

    def test_kmz(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "p.kmz", "w") as archive:
            archive.write(CASES / "L01_kml_folders/pools.kml", "doc.kml")
        assert len(open_labels(tmp_path / "p.kmz")) == 3

    def test_a_gps_track_is_no_row_of_pools(self, tmp_path: Path) -> None:
        track = '<trk><trkseg><trkpt lat="25" lon="99"/><trkpt lat="26" lon="99"/></trkseg></trk>'
        gpx = f'<gpx version="1.1" creator="me"><wpt lat="25.5" lon="99.5"/>{track}</gpx>'
        assert lonlat(write(tmp_path / "p.gpx", gpx)) == [[99.5, 25.5]]

    def test_a_spreadsheet(self, tmp_path: Path) -> None:
        frame = pd.DataFrame({"Lat": ["25°30'00\"N"], "Long": ["99°30'00\"E"]})
        pyogrio.write_dataframe(frame, tmp_path / "p.xlsx", driver="XLSX")
        assert lonlat(tmp_path / "p.xlsx") == [[99.5, 25.5]]


class TestShapes:
    def test_lines_are_counted(self, tmp_path: Path) -> None:
        ring = [(0, 0), (1, 0), (1, 1), (0, 0)]
        shapes = [shapely.LineString(ring), shapely.LineString(ring[:3]), shapely.Point(5, 5), None]
        gpd.GeoDataFrame(geometry=shapes, crs=4326).to_file(tmp_path / "p.gpkg")
        labels = open_labels(tmp_path / "p.gpkg")
        assert len(labels) == 2
        assert labels.left_out == {"rows without a place": 1, "open lines": 1}
        assert labels.notes == ("closed lines taken as polygons: 1",)

    def test_nested_collections_are_taken_apart(self, tmp_path: Path) -> None:
        inner = shapely.GeometryCollection(
            [shapely.MultiPoint([(1, 1), (2, 2)]), shapely.Point(3, 3)]
        )
        gpd.GeoDataFrame(
            geometry=[shapely.GeometryCollection([inner, shapely.box(0, 0, 1, 1)])], crs=4326
        ).to_parquet(tmp_path / "p.parquet")
        assert len(open_labels(tmp_path / "p.parquet")) == 4

    def test_deep_geojson_ends_in_a_sentence(self, tmp_path: Path) -> None:
        geometry: dict = {"type": "Point", "coordinates": [1, 2]}
        text = json.dumps(geometry)
        for _ in range(2000):
            text = f'{{"type": "GeometryCollection", "geometries": [{text}]}}'
        path = write(tmp_path / "p.geojson", text)
        with pytest.raises(LabelsError, match=re.escape(str(path))):
            open_labels(path)

    def test_shapes_as_text_in_csv(self, tmp_path: Path) -> None:
        text = 'id;WKT\n1;"POLYGON ((0 0, 1 0, 1 1, 0 0))"\n2;SRID=4326;\n'
        path = write(
            tmp_path / "p.csv", text.replace("2;SRID=4326;\n", '2;"SRID=4326;POINT (5 6)"\n')
        )
        assert len(open_labels(path)) == 2


class TestText:
    @pytest.mark.parametrize(
        "text",
        [
            "lat,lon\n25.5,99.5\n",
            "lat,lon\r\n25.5,99.5\r\n,\r\n\r\n",
            '"lat";"lon";"note, with a comma"\n"25,5";"99,5";"a, b"\n',
            'note;"a;b;c";lat;lon\n"x;y;z";1;25.5;99.5\n',
            "# from a GPS\n# second line\nlat,lon\n25.5,99.5\n",
            "#lat,lon\n25.5,99.5\n",
            "lat|lon\n25.5|99.5\n",
            "lat,lon,\n25.5,99.5,\n",
            "name,lat,lon,note\nx,25.5,99.5\n",
            "lat,lon\n25.5° N,99.5° E\n",
            "lat,lon\nN 25 30.0,E 99 30.0\n",
            'lat,lon\n"25° 30\u2032 0\u2033 N","E 99° 30\u2032"\n',
            "sep=,\nlat,lon\n25.5,99.5\n",
            "lat,lon\n2.55e1,9.95e1\n",
        ],
    )
    def test_one_place_however_it_is_written(self, tmp_path: Path, text: str) -> None:
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
            path = write(tmp_path / "p.csv", text.encode(encoding))
            assert lonlat(path) == [[99.5, 25.5]], encoding

    @pytest.mark.parametrize("value", ["", "n/a", "NaN", "-"])
    def test_rows_without_a_place_are_counted(self, tmp_path: Path, value: str) -> None:
        path = write(tmp_path / "p.csv", f"id,lon,lat\n1,98.2,25.9\n2,98.3,{value}\n3,,\n")
        labels = open_labels(path)
        assert len(labels) == 1
        assert labels.left_out == {"rows without a place": 2}

    def test_a_letter_of_the_other_axis_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(LabelsError, match=r"row 1 has '25\.5 N' in column lon"):
            open_labels(write(tmp_path / "p.csv", "lat,lon\n99.5 E,25.5 N\n"))

    def test_columns_of_one_name_are_refused(self) -> None:
        with pytest.raises(LabelsError, match="several columns are called 'lat'"):
            open_labels(CASES / "fuzz" / "l_csv06.csv")

    def test_two_places_a_row_are_asked_for(self, tmp_path: Path) -> None:
        path = write(tmp_path / "p.csv", "a_lat,a_lon,b_lat,b_lon\n1,2,3,4\n")
        with pytest.raises(LabelsError, match="a_lon and a_lat, b_lon and b_lat"):
            open_labels(path)

    def test_easting_in_metres_is_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path / "p.csv", "easting,northing\n433111.7,2839356.1\n")
        with pytest.raises(LabelsError, match="no coordinate reference system"):
            open_labels(path)


@pytest.mark.parametrize(
    ("text", "axis", "degrees"),
    [
        ("25°46'0.97\"N", "NS", 25.766936),
        ("-25 30", "NS", -25.5),
        ("+25.5", "NS", 25.5),
        ("-.5e1", "NS", -5.0),
        ("٢٥", "NS", 25.0),
        ("25:30:00 S", "NS", -25.5),
        ("99° 0' 4,52'' O", "EW", None),
        ("99° 0' 4,52'' E", "EW", 99.001256),
        ("1,234.5", "EW", None),
        ("25.5 30", "NS", None),
        ("25 61", "NS", None),
        ("here", "NS", None),
    ],
)
def test_degrees(text: str, axis: str, degrees: float | None) -> None:
    found = parse_degrees(text, axis)
    assert found is None if degrees is None else found == pytest.approx(degrees, abs=1e-6)


@pytest.mark.parametrize("name", ["l_geom06.geojson", "l_geom10.geojson"])
def test_crafted_labels_end_in_a_sentence(name: str) -> None:
    with pytest.raises(LabelsError, match=rf"{name}: .*row 1.*\.$"):
        open_labels(CASES / "fuzz" / name)


@pytest.fixture
def twelve(tmp_path: Path) -> tuple[Path, Path]:
    """A table of twelve patches, and labels of which some lie in none."""
    west = np.arange(12.0)
    corners = np.stack(
        [np.stack([west + x, np.full(12, y)], -1) for x, y in ((0, 1), (1, 1), (1, 0), (0, 0))], 1
    )
    with TableWriter(tmp_path / "t.parquet", 3, {}, placed=False) as writer:
        rows = np.random.default_rng(0).random((12, 3), np.float32)
        writer.append(None, None, corners, rows)
    inside = [f"{lon + 0.5},0.5" for lon in range(4)]
    labels = write(tmp_path / "p.csv", "\n".join(["lon,lat", *inside, "50,50", "60,50", "70,"]))
    return tmp_path / "t.parquet", labels


SAID = "4 of 6 labels lie in patches, 2 in none; left out: 1 rows without a place"


def test_evaluate_says_which_labels_do_not_count(twelve, tmp_path: Path, capsys) -> None:
    table, labels = map(str, twelve)
    out = tmp_path / "numbers.json"
    given = ["evaluate", table, "--labels", labels, "--pairs", "5", "--json", str(out)]
    assert main(given) == 0
    assert f"Labels: {SAID}." in capsys.readouterr().out
    assert json.loads(out.read_text())["data"]["labels"]["outside"] == 2


def test_the_app_says_which_labels_do_not_count(twelve) -> None:
    from rareearth_explorer import Explorer

    explorer = Explorer(*twelve[:1], labels=twelve[1], name=None)
    assert f"{SAID}." in explorer.session.notice
    assert SAID in explorer.status.line.value
    explorer.close()


def test_info_says_what_is_left_out(twelve, capsys) -> None:
    assert main(["info", str(twelve[1])]) == 0
    assert re.search(r"left out +1 rows without a place\n", capsys.readouterr().out)


def test_labels_all_inside_are_not_mentioned(twelve) -> None:
    count = Labels.from_points([(0.5, 0.5)]).count(open_table(twelve[0]).footprints)
    assert count.whole
    assert str(count) == "1 of 1 labels lie in patches"
