import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.embedding import encoders
from rareearth_explorer.embedding.encoders import Chips, Encoder
from rareearth_explorer.embedding.encoders.random_features import RandomFeatures, draw_filters
from rareearth_explorer.errors import EncoderError


def chips(pixels: npt.NDArray[np.float32]) -> Chips:
    return Chips(pixels, np.zeros((len(pixels), 2)))


def noise(n: int, bands: int = 4, side: int = 20, seed: int = 0) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.normal(2000, 500, (n, bands, side, side)).astype(np.float32)


def encoder(bands: int = 4, seed: int = 0) -> RandomFeatures:
    names = [f"b{i + 1}" for i in range(bands)]
    return RandomFeatures(names, np.full(bands, 2000.0), np.full(bands, 500.0), gsd=3, seed=seed)


def test_is_an_encoder() -> None:
    loaded = encoders.load(
        "random-features", bands=["red", "nir"], means=[1000, 3000], stds=[200, 500], gsd=3
    )
    assert isinstance(loaded, Encoder)
    assert loaded.name in encoders.available()
    assert loaded.describe()["bands"] == ["red", "nir"]
    assert loaded.encode(chips(noise(3, bands=2))).shape == (3, loaded.dim)


@pytest.mark.slow
@given(
    bands=st.integers(1, 12),
    height=st.integers(8, 40),
    width=st.integers(8, 40),
    dtype=st.sampled_from(["uint8", "uint16", "int16", "float32", "float64"]),
)
def test_encodes_any_bands_sizes_and_types(bands: int, height: int, width: int, dtype: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 120, (2, bands, height, width)).astype(dtype)
    features = RandomFeatures(["b"] * bands, [60.0] * bands, [30.0] * bands, 10).encode(
        chips(pixels)
    )
    assert features.shape == (2, 768)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert (features >= 0).all()


@pytest.mark.slow
@given(start=st.integers(0, 6), stop=st.integers(7, 12))
def test_a_patch_gets_the_same_bits_in_any_batch(start: int, stop: int) -> None:
    pixels = noise(12)
    whole = encoder().encode(chips(pixels))
    np.testing.assert_array_equal(encoder().encode(chips(pixels[start:stop])), whole[start:stop])


@pytest.mark.slow
def test_the_threads_of_the_blas_do_not_change_the_bits() -> None:
    code = (
        "import hashlib, numpy as np\n"
        "from rareearth_explorer.embedding.encoders import Chips, load\n"
        "x = np.random.default_rng(0).normal(0, 1, (2, 8, 84, 84)).astype(np.float32)\n"
        "e = load('random-features', bands='abcdefgh', means=[0] * 8, stds=[1] * 8, gsd=3)\n"
        "print(hashlib.sha256(e.encode(Chips(x, np.zeros((2, 2)))).tobytes()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"OPENBLAS_NUM_THREADS": threads, "OPENBLAS_CORETYPE": core},
            cwd=Path(__file__).parents[1],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for threads, core in (("1", ""), ("4", ""), ("1", "Prescott"))
    }
    assert len(digests) == 1


@pytest.mark.parametrize("bands", [1, 4, 8, 300])
def test_no_sum_of_products_reaches_where_float32_is_inexact(bands: int) -> None:
    weights = encoder(bands)._weights.astype(np.float64)
    assert np.array_equal(weights, np.rint(weights))
    assert np.abs(weights).sum(axis=1).max() * 8 * 32 < 2**24


def test_agrees_with_a_plain_double_precision_statement() -> None:
    pixels = noise(1, bands=3, side=11)[0].astype(np.float64)
    filters, thresholds = draw_filters(3, seed=0)
    z = (pixels - 2000) / 500
    responses = np.array(
        [
            np.einsum("fcij,cij->f", filters.reshape(-1, 3, 3, 3), z[:, r : r + 3, c : c + 3])
            for r in range(0, 9, 2)
            for c in range(0, 9, 2)
        ]
    )
    above = np.maximum(responses - thresholds, 0).mean(axis=0)
    below = np.maximum(-responses - thresholds, 0).mean(axis=0)
    expected = np.sqrt(np.concatenate([above, below]))
    found = encoder(3).encode(chips(pixels[None].astype(np.float32)))[0]
    np.testing.assert_allclose(found, expected, atol=0.05)
    assert np.corrcoef(found, expected)[0, 1] > 0.9999


def test_the_seed_is_recorded_and_changes_the_features() -> None:
    pixels = chips(noise(1))
    first, second = encoder(seed=0), encoder(seed=1)
    assert (first.describe()["seed"], second.describe()["seed"]) == (0, 1)
    assert not np.array_equal(first.encode(pixels), second.encode(pixels))


def test_an_even_patch_is_all_zeros_and_texture_is_not() -> None:
    even = np.full((1, 4, 16, 16), 2000, np.float32)
    assert not encoder().encode(chips(even)).any()
    assert encoder().encode(chips(noise(1))).any()


def test_an_empty_batch_gives_no_rows() -> None:
    assert encoder().encode(chips(noise(0))).shape == (0, 768)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "clip"}, "no encoder clip: choose one of random-features"),
        ({"weights": Path("w.ckpt")}, "random-features has no weights, but w.ckpt was given"),
        ({"means": [1.0]}, "2 bands, 1 means"),
        ({"bands": [], "means": [], "stds": []}, "0 bands"),
        ({"stds": [1.0, 0.0]}, "Band nir of the scene is constant or has no valid pixels"),
        ({"stds": [1.0, np.nan]}, "Band nir"),
    ],
)
def test_load_says_what_is_wrong(arguments: dict[str, object], message: str) -> None:
    valid = {
        "name": "random-features",
        "bands": ["red", "nir"],
        "means": [1.0, 1.0],
        "stds": [1.0, 1.0],
        "gsd": 3.0,
    }
    with pytest.raises(EncoderError, match=message):
        encoders.load(**(valid | arguments))


@pytest.mark.parametrize(
    ("shape", "message"), [((1, 3, 16, 16), "3 bands"), ((1, 4, 16, 7), "16 x 7 pixels")]
)
def test_encode_says_what_is_wrong(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(EncoderError, match=message):
        encoder().encode(chips(np.zeros(shape, np.float32)))


@pytest.mark.slow
@pytest.mark.realdata
def test_one_mine_ranks_mines_above_other_places(real_data: Path) -> None:
    """Better than chance on real Sentinel-2 chips; far from good, as nothing is learned."""
    archive = np.load(real_data / "mining_chips" / "s2_rgb_48px_3300.npz")
    pixels = archive["x"].transpose(0, 3, 1, 2)
    mine = archive["y"] == 1
    means, stds = pixels.mean(axis=(0, 2, 3)), pixels.std(axis=(0, 2, 3))
    features = RandomFeatures(["red", "green", "blue"], means, stds, 10).encode(chips(pixels))
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    cosines = features @ features[mine].T
    areas = [_area_under_roc(np.delete(cosines[:, k], i), np.delete(mine, i))
             for k, i in enumerate(np.flatnonzero(mine))]  # fmt: skip
    assert np.mean(areas) > 0.68
    low, high = np.percentile(cosines, [5, 95])
    assert high - low > 0.3


def _area_under_roc(scores: npt.NDArray[np.floating], positive: npt.NDArray[np.bool_]) -> float:
    ranks = scores.argsort().argsort()
    n = positive.sum()
    return float((ranks[positive].sum() - n * (n - 1) / 2) / (n * (~positive).sum()))
