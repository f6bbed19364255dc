"""How fast the Clay encoder is beside plain torch modules of the same sizes: run me as a script.

The plain encoder is a strided convolution, a class token, a learned position and torch's own
`nn.TransformerEncoder`, whose layers are fused in inference; nothing depends on wavelength, time
or place. What it cannot do is the price of Clay's generality, and should be nearly nothing: the
goal is 95 % of its rate. Both run in turn in one process, with random weights, on the same chips;
a ratio is the median over the rounds of the two rates measured next to each other.

    python tests/benchmarks/bench_clay.py [--batch 16] [--rounds 7] [--dtype bfloat16]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from rareearth_explorer.embedding.encoders.clay import CLAY_V1, ClayConfig, ClayEncoder


class PlainEncoder(nn.Module):
    """Vision transformer of the same sizes as Clay's."""

    def __init__(self, config: ClayConfig, bands: int, side: int) -> None:
        super().__init__()
        size = config.patch_size
        self.embed = nn.Conv2d(bands, config.dim, size, stride=size)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        self.position = nn.Parameter(torch.randn(1, side**2, config.dim))
        layer = nn.TransformerEncoderLayer(
            config.dim,
            config.heads,
            config.dim * config.mlp_ratio,
            dropout=0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(
            layer, config.depth, norm=nn.LayerNorm(config.dim), enable_nested_tensor=False
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """[B, C, H, W] to [B, 1 + L, D]."""
        patches = self.embed(pixels).flatten(2).transpose(1, 2) + self.position
        x = torch.cat([self.cls_token.expand(len(pixels), -1, -1), patches], dim=1)
        encoded: Tensor = self.layers(x)
        return encoded


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """Wall time of one call, the device's work included."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def compare(device: torch.device, dtype: torch.dtype, batch: int, rounds: int) -> str:
    """One line: chips per second of both, and the ratio."""
    torch.manual_seed(0)
    bands, pixels_a_side = 8, 84
    clay = ClayEncoder(CLAY_V1).eval().to(device)
    plain = PlainEncoder(CLAY_V1, bands, pixels_a_side // CLAY_V1.patch_size).eval().to(device)
    pixels = torch.randn(batch, bands, pixels_a_side, pixels_a_side, device=device)
    metadata = torch.randn(batch, 4, device=device)
    waves = torch.linspace(0.44, 0.87, bands, device=device)
    reduced = torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32)
    with torch.inference_mode(), reduced:
        runs = (lambda: clay(pixels, metadata, metadata, 5.0, waves), lambda: plain(pixels))
        for run in runs:  # the first call sets up threads and kernels
            run()
        times = [[seconds(run, device) for run in runs] for _ in range(rounds)]
    rates = [[batch / t for t in pair] for pair in times]
    ratios = sorted(ours / theirs for ours, theirs in rates)
    ours, theirs = (statistics.median(column) for column in zip(*rates, strict=True))
    return (
        f"{device.type}, {str(dtype).removeprefix('torch.')}, batch {batch}: "
        f"Clay v1 {ours:.1f} chips/s, plain modules {theirs:.1f} chips/s, "
        f"ratio {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
    )


def main() -> None:
    """Compare on the CPU, and on a GPU where there is one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    options = parser.parse_args()
    dtype = getattr(torch, options.dtype)
    for name in ["cpu"] + ["cuda"] * torch.cuda.is_available():
        print(compare(torch.device(name), dtype, options.batch, options.rounds))


if __name__ == "__main__":
    main()
