"""Ids, dates and other columns of a published table stay with its patches, to the last export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from rareearth_explorer.data.table import open_table
from rareearth_explorer.data.table.carried_columns import carried_columns, title_columns
from rareearth_explorer.data.table.parquet_source import ParquetSource
from rareearth_explorer.embedding import import_table
from rareearth_explorer.exporting import export
from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.map.legend import describe_patch

N = 12
HOSTILE = "=1+1 ]]> <b>\x1b[31m"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    west = 99 + np.arange(N) / 100
    boxes = shapely.box(west, 10, west + 0.01, 10.01)
    numbers = np.random.default_rng(1).normal(size=(N, 8))
    missing = [None if n == 1 else 2**40 + n for n in range(N)]
    table = pa.table(
        {
            "chips_id": [f"c{n}" for n in range(N)],
            "datetime": pa.array([datetime(2024, 6, 15, tzinfo=UTC)] * N, pa.timestamp("us")),
            "stac_item_id": [HOSTILE] * N,
            "day": [date(2024, 6, 15)] * N,
            "score": np.arange(N),
            "large": pa.array(missing, pa.int64()),
            "cloud": np.linspace(0, 1, N, dtype=np.float16),
            "clear": pa.array([True, None] * (N // 2)),
            "kind": pa.array(["a", "b"] * (N // 2)).dictionary_encode(),
            "ignored": [[1, 2]] * N,
            "embedding": [row.tolist() if n != 2 else None for n, row in enumerate(numbers)],
            "geometry": shapely.to_wkb(boxes),
        }
    )
    pq.write_table(table, tmp_path / "source.parquet")
    return tmp_path / "source.parquet"


@pytest.fixture(params=["opened", "imported", "imported twice"])
def session(source: Path, request: pytest.FixtureRequest) -> Session:
    path = source
    for _ in range({"opened": 0, "imported": 1}.get(request.param, 2)):
        path = import_table(path, path.with_name(f"{path.stem}_.parquet")).table
    session = Session(open_table(path))
    session.mark(3, "positive")
    session.judge(4, "rejected")
    return session


def test_every_row_keeps_its_own(session: Session) -> None:
    frame = session.to_geodataframe()
    left = [n for n in range(N) if n != 2]  # the row without an embedding is left out
    assert frame.chips_id.tolist() == [f"c{n}" for n in left]
    assert frame.source_score.tolist() == left
    assert frame.large.tolist()[0] == 2**40
    assert pd.isna(frame.large[1])
    assert frame.day[0] == "2024-06-15"
    assert frame.kind.tolist()[:3] == ["a", "b", "b"]
    assert frame.cloud[0] == 0
    assert frame.clear.isna().sum() == 6
    assert "ignored" not in frame


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".gpkg", ".geojson", ".kml"])
def test_exports_join_back_to_the_source(session: Session, tmp_path: Path, suffix: str) -> None:
    export(session, tmp_path / f"out{suffix}")
    match suffix:
        case ".parquet":
            found = gpd.read_parquet(tmp_path / "out.parquet")
        case ".csv":
            found = pd.read_csv(tmp_path / "out.csv")
        case _:
            found = gpd.read_file(tmp_path / f"out{suffix}")
    right = session.to_geodataframe().set_index("patch").loc[found.patch.astype(int)]
    assert found.chips_id.tolist() == right.chips_id.tolist()
    assert [int(float(n)) for n in found.source_score] == right.source_score.tolist()
    assert str(found.datetime[0]).startswith("2024-06-15")
    at = found.index[found.patch.astype(int) == 0][0]
    assert int(float(found.large[at])) == 2**40
    assert "\x1b" not in found.stac_item_id[0]
    assert found.stac_item_id[0].startswith("'=" if suffix == ".csv" else "=")


def test_the_tooltip_names_the_patch(session: Session) -> None:
    assert describe_patch(session, 3).startswith("patch 3 · c4 · 2024-06-15")


def test_the_tooltip_reads_only_what_it_shows(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = open_table(source)
    read: list[str] = []
    plain = ParquetSource.read

    def noted(self: ParquetSource, names: Sequence[str]) -> pa.Table:
        read.extend(names)
        return plain(self, names)

    monkeypatch.setattr(ParquetSource, "read", noted)
    assert table.titles_of(0) == ("c0", "2024-06-15 00:00:00")
    assert table.titles_of(2) == ("c3", "2024-06-15 00:00:00")
    assert read == ["chips_id", "datetime"]
    assert table.carried is not None
    assert "stac_item_id" in read


def test_names_differ_in_more_than_case() -> None:
    fields = ["id", "ID", "Score", "embedding", "x" * 80, "x" * 81, ""]
    schema = pa.schema([pa.field(name, pa.string()) for name in fields])
    names = carried_columns(schema, {"embedding"})
    assert list(names.values()) == [
        "id", "ID_2", "source_Score", "x" * 60, "x" * 60 + "_2", "unnamed",
    ]  # fmt: skip


def test_titles_are_those_of_the_recipe_first() -> None:
    assert title_columns(["id", "cell", "date"], ["cell"]) == ["cell"]
    assert title_columns(["id", "cell", "date", "time"]) == ["id", "date"]
