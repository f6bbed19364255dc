"""Labels and tables of others tell places by columns of the same names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.places.column_names import (
    LAT_NAMES,
    LON_NAMES,
    X_NAMES,
    Y_NAMES,
    place_columns,
    rival_pairs,
)
from rareearth_explorer.data.table import open_table

PAIRS = [
    *((lon, "lat") for lon in (*LON_NAMES, *X_NAMES)),
    *(("lon", lat) for lat in (*LAT_NAMES, *Y_NAMES)),
    ("Decimal Longitude", "DECIMAL_LATITUDE"),
]


@pytest.mark.parametrize(("lon", "lat"), PAIRS)
def test_every_name_works_in_labels_and_in_tables(tmp_path, lon, lat):
    places = {lon: [98.1, 98.2, 98.3], lat: [25.9, 25.9, 25.9]}
    embeddings = {"embedding": [[1.0, 2.0]] * 3}
    pq.write_table(pa.table(places), labels := tmp_path / "labels.parquet")
    pq.write_table(pa.table(places | embeddings), table := tmp_path / "table.parquet")
    np.testing.assert_allclose(open_labels(labels).centres, open_table(table).centroids)


def test_degrees_come_before_what_may_be_metres():
    assert place_columns(["x", "y", "Latitude", "Longitude"]) == ("Longitude", "Latitude")


@pytest.mark.parametrize("columns", [[], ["lon"], ["lat", "row", "col"]])
def test_one_alone_is_no_place(columns):
    assert place_columns(columns) is None


@pytest.mark.parametrize(
    ("columns", "pair"),
    [
        (["lat", "lon", "lat_wgs84", "lon_wgs84"], ("lon", "lat")),
        (["centre_lat", "centre_lon", "corner_lat", "corner_lon"], ("centre_lon", "centre_lat")),
        (["lon_min", "lat_min", "lon", "lat"], ("lon", "lat")),
        (["long_name", "lat", "lon"], ("lon", "lat")),
        (["_pool_latitude", "_pool_longitude"], ("_pool_longitude", "_pool_latitude")),
        (["Latitude_N", "Longitude_E"], ("Longitude_E", "Latitude_N")),
        (["x_tile", "y_tile"], None),
        (["lat_error", "lon_error"], None),
    ],
)
def test_which_pair_is_meant(columns, pair):
    assert place_columns(columns) == pair


def test_equal_pairs_are_no_choice():
    columns = ["a_lat", "a_lon", "b_lat", "b_lon"]
    assert place_columns(columns) is None
    assert rival_pairs(columns) == [("a_lon", "a_lat"), ("b_lon", "b_lat")]
