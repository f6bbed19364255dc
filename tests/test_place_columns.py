"""Labels and tables of others tell places by columns of the same names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.places.place_columns import (
    LAT_NAMES,
    LON_NAMES,
    X_NAMES,
    Y_NAMES,
    place_columns,
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
