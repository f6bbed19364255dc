"""Clay as an encoder of chips: what it is fed, what it records, what it refuses."""

import json
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rareearth_explorer.embedding import encoders
from rareearth_explorer.embedding.encoders import Chips, ClayOptions, Encoder, sensors
from rareearth_explorer.errors import EncoderError

torch = pytest.importorskip("torch", reason="Clay needs torch: pip install .[clay]")

from rareearth_explorer.embedding.encoders.clay import ClayConfig, ClayEncoder  # noqa: E402
from rareearth_explorer.embedding.encoders.clay_adapter import (  # noqa: E402
    ClayAdapter,
    latlon_code,
    time_code,
)
from rareearth_explorer.embedding.encoders.clay_weights import fingerprint  # noqa: E402

FIXTURE = Path(__file__).parent / "data" / "clay_fixture"
TINY = ClayConfig("tiny", dim=32, depth=2, heads=2, dim_head=12)


def tiny() -> ClayEncoder:
    return ClayEncoder.from_checkpoint(FIXTURE / "clay_v1_tiny.ckpt", TINY)


def close(found: npt.NDArray[Any], expected: npt.NDArray[Any]) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


PLANET = sensors()["planetscope-8"]
WHEN = datetime(2022, 3, 7, 4, 1, tzinfo=UTC)


def adapter(options: ClayOptions | None = None, **change: Any) -> ClayAdapter:
    bands = tuple(PLANET.bands)
    scene = {"bands": bands, "means": [2000.0] * 8, "stds": [500.0] * 8, "gsd": 3.0} | change
    return ClayAdapter(tiny(), options=options, **scene)


def make_chips(side: int = 84, time: datetime | None = WHEN) -> Chips:
    pixels = np.random.default_rng(0).normal(2000, 500, (3, 8, side, side)).astype(np.float32)
    return Chips(pixels, np.array([[25.9, 98.3], [26.0, 98.4], [-10.0, -60.0]]), time)


def test_is_an_encoder_and_describes_itself_in_json() -> None:
    clay = adapter()
    assert isinstance(clay, Encoder)
    described = json.loads(json.dumps(clay.describe()))
    assert described == clay.describe()
    assert described["weights_sha256"] == fingerprint(tiny().state_dict())
    assert described["gsd"] == 5.0
    assert described["sensor"] == "planetscope-8"
    assert described["normalisation"]["means"][0] == 1720.0
    assert (described["padding"], described["metadata"]) == ("crop", True)


def test_embeddings_are_the_class_tokens_of_normalised_chips() -> None:
    chips = make_chips()
    means = np.array([b.mean for b in PLANET.bands.values()])[:, None, None]
    stds = np.array([b.std for b in PLANET.bands.values()])[:, None, None]
    week, hour = 2 * np.pi * 10 / 52, 2 * np.pi * 4 / 24
    time = [np.sin(week), np.cos(week), np.sin(hour), np.cos(hour)]
    lat, lon = np.radians(chips.latlon).T
    latlon = np.stack([np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)], axis=1)
    with torch.inference_mode():
        wanted = tiny().embed(
            torch.tensor((chips.pixels - means) / stds, dtype=torch.float32),
            torch.tensor([time] * 3, dtype=torch.float32),
            torch.tensor(latlon, dtype=torch.float32),
            5.0,
            torch.tensor([b.wavelength for b in PLANET.bands.values()]),
        )
    found = adapter().encode(chips)
    assert found.dtype == np.float32
    close(found, wanted.numpy())


def test_the_same_batch_gives_the_same_bits() -> None:
    np.testing.assert_array_equal(adapter().encode(make_chips()), adapter().encode(make_chips()))


def test_a_patch_alone_is_a_patch_in_a_batch_but_for_rounding() -> None:
    chips = make_chips()
    alone = Chips(chips.pixels[1:2], chips.latlon[1:2], chips.time)
    close(adapter().encode(alone), adapter().encode(chips)[1:2])


def test_unknown_time_and_unwanted_metadata_are_zeros_for_both() -> None:
    unwanted = adapter(ClayOptions(metadata=False)).encode(make_chips())
    unknown = adapter().encode(make_chips(time=None))
    np.testing.assert_array_equal(unwanted, unknown)
    elsewhere = Chips(make_chips().pixels, np.zeros((3, 2)))
    np.testing.assert_array_equal(adapter().encode(elsewhere), unknown)
    assert not np.allclose(adapter().encode(make_chips()), unknown, atol=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        ClayOptions(gsd=3),
        ClayOptions(normalisation="scene"),
        ClayOptions(padding="reflect"),
        ClayOptions(metadata=False),
        ClayOptions(dtype="bfloat16"),
    ],
)
def test_every_option_changes_the_numbers_and_the_record(options: ClayOptions) -> None:
    assert not np.array_equal(adapter(options).encode(make_chips()), adapter().encode(make_chips()))
    assert adapter(options).describe() != adapter().describe()


