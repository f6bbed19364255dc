from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.labels import Labels, open_labels
from rareearth_explorer.errors import LabelsError

GRID = PatchGrid.for_raster(
    CRS("EPSG:32647"), Affine(3, 0, 418_000, 0, -3, 2_872_000), width=4_200, height=3_360
)
ROW, COLUMN = np.divmod(np.arange(len(GRID)), GRID.columns)
FOOTPRINTS = shapely.polygons(GRID.corners(ROW, COLUMN))

POINTS = [(98.2, 25.92), (98.25, 25.9), (98.25, 25.9)]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lonlat(labels: Labels) -> list[tuple[float, float]]:
    return [tuple(point) for point in shapely.get_coordinates(labels.geometries).tolist()]


def refusal(path: Path) -> str:
    with pytest.raises(LabelsError) as caught:
        open_labels(path)
    sentence = str(caught.value)
    assert sentence.startswith(str(path))
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


class TestColumns:
    @pytest.mark.parametrize(
        "header",
        [
            "lon,lat",
            "Longitude,Latitude",
            "LONG,LAT",
            "lng,lat",
            "x,y",
            "X_coord,Y_coord",
            "decimalLongitude,decimalLatitude",
            "\N{ZERO WIDTH NO-BREAK SPACE}lon,lat",
        ],
    )
    def test_usual_spellings(self, tmp_path: Path, header: str) -> None:
        rows = "\n".join(f"{lon},{lat},square" for lon, lat in POINTS)
        labels = open_labels(write(tmp_path / "pools.csv", f"{header},type\n{rows}\n"))
        assert lonlat(labels) == POINTS
        assert labels.columns is not None
        assert ",".join(labels.columns) in header

    def test_longitude_counts_before_x(self, tmp_path: Path) -> None:
        text = "x,y,lat,lon\n433111.7,2839356.1,25.9,98.25\n"
        assert lonlat(open_labels(write(tmp_path / "a.csv", text))) == [(98.25, 25.9)]

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.csv", "name;lat;lon\nKöln;25,9;98,25\n"),
            ("a.csv", "name;lat;lon\nx;25.9;98.25\n"),
            ("a.tsv", "lat\tlon\n25.9\t98.25\n"),
            ("a.txt", "lat,lon\r\n25.9,98.25\r\n"),
        ],
    )
    def test_separators_and_decimal_commas(self, tmp_path: Path, name: str, text: str) -> None:
        assert lonlat(open_labels(write(tmp_path / name, text))) == [(98.25, 25.9)]

    def test_another_encoding_does_not_matter(self, tmp_path: Path) -> None:
        text = "name,lat,lon\nKöln,25.9,98.25\n".encode("latin-1")
        assert lonlat(open_labels(write(tmp_path / "a.csv", text))) == [(98.25, 25.9)]

    def test_parquet_without_geometries(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"lon": [98.25], "lat": [25.9]}), path)
        assert lonlat(open_labels(path)) == [(98.25, 25.9)]


