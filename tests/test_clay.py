"""The encoder against the reference's numbers (tiny) and against numpy (full size)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rareearth_explorer.errors import EncoderError

torch = pytest.importorskip("torch", reason="Clay needs torch: pip install .[clay]")

from scipy.special import erf, softmax  # noqa: E402  after the skip

from rareearth_explorer.embedding.encoders.clay import (  # noqa: E402
    CLAY_V1,
    CLAY_V1_5,
    ClayConfig,
    ClayEncoder,
    position_code,
)

FIXTURE = Path(__file__).parent / "data" / "clay_fixture"
TINY = ClayConfig("tiny", dim=32, depth=2, heads=2, dim_head=12)
CASES = ("ps84", "ps88_zero_meta_gsd3", "ps4_40", "ps84_crop_permuted")
VERSIONS = ("v1", "v15")

Array = npt.NDArray[Any]


def close(found: Any, expected: Array) -> None:
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-4, atol=1e-5)


def tiny(version: str = "v1") -> ClayEncoder:
    return ClayEncoder.from_checkpoint(FIXTURE / f"clay_{version}_tiny.ckpt", TINY)


def inputs(case: str) -> dict[str, Any]:
    with np.load(FIXTURE / "inputs.npz") as file:
        arrays = {
            key: torch.from_numpy(file[f"{case}/{key}"])
            for key in ("pixels", "time", "latlon", "waves")
        }
        return arrays | {"gsd": float(file[f"{case}/gsd"])}


def expected(version: str, case: str) -> dict[str, Array]:
    with np.load(FIXTURE / f"expected_{version}.npz") as file:
        return {k.partition("/")[2]: file[k] for k in file if k.startswith(f"{case}/")}


# The reference's numbers


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", CASES)
def test_tokens_are_the_references(version: str, case: str) -> None:
    encoder, given_, wanted = tiny(version), inputs(case), expected(version, case)
    with torch.inference_mode():
        tokens = encoder(**given_)
        close(encoder.embed(**given_), wanted["cls"])
    close(tokens[:, 0], wanted["cls"])
    close(tokens[:, 1:], wanted["patches"])


@pytest.mark.parametrize("version", VERSIONS)
def test_intermediates_are_the_references(version: str) -> None:
    encoder, x, wanted = tiny(version), inputs("ps84"), expected(version, "ps84")
    embedding = encoder.patch_embedding
    waves = []
    embedding.fclayer.register_forward_hook(lambda _, __, out: waves.append(out))
    with torch.no_grad():
        kernel, bias = embedding.kernel(x["waves"])
        close(waves[0], wanted["waves_encoded"])
        close(kernel, wanted["kernel"])
        close(bias, wanted["bias"])
        close(embedding(x["pixels"], x["waves"]), wanted["patch_embed"])
        close(encoder.position(10, x["time"], x["latlon"], x["gsd"]), wanted["pos_meta"])
        close(encoder.tokens(**x), wanted["tokens_in"])


def test_gradients_on_or_off_give_the_same() -> None:
    encoder, x = tiny(), inputs("ps84")
    with torch.inference_mode():
        off = encoder(**x)
    close(encoder(**x), off.numpy())


# Independent statement in double precision


def gelu(x: Array) -> Array:
    return np.asarray(x * (1 + erf(x / np.sqrt(2))) / 2)


def layer_norm(x: Array, w: Mapping[str, Array], key: str) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return np.asarray(scaled * w[f"{key}.weight"] + w[f"{key}.bias"])


def linear(x: Array, w: Mapping[str, Array], key: str) -> Array:
    return np.asarray(x @ w[f"{key}.weight"].T.astype(np.float64) + w.get(f"{key}.bias", 0))


def attend(qkv: Array, heads: int) -> Array:
    q, k, v = (np.stack(np.split(part, heads, axis=1)) for part in np.split(qkv, 3, axis=1))
    mixed = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]), axis=2) @ v
    return np.concatenate(list(mixed), axis=1)


def hypernetwork(w: Mapping[str, Array], waves: Array) -> tuple[Array, Array]:
    """Kernel (C, D, 8, 8) and bias (D,)."""
    p, g = "patch_embedding.fclayer", "patch_embedding.weight_generator"
    angles = np.outer(waves, 10000.0 ** (-np.arange(64) / 63))
    x = np.hstack([np.sin(angles), np.cos(angles)])
    x = x + gelu(linear(gelu(linear(x, w, f"{p}.l1")), w, f"{p}.l2"))
    s = np.vstack([w[f"{g}.weight_tokens"], x, w[f"{g}.bias_token"]])
    a = f"{g}.encoder.layers.0"
    qkv = s @ w[f"{a}.self_attn.in_proj_weight"].T + w[f"{a}.self_attn.in_proj_bias"]
    s = layer_norm(s + linear(attend(qkv, 4), w, f"{a}.self_attn.out_proj"), w, f"{a}.norm1")
    fed = linear(gelu(linear(s, w, f"{a}.linear1")), w, f"{a}.linear2")
    s = layer_norm(s + fed, w, f"{a}.norm2")
    kernel = linear(s[128:-1] + x, w, f"{g}.fc_weight")
    return kernel.reshape(len(waves), -1, 8, 8), linear(s[-1], w, f"{g}.fc_bias")


def plain_clay(w: Mapping[str, Array], config: ClayConfig, x: Mapping[str, Any]) -> Array:
    """Tokens (1 + L, D) of the first chip, patch by patch in float64."""
    pixels, waves = (np.asarray(x[key], np.float64) for key in ("pixels", "waves"))
    kernel, bias = hypernetwork(w, waves)
    side, d = pixels.shape[2] // 8, config.dim - 8
    rate = x["gsd"] * 10000.0 ** (-2 * np.arange(d // 4) / (d // 4 - 1) / d)
    tokens = [w["cls_token"][0, 0].astype(np.float64)]
    for row in range(side):
        for column in range(side):
            patch = pixels[0, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
            code = [f(place * rate) for place in (column, row) for f in (np.sin, np.cos)]
            position = np.concatenate([*code, x["time"][0], x["latlon"][0]])
            embedded = 0.02 * np.einsum("cij,cdij->d", patch, kernel) + bias
            tokens.append(embedded + position)
    t = np.array(tokens)
    for i in range(config.depth):
        a, f = f"transformer.layers.{i}.0", f"transformer.layers.{i}.1.net"
        qkv = linear(layer_norm(t, w, f"{a}.norm"), w, f"{a}.to_qkv")
        t = t + linear(attend(qkv, config.heads), w, f"{a}.to_out")
        hidden = gelu(linear(layer_norm(t, w, f"{f}.0"), w, f"{f}.1"))
        t = t + linear(hidden, w, f"{f}.3")
    return layer_norm(t, w, "transformer.norm")


def first_tokens_agree(encoder: ClayEncoder, x: Mapping[str, Any]) -> None:
    weights = {key: value.numpy() for key, value in encoder.state_dict().items()}
    with torch.inference_mode():
        close(encoder(**x)[0], plain_clay(weights, encoder.config, x))


def test_the_double_precision_statement_is_the_references_too() -> None:
    weights = {key: value.numpy() for key, value in tiny().state_dict().items()}
    tokens = plain_clay(weights, TINY, inputs("ps84"))
    close(tokens[0], expected("v1", "ps84")["cls"][0])
    close(tokens[1:], expected("v1", "ps84")["patches"][0])


def random_encoder(config: ClayConfig) -> ClayEncoder:
    """Random weights, large enough for every part to matter, and none left at 0 or 1."""
    torch.manual_seed(0)
    encoder = ClayEncoder(config).eval()
    for key, value in encoder.named_parameters():
        if value.ndim == 1:
            scale = "norm" in key and "weight" in key
            torch.nn.init.normal_(value.data, mean=float(scale), std=0.2)
    return encoder


@pytest.mark.slow
@pytest.mark.parametrize(
    "config",
    [CLAY_V1, ClayConfig("clay-v1.5, 3 layers", dim=1024, depth=3, heads=16)],
    ids=lambda config: config.name,
)
def test_holds_at_full_size(config: ClayConfig) -> None:
    first_tokens_agree(random_encoder(config), inputs("ps84"))


@pytest.mark.parametrize(
    ("config", "parameters", "keys"), [(CLAY_V1, 92_102_144, 145), (CLAY_V1_5, 311_442_944, 265)]
)
def test_has_the_published_size(config: ClayConfig, parameters: int, keys: int) -> None:
    with torch.device("meta"):
        encoder = ClayEncoder(config)
    assert sum(p.numel() for p in encoder.parameters()) == parameters
    assert len(encoder.state_dict()) == keys


# The shape of a chip


def test_84_pixels_are_cropped_to_80() -> None:
    encoder, x = tiny(), inputs("ps84")
    cropped = x | {"pixels": x["pixels"][..., :80, :80]}
    with torch.inference_mode():
        assert torch.equal(encoder(**x), encoder(**cropped))


def test_bands_may_come_in_any_order() -> None:
    encoder, x = tiny(), inputs("ps84")
    order = torch.randperm(8, generator=torch.Generator().manual_seed(0))
    turned = x | {"pixels": x["pixels"][:, order], "waves": x["waves"][order]}
    with torch.inference_mode():
        close(encoder(**turned), encoder(**x).numpy())


@pytest.mark.parametrize(
    ("height", "width", "message"),
    [(7, 80, "at least 8 x 8"), (80, 7, "at least 8 x 8"), (80, 88, "needs squares")],
)
def test_shapes_that_have_no_position_code_are_errors(
    height: int, width: int, message: str
) -> None:
    x = inputs("ps84") | {"pixels": torch.zeros(2, 8, height, width)}
    with torch.inference_mode(), pytest.raises(EncoderError, match=message):
        tiny()(**x)


def test_position_code_starts_at_zero_and_has_x_before_y() -> None:
    code = position_code(3, gsd=5, dim=24)
    assert code[0].tolist() == [0.0] * 6 + [1.0] * 6 + [0.0] * 6 + [1.0] * 6
    assert torch.equal(code[1, 12:], code[0, 12:])  # one column on
    assert torch.equal(code[3, :12], code[0, :12])  # one row on
    assert not torch.equal(code, position_code(3, gsd=3, dim=24))


# The kernel is made once per band set


def count_kernels(encoder: ClayEncoder) -> list[None]:
    calls: list[None] = []
    generator = encoder.patch_embedding.weight_generator
    generator.register_forward_hook(lambda *_: calls.append(None))
    return calls


def test_the_kernel_is_made_once_per_band_set() -> None:
    encoder, eight, four = tiny(), inputs("ps84"), inputs("ps4_40")
    calls = count_kernels(encoder)
    with torch.inference_mode():
        encoder(**eight)
        encoder(**eight)
        assert len(calls) == 1
        encoder(**four)
        assert len(calls) == 2


def test_a_kept_kernel_does_not_outlive_its_weights() -> None:
    encoder, x = tiny("v1"), inputs("ps84")
    with torch.inference_mode():
        encoder(**x)
    encoder.load_state_dict(tiny("v15").state_dict())
    with torch.inference_mode():
        close(encoder(**x)[:, 0], expected("v15", "ps84")["cls"])
