"""Damaged tables and labels, and odd values in them, open or are refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.table import open_table
from rareearth_explorer.errors import LabelsError, TableError, first_line

CASES = Path(__file__).parent / "data" / "cases"

TABLES = [
    CASES / "00_base" / "t.parquet",
    *sorted(p for kind in ("T03_wkt", "T12_geoarrow") for p in (CASES / kind).glob("*.parquet")),
]
LABELS = sorted(
    path
    for kind in ("L01_kml_folders", "L03_gpkg_layers", "L05_utf16", "L06_dms", "L18_mixed_lines")
    for path in (CASES / kind).iterdir()
    if path.suffix in {".kml", ".gpkg", ".csv", ".txt", ".geojson"}
)

EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["flip", "cut", "insert"]), st.binary(max_size=6)),
    min_size=1,
    max_size=4,
)
"""Where (share of the file), what, and with which bytes a file is damaged."""

NUMBERS = st.floats(width=32) | st.sampled_from([1e30, 3.4e38, -0.0])
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["POINT (98 25)", "POINT (98 25", "POLYGON EMPTY", "POINT (nan nan)", "25°42'N 98°18'E", "NULL"]
)
DEGREES = st.floats() | st.floats(-400, 400)


def damaged(whole: bytes, edits: list[tuple[float, str, bytes]]) -> bytes:
    """Change, remove or insert bytes."""
    content = bytearray(whole)
    for share, what, new in edits:
        at = int(share * len(content))
        if what == "cut":
            del content[at : at + 1 + len(new) ** 3]
        elif what == "insert":
            content[at:at] = new
        else:
            content[at : at + len(new)] = new
    return bytes(content)


def opens_or_is_refused(path: Path) -> None:
    """Open a file as a table or as labels; a refusal names the file in one line."""
    if path.suffix == ".parquet":
        opener, refusal = open_table, TableError
    else:
        opener, refusal = open_labels, LabelsError
    sentence = f"{path}: opened"
    try:
        opener(path)
    except refusal as error:
        sentence = str(error)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence


@pytest.mark.parametrize("said", ["", " ", "\n", ".", "\n\nlate"])
def test_a_library_that_says_nothing_is_quoted_by_the_name_of_its_fault(said: str) -> None:
    assert first_line(ValueError(said)) == ("late" if said.strip(".\n ") else "ValueError")


def test_a_silent_fault_of_the_decoder_of_shapes_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def silent(_: object) -> None:
        raise shapely.errors.ShapelyError

    monkeypatch.setattr(shapely, "from_wkb", silent)
    columns = {"embedding": [[1.0, 2.0]], "geometry": [shapely.to_wkb(shapely.Point(1, 2))]}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    with pytest.raises(TableError, match=r"a shape cannot be read: ShapelyError; mend"):
        open_table(tmp_path / "x.parquet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@pytest.mark.slow
@pytest.mark.parametrize("source", [*TABLES, *LABELS], ids=lambda path: path.name)
@given(edits=EDITS)
def test_a_damaged_file(folder: Path, source: Path, edits: list[tuple[float, str, bytes]]) -> None:
    path = folder / f"x{source.suffix}"
    path.write_bytes(damaged(source.read_bytes(), edits))
    opens_or_is_refused(path)


@given(
    rows=st.lists(
        st.tuples(st.lists(NUMBERS, min_size=2, max_size=3), DEGREES, DEGREES, TEXTS), min_size=1
    ),
    place=st.sampled_from(["degrees", "text", "wkb", "bytes", "both"]),
)
def test_a_table_of_any_values(folder: Path, rows: list[tuple], place: str) -> None:
    vectors, lon, lat, texts = zip(*rows, strict=True)
    columns: dict[str, object] = {"embedding": pa.array(vectors, pa.list_(pa.float32()))}
    if place in {"degrees", "both"}:
        columns |= {"lon": pa.array(lon), "lat": pa.array(lat)}
    if place in {"text", "both"}:
        columns["geometry"] = pa.array(texts)
    if place == "wkb":
        points = shapely.points(np.nan_to_num(lon), np.nan_to_num(lat))
        columns["geometry"] = pa.array(shapely.to_wkb(points))
    if place == "bytes":
        columns["geometry"] = pa.array([text.encode(errors="replace") for text in texts])
    path = folder / "any.parquet"
    pq.write_table(pa.table(columns), path)
    opens_or_is_refused(path)


CELLS = (
    TEXTS
    | DEGREES.map(str)
    | st.tuples(DEGREES, st.sampled_from([", ", " ", "; "]), DEGREES).map(
        lambda p: "".join(map(str, p))
    )
    | st.sampled_from(
        ["47RNL0000040000", "47RNL", "47S 500000 3770000", "47N 500000 2840000", "25 N 99 E"]
    )
)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS), max_size=8),
    names=st.sampled_from(
        [
            *("lon,lat", "x,y", "Longitude (deg);Latitude (deg)", "name,lon", "lon", "latlon"),
            *("coordinates;note", "mgrs;utm", "location;location", "id,geopoint"),
        ]
    ),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_a_list_of_any_cells(
    folder: Path, rows: list[tuple[str, str]], names: str, encoding: str
) -> None:
    separator = ";" if ";" in names else ","
    path = folder / "any.csv"
    lines = [names, *(separator.join(row) for row in rows)]
    path.write_bytes("\n".join(lines).encode(encoding, errors="replace"))
    opens_or_is_refused(path)


COORDINATES = st.recursive(
    DEGREES | TEXTS | st.none(), lambda inner: st.lists(inner, max_size=4), max_leaves=12
)


@given(
    kind=st.sampled_from(["Point", "LineString", "Polygon", "MultiPolygon", "Circle"]),
    coordinates=COORDINATES,
    collected=st.booleans(),
)
def test_a_geojson_of_any_coordinates(
    folder: Path, kind: str, coordinates: object, collected: bool
) -> None:
    shape: dict[str, object] = {"type": kind, "coordinates": coordinates}
    if collected:
        shape = {"type": "GeometryCollection", "geometries": [shape, shape]}
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    path = folder / "any.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    opens_or_is_refused(path)
