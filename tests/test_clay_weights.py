"""Weights files: the same weights from each kind, and a sentence for every wrong one."""

import importlib
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.embedding import encoders
from rareearth_explorer.errors import EncoderError

torch = pytest.importorskip("torch", reason="Clay needs torch: pip install .[clay]")

from safetensors.torch import load_file, save_file  # noqa: E402  after the skip

from rareearth_explorer.embedding.encoders.clay import (  # noqa: E402
    CLAY_V1,
    CLAY_V1_5,
    ClayConfig,
    ClayEncoder,
)
from rareearth_explorer.embedding.encoders.clay_weights import (  # noqa: E402
    fingerprint,
    read_weights,
    require_keys,
    write_weights,
)

FIXTURE = Path(__file__).parent / "data" / "clay_fixture"
TINY = ClayConfig("tiny", dim=32, depth=2, heads=2, dim_head=12)


def tiny() -> ClayEncoder:
    return ClayEncoder.from_checkpoint(FIXTURE / "clay_v1_tiny.ckpt", TINY)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """The tiny checkpoint as torch itself writes it: not deflated."""
    content = torch.load(FIXTURE / "clay_v1_tiny.ckpt", weights_only=True)
    torch.save(content, tmp_path / "stored.ckpt")
    return tmp_path / "stored.ckpt"


def test_checkpoint_and_safetensors_give_the_same_weights(stored: Path, tmp_path: Path) -> None:
    deflated = FIXTURE / "clay_v1_tiny.ckpt"
    converted = tmp_path / "encoder.safetensors"
    write_weights(tiny().state_dict(), converted)
    digests = {fingerprint(read_weights(path)) for path in (deflated, stored, converted)}
    assert len(digests) == 1
    assert set(load_file(converted)) == set(tiny().state_dict())
    again = ClayEncoder.from_checkpoint(converted, TINY)
    for key, value in tiny().state_dict().items():
        assert torch.equal(again.state_dict()[key], value)


def test_fingerprint_tells_one_changed_value() -> None:
    weights = read_weights(FIXTURE / "clay_v1_tiny.ckpt")
    before = fingerprint(weights)
    weights["transformer.norm.bias"][0] += 1e-6
    assert fingerprint(weights) != before


def test_foreign_keys_are_left_out_of_a_checkpoint() -> None:
    content = torch.load(FIXTURE / "clay_v1_tiny.ckpt", weights_only=True)["state_dict"]
    assert {"model.decoder.mask_patch", "model.teacher.cls_token"} <= set(content)
    assert set(read_weights(FIXTURE / "clay_v1_tiny.ckpt")) == set(tiny().state_dict())


NORM = "transformer.norm.weight"
LAYER = "transformer.layers.1.0.to_out.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop(NORM), f"the key {NORM} is missing; give"),
        (lambda w: (w.pop(NORM), w.pop(LAYER)), r"is missing \(and 1 more are wrong\)"),
        (lambda w: w.update(extra=w[NORM].clone()), "the key extra is unexpected"),
        (lambda w: w.update({NORM: torch.zeros(31)}), rf"{NORM} has the shape \(31,\), not"),
        (
            lambda w: w.update({LAYER: w[LAYER].reshape(24, 32)}),
            rf"{LAYER} has the shape \(24, 32\)",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["ckpt", "safetensors"])
def test_a_wrong_key_is_an_error_that_names_it(
    tmp_path: Path, kind: str, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    weights = {key: value.clone() for key, value in tiny().state_dict().items()}
    change(weights)
    path = tmp_path / f"w.{kind}"
    if kind == "ckpt":
        prefixed = {f"model.encoder.{key}": value for key, value in weights.items()}
        torch.save({"state_dict": prefixed}, path)
    else:
        save_file(weights, path)
    with pytest.raises(EncoderError, match=message) as caught:
        ClayEncoder.from_checkpoint(path, TINY)
    assert str(path) in str(caught.value)


def test_require_keys_accepts_what_fits() -> None:
    weights = tiny().state_dict()
    shapes = {key: tuple(value.shape) for key, value in weights.items()}
    require_keys(weights, shapes, Path("w"), "tiny")


def test_a_size_that_is_neither_version_is_an_error() -> None:
    with pytest.raises(EncoderError, match=r"its key cls_token has the shape \(1, 1, 32\)"):
        ClayEncoder.from_checkpoint(FIXTURE / "clay_v1_tiny.ckpt")


def test_the_version_is_told_from_the_class_token(tmp_path: Path) -> None:
    for config in (CLAY_V1, CLAY_V1_5):
        save_file({"cls_token": torch.zeros(1, 1, config.dim)}, tmp_path / "w")
        with pytest.raises(EncoderError, match=f"does not fit the encoder {config.name}: the key"):
            ClayEncoder.from_checkpoint(tmp_path / "w")


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"version https://git-lfs.github.com/spec/v1\n", b"<!doctype html>" * 99],
    ids=["empty", "two bytes", "pointer", "page"],
)
def test_what_is_no_weights_file_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.ckpt"
    path.write_bytes(content)
    with pytest.raises(EncoderError, match="is damaged, incomplete, or neither"):
        ClayEncoder.from_checkpoint(path)


def test_paths_that_cannot_be_read_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"There is no weights file .*none\.ckpt"):
        ClayEncoder.from_checkpoint(tmp_path / "none.ckpt")
    with pytest.raises(EncoderError, match="is damaged, incomplete, or neither"):
        ClayEncoder.from_checkpoint(tmp_path)