def test_reflecting_pads_84_to_88_and_leaves_80_alone() -> None:
    pad = ClayOptions(padding="reflect")
    chips = make_chips()
    mirrored = np.pad(chips.pixels, ((0, 0), (0, 0), (0, 4), (0, 4)), mode="reflect")
    close(adapter(pad).encode(chips), adapter().encode(Chips(mirrored, chips.latlon, chips.time)))
    np.testing.assert_array_equal(
        adapter(pad).encode(make_chips(80)), adapter().encode(make_chips(80))
    )


def test_bfloat16_is_near_float32() -> None:
    full = adapter().encode(make_chips())
    reduced = adapter(ClayOptions(dtype="bfloat16")).encode(make_chips())
    assert reduced.dtype == np.float32
    lengths = np.linalg.norm(full, axis=1) * np.linalg.norm(reduced, axis=1)
    assert ((full * reduced).sum(axis=1) / lengths > 0.999).all()


def test_an_empty_batch_gives_no_rows() -> None:
    none = Chips(np.empty((0, 8, 84, 84), np.float32), np.empty((0, 2)))
    assert adapter().encode(none).shape == (0, 32)


def test_time_is_week_and_hour_in_utc() -> None:
    week, hour = 2 * np.pi * 52 / 52, 2 * np.pi * 23 / 24
    wanted = [np.sin(week), np.cos(week), np.sin(hour), np.cos(hour)]
    naive = datetime(2022, 12, 31, 23, 59)
    close(time_code(naive), np.array(wanted))
    myanmar = timezone(timedelta(hours=6, minutes=30))
    close(time_code(naive.replace(tzinfo=UTC).astimezone(myanmar)), np.array(wanted))


def test_latlon_is_in_radians_latitude_first() -> None:
    close(latlon_code([[30, -90]]), np.array([[0.5, np.sqrt(0.75), -1, 0]]))


@pytest.mark.parametrize(
    ("options", "change", "message"),
    [
        (None, {"means": [0.2] * 8}, "The mean of the scene is 0.2, and that of PlanetScope"),
        (None, {"bands": tuple("abcdefgh")}, "No sensor has the bands a, b"),
        (ClayOptions(sensor="naip"), {}, "band coastal_blue is not known for naip"),
    ],
)
def test_scenes_that_do_not_fit_are_sentences(
    options: ClayOptions | None, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(EncoderError, match=message):
        adapter(options, **change)


def test_other_bands_than_loaded_for_are_an_error() -> None:
    chips = make_chips()
    with pytest.raises(EncoderError, match="The patches have 7 bands"):
        adapter().encode(Chips(chips.pixels[:, :7], chips.latlon))


def test_a_small_patch_is_an_error_with_either_padding() -> None:
    for padding in ("crop", "reflect"):
        with pytest.raises(EncoderError, match="choose a larger patch size"):
            adapter(ClayOptions(padding=padding)).encode(make_chips(4))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_missing_gpu_is_a_sentence() -> None:
    with pytest.raises(EncoderError, match="There is no GPU"):
        adapter(ClayOptions(device="cuda"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_gives_the_same_numbers() -> None:
    on_gpu = adapter(ClayOptions(device="cuda")).encode(make_chips())
    close(on_gpu, adapter(ClayOptions(device="cpu")).encode(make_chips()))


@pytest.mark.parametrize(
    ("option", "value"),
    [("padding", "zero"), ("device", "tpu"), ("dtype", "int8"), ("normalisation", "no")],
)
def test_unknown_choices_are_sentences(option: str, value: str) -> None:
    with pytest.raises(EncoderError, match=f"The {option} of Clay cannot be {value}: choose"):
        ClayOptions(**{option: value})


@pytest.mark.parametrize("gsd", [0, -1, float("nan"), float("inf")])
def test_the_gsd_is_above_zero(gsd: float) -> None:
    with pytest.raises(EncoderError, match="give metres above 0"):
        ClayOptions(gsd=gsd)


def load(name: str, **arguments: Any) -> Encoder:
    return encoders.load(name, bands=["red"], means=[1], stds=[1], gsd=3, **arguments)


def test_clay_needs_weights() -> None:
    with pytest.raises(EncoderError, match="clay-v1 needs its weights"):
        load("clay-v1")


def test_random_features_have_none_of_clays_options() -> None:
    with pytest.raises(EncoderError, match="not have the options of Clay"):
        load("random-features", options=ClayOptions())


def test_without_torch_the_error_tells_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EncoderError, match=r'pip install "rareearth-explorer\[clay\]"'):
        load("clay-v1", weights=Path("w.ckpt"))
    with pytest.raises(EncoderError, match="Clay needs torch: run pip install"):
        encoders.convert_checkpoint(Path("a"), Path("b"))
