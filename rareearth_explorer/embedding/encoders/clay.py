"""The Clay encoder, v1 and v1.5, for inference; the two versions differ only in size.

It is the vision transformer of a masked autoencoder. Its patch embedding is generated from the
wavelengths of the bands, so it accepts any sensor. Clay Foundation, https://clay-foundation.github.io/model.

In the shapes below B is the batch, C the bands, L the tokens (one per 8 x 8 pixels), D the
embedding, N = 1 + L.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it
from torch import Tensor, nn

from rareearth_explorer.embedding.encoders.clay_weights import read_weights, require_keys
from rareearth_explorer.errors import EncoderError

WAVE_DIM = 128
"""Width of the network that generates the patch embedding from the wavelengths."""

METADATA_DIM = 8
"""Dimensions at the end of a token's position that hold time (4) and place (4)."""


@dataclass(frozen=True)
class ClayConfig:
    """Sizes of an encoder."""

    name: str
    dim: int
    depth: int
    heads: int
    dim_head: int = 64
    mlp_ratio: int = 4
    patch_size: int = 8


CLAY_V1 = ClayConfig("clay-v1", dim=768, depth=12, heads=12)
CLAY_V1_5 = ClayConfig("clay-v1.5", dim=1024, depth=24, heads=16)


class ClayEncoder(nn.Module):
    """Encodes pixels, time, place, resolution and wavelengths as a class token and patch tokens.

    In inference mode the kernel of the patch embedding, which depends on the wavelengths alone,
    is computed once and cached until the wavelengths change.
    """

    def __init__(self, config: ClayConfig) -> None:
        super().__init__()
        self.config = config
        self.cls_token = nn.Parameter(0.02 * torch.randn(1, 1, config.dim))
        self.patch_embedding = PatchEmbedding(config)
        self.transformer = Transformer(config)

    @classmethod
    def from_checkpoint(cls, path: Path, config: ClayConfig | None = None) -> Self:
        """Read the encoder from a Lightning checkpoint or an encoder-only safetensors file.

        Parameters
        ----------
        path
            The file; its kind is detected from its content.
        config
            Sizes of the encoder; by default detected from the class token.

        Raises
        ------
        EncoderError
            If the file cannot be read, or a key is missing, extra, or has another shape.
        """
        weights = read_weights(path)
        config = config or _config_of(weights, path)
        with torch.device("meta"):  # shapes without memory: every value comes from the file
            encoder = cls(config)
        shapes = {key: tuple(value.shape) for key, value in encoder.state_dict().items()}
        require_keys(weights, shapes, path, config.name)
        encoder.load_state_dict(weights, assign=True)
        return encoder.eval().requires_grad_(False)

    def forward(
        self, pixels: Tensor, time: Tensor, latlon: Tensor, gsd: float, waves: Tensor
    ) -> Tensor:
        """Encode a batch.

        Parameters
        ----------
        pixels
            [B, C, H, W], normalised band by band. If H or W is not a multiple of 8, the rest at the
            right and at the bottom is ignored.
        time
            [B, 4]: sine and cosine of the week in the year, then of the hour in the day.
        latlon
            [B, 4]: sine and cosine of the latitude, then of the longitude. Zeros here and in
            `time` mean unknown.
        gsd
            Ground sample distance in metres; it scales the position code.
        waves
            [C], central wavelengths in micrometres, in the order of the channels.

        Returns
        -------
        Tensor
            [B, 1 + L, D]: the class token, then the patches row by row.

        Raises
        ------
        EncoderError
            If H or W is below 8, or the tokens do not make a square.
        """
        tokens = self.tokens(pixels, time, latlon, gsd, waves)  # [B, 1 + L, D]
        encoded: Tensor = self.transformer(tokens)  # [B, 1 + L, D]
        return encoded

    def embed(
        self, pixels: Tensor, time: Tensor, latlon: Tensor, gsd: float, waves: Tensor
    ) -> Tensor:
        """Return the class tokens of a batch, [B, D], which are the embeddings; see `forward`."""
        encoded: Tensor = self(pixels, time, latlon, gsd, waves)  # [B, 1 + L, D]
        return encoded[:, 0]

    def tokens(
        self, pixels: Tensor, time: Tensor, latlon: Tensor, gsd: float, waves: Tensor
    ) -> Tensor:
        """Return the input tokens of the transformer, [B, 1 + L, D]; arguments as for `forward`."""
        side = self._side(pixels)
        patches = self.patch_embedding(pixels, waves)  # [B, L, D]
        cls = self.cls_token.expand(len(patches), -1, -1)  # [B, 1, D], without a position
        return torch.cat([cls, patches + self.position(side, time, latlon, gsd)], dim=1)

    def position(self, side: int, time: Tensor, latlon: Tensor, gsd: float) -> Tensor:
        """Return the position codes of the `side` x `side` patches of each chip: [B, L, D]."""
        code = position_code(side, gsd, self.config.dim - METADATA_DIM).to(time.device)
        code = code.expand(len(time), -1, -1)  # [B, L, D - 8]
        metadata = torch.cat([time, latlon], dim=1)[:, None].expand(-1, side**2, -1)  # [B, L, 8]
        return torch.cat([code, metadata], dim=2)

    def _side(self, pixels: Tensor) -> int:
        """Return the number of tokens along a side of the square."""
        size = self.config.patch_size
        height, width = pixels.shape[-2:]
        if min(height, width) < size:
            raise EncoderError(
                f"The patches are {height} x {width} pixels and Clay needs at least "
                f"{size} x {size}: choose a larger patch size."
            )
        if height // size != width // size:
            raise EncoderError(
                f"The patches are {height} x {width} pixels and Clay needs squares: choose a "
                "square patch."
            )
        return int(height // size)


class PatchEmbedding(nn.Module):
    """Linear embedding of 8 x 8 patches, with weights generated from the wavelengths."""

    def __init__(self, config: ClayConfig) -> None:
        super().__init__()
        self.size = config.patch_size
        self.fclayer = WaveBlock()
        self.weight_generator = WeightGenerator(config)
        self._kept: dict[tuple[object, ...], tuple[Tensor, Tensor]] = {}
        self.register_load_state_dict_post_hook(  # type: ignore[no-untyped-call]  # from torch
            lambda module, _: module._kept.clear()
        )

    def forward(self, pixels: Tensor, waves: Tensor) -> Tensor:
        """Embed [B, C, H, W] pixels: [B, L, D]."""
        batch, bands, height, width = pixels.shape
        rows, columns, p = height // self.size, width // self.size, self.size
        kernel, bias = self.kernel(waves)  # [D, C, 8, 8], [D]
        # Patches do not overlap, so the convolution with stride 8 is one matrix product. Unlike a
        # convolution, a GPU does not silently compute it in TF32.
        x = pixels[:, :, : rows * p, : columns * p]
        x = x.reshape(batch, bands, rows, p, columns, p).permute(0, 2, 4, 1, 3, 5)
        x = x.reshape(batch, rows * columns, bands * p * p)  # [B, L, C * 64]
        return F.linear(x, 0.02 * kernel.flatten(1), bias)

    def kernel(self, waves: Tensor) -> tuple[Tensor, Tensor]:
        """Return kernel [D, C, 8, 8] and bias [D] for bands of these wavelengths."""
        if torch.is_grad_enabled():
            return self._make_kernel(waves)
        key = (tuple(waves.tolist()), waves.dtype, waves.device)
        if key not in self._kept:
            self._kept = {key: self._make_kernel(waves)}
        return self._kept[key]

    def _make_kernel(self, waves: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(
            waves.device.type, enabled=False
        ):  # computed once, so exact arithmetic costs little
            kernel, bias = self.weight_generator(self.fclayer(wave_code(waves)))
        return kernel, bias


class WaveBlock(nn.Module):
    """Residual block on the wavelength codes."""

    def __init__(self) -> None:
        super().__init__()
        self.l1 = nn.Linear(WAVE_DIM, WAVE_DIM)
        self.l2 = nn.Linear(WAVE_DIM, WAVE_DIM)

    def forward(self, x: Tensor) -> Tensor:
        """[C, 128] to [C, 128]."""
        return x + F.gelu(self.l2(F.gelu(self.l1(x))))


class WeightGenerator(nn.Module):
    """Hypernetwork that turns wavelength codes into the weights of the patch embedding."""

    def __init__(self, config: ClayConfig) -> None:
        super().__init__()
        self.size = config.patch_size
        self.weight_tokens = nn.Parameter(0.02 * torch.randn(WAVE_DIM, WAVE_DIM))
        self.bias_token = nn.Parameter(0.02 * torch.randn(1, WAVE_DIM))
        layer = nn.TransformerEncoderLayer(
            WAVE_DIM, nhead=4, dim_feedforward=2048, dropout=0, activation="gelu"
        )
        self.encoder = nn.TransformerEncoder(layer, num_layers=1, enable_nested_tensor=False)
        self.fc_weight = nn.Linear(WAVE_DIM, config.dim * self.size**2)
        self.fc_bias = nn.Linear(WAVE_DIM, config.dim)

    def forward(self, waves: Tensor) -> tuple[Tensor, Tensor]:
        """[C, 128] to kernel [D, C, 8, 8] and bias [D]."""
        x = torch.cat([self.weight_tokens, waves, self.bias_token])  # [128 + C + 1, 128]
        x = self.encoder(x)  # [128 + C + 1, 128]
        kernel = self.fc_weight(x[len(self.weight_tokens) : -1] + waves)  # [C, D * 64]
        kernel = kernel.view(len(waves), -1, self.size, self.size)  # [C, D, 8, 8]
        return kernel.permute(1, 0, 2, 3), self.fc_bias(x[-1])


class Transformer(nn.Module):
    """Pre-norm vision transformer."""

    def __init__(self, config: ClayConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.dim)
        self.layers = nn.Sequential(
            *(nn.Sequential(Attention(config), FeedForward(config)) for _ in range(config.depth))
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, D] to [B, N, D]."""
        encoded: Tensor = self.norm(self.layers(x))
        return encoded


class Attention(nn.Module):
    """Residual multi-head self-attention; the projections have no bias."""

    def __init__(self, config: ClayConfig) -> None:
        super().__init__()
        inner = config.heads * config.dim_head
        self.heads = config.heads
        self.norm = nn.LayerNorm(config.dim)
        self.to_qkv = nn.Linear(config.dim, 3 * inner, bias=False)
        self.to_out = nn.Linear(inner, config.dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, D] to [B, N, D]."""
        qkv = self.to_qkv(self.norm(x))  # [B, N, 3 * heads * dim_head]
        qkv = qkv.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k, v = qkv  # each [B, heads, N, dim_head]
        mixed = F.scaled_dot_product_attention(q, k, v)  # [B, heads, N, dim_head]
        update: Tensor = self.to_out(mixed.transpose(1, 2).flatten(2))  # [B, N, D]
        return x + update


class FeedForward(nn.Module):
    """Residual pair of linear layers with a GELU between them."""

    def __init__(self, config: ClayConfig) -> None:
        super().__init__()
        hidden = config.mlp_ratio * config.dim
        self.net = nn.Sequential(
            nn.LayerNorm(config.dim),
            nn.Linear(config.dim, hidden),
            nn.GELU(),
            nn.Linear(hidden, config.dim),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, D] to [B, N, D]."""
        update: Tensor = self.net(x)
        return x + update


def wave_code(waves: Tensor) -> Tensor:
    """Sinusoidal code of wavelengths in micrometres: [C] to [C, 128], sines then cosines."""
    half = WAVE_DIM // 2
    frequencies = 10000 ** -(torch.arange(half, device=waves.device) / (half - 1))
    angles = waves[:, None] * frequencies  # [C, 64]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def position_code(side: int, gsd: float, dim: int) -> Tensor:
    """Sinusoidal code of a square of tokens, row by row: [side**2, dim]; x, then y.

    The frequencies are multiplied by the ground sample distance, so that a metre has the same
    code at any resolution.
    """
    quarter = dim // 4
    frequencies = gsd * 10000 ** (-2 * (torch.arange(quarter) / (quarter - 1)) / dim)
    angles = torch.arange(side)[:, None] * frequencies  # [side, dim / 4]
    code = torch.cat([angles.sin(), angles.cos()], dim=1)  # [side, dim / 2]
    x = code[None].expand(side, -1, -1)
    y = code[:, None].expand(-1, side, -1)
    return torch.cat([x, y], dim=2).flatten(0, 1)


def _config_of(weights: dict[str, Tensor], path: Path) -> ClayConfig:
    """Detect the version from the class token; the other keys are checked against it."""
    shape = tuple(weights["cls_token"].shape) if "cls_token" in weights else None
    for config in (CLAY_V1, CLAY_V1_5):
        if shape == (1, 1, config.dim):
            return config
    found = "is missing" if shape is None else f"has the shape {shape}"
    raise EncoderError(
        f"{path} is not a Clay v1 or v1.5 encoder: its key cls_token {found}; give clay-v1-base."
        "ckpt, clay-v1.5.ckpt, or a conversion of one of them."
    )