def test_a_zip_that_is_no_checkpoint_is_a_sentence(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.ckpt", "w") as archive:
        archive.writestr("data.pkl", b"no")
    with pytest.raises(EncoderError, match="is damaged"):
        ClayEncoder.from_checkpoint(tmp_path / "w.ckpt")
    torch.save([1, 2], tmp_path / "list.ckpt")
    with pytest.raises(EncoderError, match="is damaged"):
        ClayEncoder.from_checkpoint(tmp_path / "list.ckpt")


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path) -> None:
    torch.save({"state_dict": {"model.encoder.cls_token": Path("a thing")}}, tmp_path / "w.ckpt")
    with pytest.raises(EncoderError, match="is damaged"):
        ClayEncoder.from_checkpoint(tmp_path / "w.ckpt")


def crafted(kind: str, path: Path) -> None:
    """Write weights that a person who means harm would give."""
    one = torch.zeros(1)
    states: dict[str, Any] = {
        "strides of 0": {"model.encoder.a": one.expand(10**6, 10**6)},
        "one key many times": {f"model.encoder.{n}": one.expand(1000) for n in range(1000)},
        "whole numbers": {"model.encoder.a": torch.zeros(3, dtype=torch.int64)},
        "complex numbers": {"model.encoder.a": torch.zeros(3, dtype=torch.complex64)},
        "sparse": {"model.encoder.a": torch.eye(3).to_sparse()},
        "a key that is a number": {1: one},
        "a list": [one],
    }
    if kind in states:
        torch.save({"state_dict": states[kind]}, path)
    elif kind == "expands":
        plain = path.with_suffix(".plain")
        torch.save({"state_dict": {"model.encoder.a": torch.zeros(10**7)}}, plain)
        with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w", 8) as target:
            for name in source.namelist():
                target.writestr(name, source.read(name))
        plain.unlink()
    else:
        header = {
            "long header": b"\xff" * 8,
            "no JSON": b"\x05" + bytes(7) + b"{{{{{",
            "deep JSON": (99_999).to_bytes(8, "little") + b"[" * 99_999,
            "beyond the end": _header('{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'),
            "shape of overflow": _header(
                '{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}'
            ),
        }
        path.write_bytes(header[kind])


def _header(text: str) -> bytes:
    return len(text).to_bytes(8, "little") + text.encode()


@pytest.mark.parametrize(
    "kind",
    [
        *("strides of 0", "one key many times", "whole numbers", "complex numbers", "sparse"),
        *("a key that is a number", "a list", "expands", "long header", "no JSON", "deep JSON"),
        *("beyond the end", "shape of overflow"),
    ],
)
def test_crafted_weights_are_a_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "w.ckpt"
    crafted(kind, path)
    with pytest.raises(EncoderError, match="is damaged, incomplete, or neither") as caught:
        ClayEncoder.from_checkpoint(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@given(cut=st.floats(0, 0.999))
def test_a_truncated_checkpoint_is_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, cut: float
) -> None:
    whole = (FIXTURE / "clay_v1_tiny.ckpt").read_bytes()
    path = tmp_path_factory.mktemp("cut") / "w.ckpt"
    path.write_bytes(whole[: int(cut * len(whole))])
    with pytest.raises(EncoderError, match="is damaged"):
        ClayEncoder.from_checkpoint(path, TINY)


def test_conversion_leaves_no_half_written_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "encoder.safetensors"
    target.write_text("the old one")
    weights = importlib.import_module("rareearth_explorer.embedding.encoders.clay_weights")

    def fail(_: object, path: Path) -> None:
        path.write_text("half")
        raise OSError("No space left on device")

    monkeypatch.setattr(weights, "save_file", fail)
    with pytest.raises(EncoderError, match=r"cannot be written: .*No space left"):
        write_weights(tiny().state_dict(), target)
    assert [file.name for file in tmp_path.iterdir()] == [target.name]
    assert target.read_text() == "the old one"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no umask")
@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
def test_a_conversion_has_the_permissions_of_the_umask(tmp_path: Path, mask: int) -> None:
    target, before = tmp_path / "encoder.safetensors", os.umask(mask)
    try:
        write_weights(tiny().state_dict(), target)
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize("folder", ["none", "file"])
def test_a_target_in_no_folder_is_a_sentence(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(EncoderError, match="choose an existing folder"):
        write_weights(tiny().state_dict(), tmp_path / folder / "w.safetensors")


@pytest.mark.slow
def test_a_full_size_checkpoint_is_converted_and_loaded(tmp_path: Path) -> None:
    weights = ClayEncoder(CLAY_V1).state_dict()
    lightning = {f"model.encoder.{key}": value for key, value in weights.items()}
    lightning["model.decoder.mask_patch"] = torch.zeros(512)
    source, target = tmp_path / "clay.ckpt", tmp_path / "clay.safetensors"
    torch.save({"state_dict": lightning}, source)
    assert encoders.convert_checkpoint(source, target) == "clay-v1"
    scene = {"bands": ("red", "nir"), "means": (2000, 3000), "stds": (500, 500), "gsd": 3}
    encoder = encoders.load("clay-v1", weights=target, **scene)
    assert encoder.describe()["weights_sha256"] == fingerprint(weights)
    assert encoder.dim == 768
    with pytest.raises(EncoderError, match=r"holds clay-v1, not clay-v1\.5"):
        encoders.load("clay-v1.5", weights=target, **scene)
