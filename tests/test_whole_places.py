"""One column with a whole place in each cell: two coordinates, UTM or MGRS; right, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.places.grid_text import parse_grid
from rareearth_explorer.data.places.pair_text import parse_pair
from rareearth_explorer.data.table import Reading, open_table
from rareearth_explorer.errors import LabelsError, TableError

PLACE = [99.0125, 25.7033]


def labels_of(folder: Path, text: str) -> list[list[float]]:
    path = folder / "p.csv"
    path.write_text(text, encoding="utf-8")
    return shapely.get_coordinates(open_labels(path).geometries).round(5).tolist()


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("latlon", "25.7033, 99.0125"),
        ("LatLng", "25.7033,99.0125"),
        ("Lat / Lon", "25.7033/99.0125"),
        ("lat long", "25.7033 99.0125"),
        ("coordinates (lat, lon)", "(25.7033, 99.0125)"),
        ("latitude_longitude", "25,7033 99,0125"),
        ("latitude_longitude", "25,7033; 99,0125"),
        ("latlon", "25,7033, 99,0125"),
        ("lonlat", "99.0125, 25.7033"),
        ("lng,lat", "99.0125 25.7033 1480.5"),
        ("location", "25.7033 99.0125 1480.5 4.2"),
        ("coordinates", "25.7033, 99.0125"),
        ("coordinates", "[99.0125, 25.7033]"),
        ("gps", "25.7033N 99.0125E"),
        ("gps", "E 99°00'45\" N 25°42'11.88\""),
        ("location", "25°42'11.88\"N, 99°00'45\"E"),
        ("location", "POINT (99.0125 25.7033)"),
        ("Position", "SRID=4326;POINT (99.0125 25.7033)"),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_one_place_however_it_is_written(
    tmp_path: Path, header: str, cell: str, alone: bool
) -> None:
    quoted = [f'"{each.replace(chr(34), chr(34) * 2)}"' for each in (header, cell)]
    rows = quoted if alone else [f"id;{quoted[0]};note", f"1;{quoted[1]};a, b"]
    assert labels_of(tmp_path, "\n".join(rows)) == [PLACE]


@pytest.mark.parametrize(
    ("header", "lonlat"),
    [("latlon", [31.5, 25.5]), ("lonlat", [25.5, 31.5]), ("geopoint", [31.5, 25.5]),
     ("location (longitude, latitude)", [25.5, 31.5]), ("Lat, Lon", [31.5, 25.5])],
)  # fmt: skip
def test_the_name_of_the_column_tells_the_order(
    tmp_path: Path, header: str, lonlat: list[float]
) -> None:
    assert labels_of(tmp_path, f'"{header}";n\n25.5 31.5;1\n') == [lonlat]


def test_commas_of_a_single_column_need_no_quotes(tmp_path: Path) -> None:
    assert labels_of(tmp_path, "latlon\n25.7033, 99.0125\n") == [PLACE]


def test_rows_without_a_place_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("id;coordinates\n1;25.7033, 99.0125\n2;\n3;n/a\n")
    labels = open_labels(path)
    assert labels.left_out == {"rows without a place": 2}
    assert labels.notes == (
        "the latitude comes first in column 'coordinates', as its numbers show",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "coordinates\n25.7, 80\n26, 81\n",
            "call it latlon if the latitude comes first, or lonlat",
        ),
        ("coordinates\n25.7, 99\n99, 25.7\n", "nothing tells which number"),
        ("location\n500000 2840000\n", "not degrees, without a UTM zone"),
        ("lonlat\n25.7, 99\n", "look swapped in column 'lonlat'"),
        ("latlon\n25.7, 99\nnear the river\n", "row 2 has 'near the river' in column 'latlon'"),
        ("latlon\n25.7033 99.0125;25.7034 99.0126\n25.7, 99\n", "row 1 has .* not a place"),
        ("latlon\n25.7, 99\n25 42 99 30\n", "row 2 has '25 42 99 30'"),
        ("latlon\n25.7, 99\n25,7,99,0\n", "row 2 has '25,7,99,0'"),
        ("latlon\n25.7, 99\n25 N, 99 N\n", "row 2 has '25 N, 99 N'"),
        ("latlon,gps\n25.7 99,25.8 99\n", "several places a row, in the columns latlon, gps"),
        ("latlon;latlon\n25.7, 99;25.7, 99\n", "several columns are called 'latlon'"),
        ("location;n\nKachin;1\n", "no longitude and latitude among the columns location, n"),
        ("mgrs;n\n47RNL;1\n", "row 1 has '47RNL' in column 'mgrs': it is a square of 100 km"),
        ("utm\n11S 380000 3770000\n", "S may be a latitude band in the north or the southern"),
        ("utm\n47T 500000 2840000\n", "its northing does not lie in latitude band T"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(LabelsError, match=why) as caught:
        labels_of(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'p.csv'}: ")
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "cell",
    ["47R 500000 2840000", "47N 500000 2840000", "47 N 500000mE 2840000mN", "47R 500000,2840000",
     "UTM Zone 47N, E 500000, N 2840000", "47r 500000.0 2840000.0"],
)  # fmt: skip
def test_utm(tmp_path: Path, cell: str) -> None:
    lonlat = Transformer.from_crs("EPSG:32647", "EPSG:4326", always_xy=True)
    there = [round(each, 5) for each in lonlat.transform(500000, 2840000)]
    assert labels_of(tmp_path, f"location;n\n{cell};1\n") == [there]


def of_utm(epsg: int, east: float, north: float) -> tuple[float, float]:
    lon, lat = Transformer.from_crs(epsg, 4326, always_xy=True).transform(east, north)
    return lat, lon


@pytest.mark.parametrize(
    ("cell", "lat", "lon"),
    [
        # The Washington Monument and the White House, by the US National Grid.
        ("18SUJ2348006470", 38.88947, -77.0353),
        ("18S UJ 23480 06470", 38.88947, -77.0353),
        ("18suj2339407395", 38.8977, -77.0365),
        ("15TWG0000049776", 42.0, -93.0),
        ("56HLH34895230", *of_utm(32756, 334_895, 6_252_305)),
    ],
)
def test_mgrs(tmp_path: Path, cell: str, lat: float, lon: float) -> None:
    ((east, north),) = labels_of(tmp_path, f"mgrs;n\n{cell};1\n")
    assert (east, north) == pytest.approx((lon, lat), abs=1.5e-4)


def test_tables_read_them_too(tmp_path: Path) -> None:
    columns = {
        "embedding": pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32())),
        "location": pa.array(["25.7033, 99.0125", "25.8033, 99.0125"]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    table = open_table(tmp_path / "t.parquet", reading=Reading(spacing=100))
    np.testing.assert_allclose(table.centroids[0], PLACE, atol=1e-6)
    assert "the latitude comes first" in " ".join(table.notes)


def test_a_column_of_tiles_is_no_place_where_there_is_one(tmp_path: Path) -> None:
    columns = {
        "embedding": pa.array([[1.0, 2.0]], pa.list_(pa.float32())),
        "mgrs": pa.array(["47RNL"]),
    }
    places = {"lon": pa.array([99.0]), "lat": pa.array([25.0])}
    pq.write_table(pa.table(columns | places), tmp_path / "t.parquet")
    assert len(open_table(tmp_path / "t.parquet")) == 1
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    with pytest.raises(TableError, match="it is a square of 100 km"):
        open_table(tmp_path / "t.parquet")


LATS, LONS = st.floats(-80, 84), st.floats(-180, 179.99)


@given(lat=LATS, lon=LONS, between=st.sampled_from([", ", ",", " ", ";", " ; ", "/"]))
def test_any_pair_is_read_as_written(lat: float, lon: float, between: str) -> None:
    pair = parse_pair(f"{lat:.6f}{between}{lon:.6f}")
    assert pair is not None
    assert (pair.first, pair.second) == (float(f"{lat:.6f}"), float(f"{lon:.6f}"))


@given(lat=st.floats(-79.9, -1e-6) | st.floats(0, 83.9), lon=LONS, letter=st.booleans())
def test_any_utm_is_where_pyproj_says(lat: float, lon: float, letter: bool) -> None:
    zone = int((lon + 180) // 6) + 1
    to_utm = Transformer.from_crs(4326, (32700 if lat < 0 else 32600) + zone, always_xy=True)
    east, north = to_utm.transform(lon, lat)
    band = "CDEFGHJKLMNPQRSTUVWX"[min(int((lat + 80) // 8), 19)] if letter else "SN"[lat >= 0]
    try:
        found = parse_grid(f"{zone}{band} {east:.3f} {north:.3f}")
    except ValueError as error:
        found, said = None, str(error)
    if band == "S" and found is None:
        assert "hemisphere" in said
        return
    assert found is not None
    assert found[1] == pytest.approx(lat, abs=1e-6)
    assert (found[0] - lon + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


@given(
    text=st.text(max_size=30)
    | st.text("0123456789 ,.;NSEW-", max_size=30)
    | st.from_regex(r"\A[0-9]{1,2}[A-Z]{3} ?[0-9]{0,12}\Z")
)
def test_any_text_is_a_place_or_none(text: str) -> None:
    parse_pair(text)
    try:
        found = parse_grid(text)
    except ValueError:
        return
    assert found is None or (-181 <= found[0] <= 181 and -90 <= found[1] <= 90)
