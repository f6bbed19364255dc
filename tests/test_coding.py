"""Quantised embeddings: what a file says of its codes decides; what nothing says is refused."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.cli.command import main
from rareearth_explorer.data.numbers.coding import coding_from
from rareearth_explorer.data.table import Reading, open_table
from rareearth_explorer.errors import TableError

N, D = 6, 16
TRUTH = np.random.default_rng(1).uniform(-1, 1, (N, D)).astype(np.float32)
SCALE, OFFSET = 2 / 255, -1.0


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def write(path: Path, codes: npt.NDArray[Any], **footer: object) -> Path:
    boxes = shapely.box(99 + np.arange(N) / 100, 10, 99.01 + np.arange(N) / 100, 10.01)
    table = pa.table({"embedding": list(codes), "geometry": shapely.to_wkb(boxes)})
    texts = {key: json.dumps(value) for key, value in footer.items()}
    pq.write_table(table.replace_schema_metadata(texts), path)
    return path


def linear(scale: float = SCALE, offset: float = OFFSET) -> npt.NDArray[np.uint8]:
    return np.round((TRUTH - offset) / scale).astype(np.uint8)


LINEAR = {"method": "linear", "original_dtype": "float32", "scale": [SCALE], "offset": [OFFSET]}


@pytest.mark.parametrize(
    "footer",
    [
        {"quantization": LINEAR},
        {"emb": {"version": "0.0.1", "quantization": LINEAR}},
        {"emb": {"emb:quantization": LINEAR}},
        {"geoemb": {"geoemb:quantization": {**LINEAR, "scale": SCALE, "offset": OFFSET}}},
        {"geoemb:quantization": LINEAR},
    ],
    ids=lambda footer: f"{footer}"[:30],
)
def test_the_footer_decides(footer: dict[str, Any], tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "t.parquet", linear(), **footer))
    np.testing.assert_allclose(table.embeddings, TRUTH, atol=SCALE / 2 + 1e-6)
    (note,) = [each for each in table.notes if "codes" in each]
    assert "uint8 codes, decoded as v * 0.00784314 - 1" in note
    assert "its metadata" in note


@pytest.mark.parametrize("name", ["t.json", "item.json", "collection.json"])
def test_stac_metadata_beside_the_file_decides(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", linear())
    item = {
        "type": "Feature", "stac_version": "1.0.0", "properties": {"emb:quantization": LINEAR},
        "assets": {"embeddings": {"href": "https://example.org/data/t.parquet"}},
    }  # fmt: skip
    (tmp_path / name).write_text(json.dumps(item))
    table = open_table(path)
    np.testing.assert_allclose(table.embeddings, TRUTH, atol=SCALE / 2 + 1e-6)
    assert f"{name} beside it" in " ".join(table.notes)


def test_metadata_of_another_file_do_not_count(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", linear())
    other = {
        "type": "Feature", "stac_version": "1.0.0", "properties": {"emb:quantization": LINEAR},
        "assets": {"embeddings": {"href": "other.parquet"}},
    }  # fmt: skip
    for text in (json.dumps(other), json.dumps({"emb:quantization": LINEAR}), "[1]", "{"):
        (tmp_path / "item.json").write_text(text)
        with pytest.raises(TableError, match="nothing says what these codes stand for"):
            open_table(path)


def test_a_scale_for_each_dimension(tmp_path: Path) -> None:
    scales = np.linspace(0.01, 0.02, D)
    codes = np.round(TRUTH / scales).astype(np.int8)
    how = {**LINEAR, "scale": scales.tolist(), "offset": [0.0]}
    table = open_table(write(tmp_path / "t.parquet", codes, quantization=how))
    np.testing.assert_allclose(table.embeddings, codes * scales, atol=1e-6)
    how["scale"] = scales.tolist()[:-1]
    with pytest.raises(TableError, match=r"t\.parquet: column 'embedding' holds"):
        open_table(write(tmp_path / "t.parquet", codes, quantization=how))


@pytest.mark.parametrize("method", ["signed_square", "signed-power"])
def test_signed_squares(method: str, tmp_path: Path) -> None:
    codes = np.array([[-127, 0, 64, 127] * 4] * (N - 1) + [[-128] * D], np.int8)
    how = {"method": method, "original_dtype": "float32", "nodata": -128}
    table = open_table(write(tmp_path / "t.parquet", codes, quantization=how))
    assert len(table) == N - 1
    right = [-((127 / 127.5) ** 2), 0, (64 / 127.5) ** 2, (127 / 127.5) ** 2]
    np.testing.assert_allclose(table.embeddings[0, :4], right, rtol=1e-6)


def test_bits_may_end_in_the_middle_of_a_byte(tmp_path: Path) -> None:
    packed = np.packbits(TRUTH[:, :13] > 0, axis=1)
    how = {"method": "binary", "n_dims": 13}
    table = open_table(write(tmp_path / "t.parquet", packed, quantization=how))
    np.testing.assert_array_equal(table.embeddings, np.where(TRUTH[:, :13] > 0, 1, -1))
    with pytest.raises(TableError, match="16 bits are fewer than 17 dimensions"):
        open_table(write(tmp_path / "t.parquet", packed, quantization={**how, "n_dims": 17}))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"method": "product_quantization", "original_dtype": "float32"}, "product_quantization"),
        ({"method": "signed_power", "power": 3}, "signed_power"),
        ({"method": "per_pixel_scale", "scale": {"type": "array"}}, "per_pixel_scale"),
        ({"method": "linear", "scale": "0.02"}, "scale is '0.02'"),
        ({"method": "linear", "scale": []}, r"scale is \[\]"),
        ({"method": "linear"}, "scale is None"),
        ({"method": "linear", "scale": 1, "nodata": "none"}, "nodata is 'none'"),
        ({"method": 5}, "method is 5"),
        ({}, "method is None"),
    ],
)
def test_what_is_not_understood_is_refused(
    how: dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "t.parquet", linear(), quantization=how)
    with pytest.raises(TableError, match=said) as raised:
        open_table(path)
    assert "--scale and --offset" in str(raised.value)
    assert main(["info", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    by_hand = open_table(path, reading=Reading(scale=SCALE, offset=OFFSET))
    np.testing.assert_allclose(by_hand.embeddings, TRUTH, atol=SCALE / 2 + 1e-6)


def test_real_numbers_are_never_codes(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "t.parquet", TRUTH, quantization=LINEAR))
    np.testing.assert_array_equal(table.embeddings, TRUTH)


def test_another_coding_is_another_entry_of_the_cache(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", linear())
    as_they_are = open_table(path, reading=Reading(scale=1))
    decoded = open_table(path, reading=Reading(scale=SCALE, offset=OFFSET))
    assert not np.allclose(as_they_are.unit_embeddings, decoded.unit_embeddings)
    assert as_they_are.identity != decoded.identity


@pytest.mark.parametrize("scale", [0, 0.0, 1e-60, 1e60, [1.0, 0.0]])
@pytest.mark.parametrize("method", ["linear", "signed_square"])
def test_a_scale_that_leaves_no_numbers_is_a_fault(scale: object, method: str) -> None:
    with pytest.raises(ValueError, match="scale is"):
        coding_from({"method": method, "scale": scale}, "here")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=6,
    ),
    st.sampled_from(["linear", "signed_square", "binary", "scalar", "other"]),
    st.sampled_from(["scale", "offset", "nodata", "n_dims", "power", "method"]),
)
def test_any_metadata_is_a_coding_or_a_clear_fault(value: object, method: str, key: str) -> None:
    record = {"method": method, "scale": 0.5, key: value}
    with contextlib.suppress(ValueError):  # which becomes a sentence
        coding = coding_from(record, "here")
        assert coding is None or isinstance(coding.decode(np.ones((2, 3), np.uint8)), np.ndarray)