class TestGeometries:
    @pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.parquet", "a.geoparquet", "a.shp"])
    def test_formats(self, tmp_path: Path, name: str) -> None:
        frame = gpd.GeoDataFrame(geometry=shapely.points(POINTS), crs="EPSG:4326")
        path = tmp_path / name
        if "parquet" in name:
            frame.to_parquet(path)
        else:
            frame.to_file(path)
        np.testing.assert_allclose(lonlat(open_labels(path)), POINTS)

    def test_a_projected_crs_is_brought_to_lonlat(self, tmp_path: Path) -> None:
        frame = gpd.GeoDataFrame(geometry=shapely.points(POINTS), crs="EPSG:4326")
        frame.to_crs("EPSG:32647").to_file(tmp_path / "a.gpkg")
        np.testing.assert_allclose(lonlat(open_labels(tmp_path / "a.gpkg")), POINTS, atol=1e-8)

    def test_geojson_without_a_crs_is_wgs84_and_parts_count_one_by_one(
        self, tmp_path: Path
    ) -> None:
        feature = {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "MultiPoint", "coordinates": POINTS},
        }
        labels = open_labels(write(tmp_path / "a.geojson", json.dumps(feature)))
        assert lonlat(labels) == POINTS

    def test_lines_empty_and_missing_geometries_are_left_out(self, tmp_path: Path) -> None:
        shapes = [shapely.Point(POINTS[0]), shapely.LineString(POINTS[:2]), None, shapely.Point()]
        gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
        assert lonlat(open_labels(tmp_path / "a.gpkg")) == POINTS[:1]

    def test_a_figure_of_eight_still_counts(self, tmp_path: Path) -> None:
        (west, north), (east, south) = GRID.centroids([0, 2], [0, 2])
        eight = shapely.Polygon([(west, north), (east, south), (east, north), (west, south)])
        assert not eight.is_valid
        gpd.GeoDataFrame(geometry=[eight], crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
        labels = open_labels(tmp_path / "a.gpkg")
        assert len(labels) == 1
        assert labels.per_patch(FOOTPRINTS).max() == 1


class TestRefusals:
    def test_no_file(self, tmp_path: Path) -> None:
        assert "no such file" in refusal(tmp_path / "none.csv")

    @pytest.mark.parametrize("name", ["a.csv", "a.geojson", "a.gpkg", "a.parquet", "a.xyz"])
    @pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\xff" * 50])
    def test_broken_files(self, tmp_path: Path, name: str, content: bytes) -> None:
        refusal(write(tmp_path / name, content))

    def test_truncated_geojson(self, tmp_path: Path) -> None:
        path = tmp_path / "a.geojson"
        gpd.GeoDataFrame(geometry=shapely.points(POINTS), crs="EPSG:4326").to_file(path)
        assert "not a complete" in refusal(write(path, path.read_bytes()[:-30]))

    def test_ragged_csv(self, tmp_path: Path) -> None:
        assert "not a complete" in refusal(write(tmp_path / "a.csv", "lon,lat\n98,25\n1,2,3\n"))

    def test_a_header_alone(self, tmp_path: Path) -> None:
        assert "no points or polygons" in refusal(write(tmp_path / "a.csv", "lon,lat\n"))

    def test_no_features(self, tmp_path: Path) -> None:
        empty = '{"type": "FeatureCollection", "features": []}'
        assert "no points or polygons" in refusal(write(tmp_path / "a.geojson", empty))

    def test_lines_only(self, tmp_path: Path) -> None:
        frame = gpd.GeoDataFrame(geometry=[shapely.LineString(POINTS[:2])], crs="EPSG:4326")
        frame.to_file(tmp_path / "a.gpkg")
        assert "no points or polygons" in refusal(tmp_path / "a.gpkg")

    def test_no_coordinates_names_the_columns_seen(self, tmp_path: Path) -> None:
        sentence = refusal(write(tmp_path / "a.csv", "site,lat,size\nPang War,25.9,3\n"))
        assert "site, lat, size" in sentence

    @pytest.mark.parametrize("value", ["unknown", '"1,234.5"'])
    def test_what_is_no_number_is_named(self, tmp_path: Path, value: str) -> None:
        sentence = refusal(write(tmp_path / "a.csv", f"lon,lat\n98.2,25.9\n98.3,{value}\n"))
        assert "row 2" in sentence
        assert "column lat" in sentence

    def test_metres_in_columns(self, tmp_path: Path) -> None:
        assert "degrees" in refusal(write(tmp_path / "a.csv", "x,y\n433111.7,2839356.1\n"))

    def test_swapped_columns_that_leave_the_earth(self, tmp_path: Path) -> None:
        sentence = refusal(write(tmp_path / "a.csv", "lon,lat\n25.9,98.2\n"))
        assert "swapped in the columns lon and lat" in sentence

    def test_geometries_without_a_crs(self, tmp_path: Path) -> None:
        gpd.GeoDataFrame(geometry=shapely.points(POINTS)).to_parquet(tmp_path / "a.parquet")
        assert "no coordinate reference system" in refusal(tmp_path / "a.parquet")

    def test_degrees_said_to_be_metres(self, tmp_path: Path) -> None:
        frame = gpd.GeoDataFrame(geometry=shapely.points(POINTS), crs="EPSG:3857")
        frame.to_file(tmp_path / "a.gpkg")
        assert "look like degrees" in refusal(tmp_path / "a.gpkg")


class TestPerPatch:
    @given(data=st.data())
    def test_each_point_counts_in_the_patch_that_the_grid_finds(self, data: st.DataObject) -> None:
        inside = st.floats(0.02, 0.98)
        places = st.tuples(
            st.integers(0, GRID.rows - 1), st.integers(0, GRID.columns - 1), inside, inside
        )
        row, column, down, across = np.array(data.draw(st.lists(places, min_size=1))).T
        northwest = GRID.corners(row, column)[:, 0]
        southeast = GRID.corners(row, column)[:, 2]
        points = northwest + np.stack([across, down], axis=1) * (southeast - northwest)
        counts = Labels.from_points(points).per_patch(FOOTPRINTS)
        expected = np.zeros(len(GRID), np.int64)
        found_row, found_column = GRID.locate(*points.T)
        np.add.at(expected, found_row * GRID.columns + found_column, 1)
        assert counts.dtype == np.int64
        np.testing.assert_array_equal(counts, expected)

    def test_a_point_on_an_edge_or_corner_counts_in_the_first_patch(self) -> None:
        squares = shapely.box([0, 1, 0, 1], [1, 1, 0, 0], [1, 2, 1, 2], [2, 2, 1, 1])
        labels = Labels.from_points([(1, 1), (1, 0.5), (0.5, 1)])
        np.testing.assert_array_equal(labels.per_patch(squares), [2, 0, 1, 0])
        np.testing.assert_array_equal(labels.per_patch(squares[::-1]), [2, 1, 0, 0])

    def test_a_polygon_counts_wherever_it_has_area(self) -> None:
        squares = shapely.box([0, 1, 2], 0, [1, 2, 3], 1)
        shapes = shapely.box([0.5, 1.2, 1], [0.2, 0.2, 0], [1.5, 1.4, 2], [0.4, 0.4, 1])
        counts = Labels(None, np.asarray(shapes)).per_patch(squares)
        # The third is the second patch itself: it shares an edge with the others, and no area.
        np.testing.assert_array_equal(counts, [1, 3, 0])

    def test_patches_as_labels_count_once_each(self) -> None:
        rounded = shapely.transform(FOOTPRINTS, lambda corner: corner.round(6))
        np.testing.assert_array_equal(Labels(None, rounded).per_patch(FOOTPRINTS), 1)

    def test_points_and_polygons_together(self) -> None:
        both = np.array([shapely.Point(0.5, 0.5), shapely.box(0, 0, 2, 1)])
        squares = shapely.box([0, 1], 0, [1, 2], 1)
        np.testing.assert_array_equal(Labels(None, both).per_patch(squares), [2, 1])

    def test_labels_outside_are_not_counted(self) -> None:
        counts = Labels.from_points([*POINTS, (10, 50)]).per_patch(FOOTPRINTS)
        assert counts.sum() == 3
        assert counts.max() == 2

    def test_no_labels_are_none_in_each_patch(self) -> None:
        counts = Labels.from_points([]).per_patch(FOOTPRINTS)
        assert counts.shape == (len(GRID),)
        assert not counts.any()

    def test_labels_elsewhere(self) -> None:
        with pytest.raises(LabelsError, match=r"10\.0000 to 10.*98\.1") as caught:
            Labels.from_points([(10, 50)]).per_patch(FOOTPRINTS)
        assert "swapped" not in str(caught.value)

    def test_swapped_labels_name_their_columns(self, tmp_path: Path) -> None:
        squares = shapely.box([10, 11], 50, [11, 12], 51)
        labels = open_labels(write(tmp_path / "a.csv", "x,y\n50.5,10.5\n"))
        with pytest.raises(LabelsError, match="swapped in the columns x and y"):
            labels.per_patch(squares)
        with pytest.raises(LabelsError, match="swapped; exchange"):
            Labels.from_points([(50.5, 10.5)]).per_patch(squares)


@pytest.mark.realdata
class TestRealLabels:
    @pytest.mark.slow
    def test_pools_of_pang_war(self, real_data: Path) -> None:
        labels = open_labels(real_data / "pang_war" / "pools_refined.csv")
        assert len(labels) == 2497
        assert labels.columns == ("x", "y")
        (west, north), (east, south) = self.study_area(real_data)
        grid = PatchGrid.for_raster(
            CRS("EPSG:32647"),
            Affine(3, 0, west, 0, -3, north),
            int((east - west) / 3),
            int((north - south) / 3),
        )
        row, column = np.divmod(np.arange(len(grid)), grid.columns)
        counts = labels.per_patch(shapely.polygons(grid.corners(row, column)))
        assert counts.sum() == 2497
        # Patches here are 252 m; of cells of 250 m laid elsewhere, 477 hold a pool.
        assert 450 < (counts > 0).sum() < 500

    def study_area(self, real_data: Path) -> npt.NDArray[Any]:
        """Upper left and lower right corner of the study area in UTM."""
        area = open_labels(real_data / "pang_war" / "pang_war_myanmar.geojson")
        assert len(area) == 1
        west, south, east, north = shapely.total_bounds(area.geometries)
        there = Transformer.from_crs("EPSG:4326", "EPSG:32647", always_xy=True)
        return np.stack(there.transform([west, east], [north, south]), axis=-1).round()

    def test_a_bare_feature_with_one_multipolygon(self, real_data: Path) -> None:
        labels = open_labels(real_data / "labels_messy" / "2019-2020_new_mining.geojson")
        assert len(labels) == 270
        assert shapely.is_valid(labels.geometries).all()

    def test_squares_where_points_are_expected(self, real_data: Path) -> None:
        labels = open_labels(real_data / "labels_messy" / "embed_true_pos.geojson")
        assert len(labels) == 113
        assert (
            shapely.get_type_id(labels.geometries).tolist() == [shapely.GeometryType.POLYGON] * 113
        )
        assert (labels.per_patch(labels.geometries) >= 1).all()

    def test_labels_of_another_place(self, real_data: Path) -> None:
        labels = open_labels(real_data / "labels_messy" / "embed_true_pos.geojson")
        with pytest.raises(LabelsError, match="choose labels of the same area"):
            labels.per_patch(FOOTPRINTS)

    def test_a_crs_that_is_not_the_coordinates(self, real_data: Path) -> None:
        path = real_data / "embeddings" / "planet_sample_5x512_nulls.parquet"
        assert "look like degrees" in refusal(path)

    @pytest.mark.parametrize("name", ["l8_8band.tif", "../rasters_tricky/rotated.tif"])
    def test_an_image_is_no_label_file(self, real_data: Path, name: str) -> None:
        assert "not a complete" in refusal(real_data / "landsat8" / name)
