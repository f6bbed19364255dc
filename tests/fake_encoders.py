"""Encoders for tests of the pipeline: cheap ones, failing ones, and a tiny Clay.

Worker processes import this module too, so it imports nothing of pytest.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.embedding.encoders import Chips, ClayOptions, Encoder, sensors
from rareearth_explorer.errors import EncoderError

FIXTURE = Path(__file__).parent / "data" / "clay_fixture"


class Means:
    """Mean and standard deviation of each band, and the place."""

    name = "means"

    def __init__(self, bands: int = 4, seconds: float = 0, **described: Any) -> None:
        self.dim = 2 * bands + 2
        self.seconds = seconds
        self.described = described

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "dim": self.dim, **self.described}

    def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
        time.sleep(self.seconds * len(chips.pixels))
        parts = [chips.pixels.mean(axis=(2, 3)), chips.pixels.std(axis=(2, 3)), chips.latlon]
        return np.concatenate(parts, axis=1).astype(np.float32)


class Failing(Means):
    """Works for some batches, then does what it is told."""

    def __init__(self, batches: int, failure: Callable[[], Any], **described: Any) -> None:
        super().__init__(**described)
        self.left, self.failure = batches, failure

    def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
        self.left -= 1
        if self.left < 0:
            self.failure()
        return super().encode(chips)


def tiny_clay(weights: Path = FIXTURE / "clay_v1_tiny.ckpt", gsd: float = 3) -> Encoder:
    """A Clay of 32 numbers for PlanetScope's eight bands."""
    from rareearth_explorer.embedding.encoders.clay import ClayConfig, ClayEncoder
    from rareearth_explorer.embedding.encoders.clay_adapter import ClayAdapter

    config = ClayConfig("tiny", dim=32, depth=2, heads=2, dim_head=12)
    encoder = ClayEncoder.from_checkpoint(weights, config)
    bands = tuple(sensors()["planetscope-8"].bands)
    options = ClayOptions(gsd=gsd, device="cpu")
    return ClayAdapter(encoder, bands, [2000.0] * 8, [500.0] * 8, 3.0, options)


class Slow:
    """Another encoder, slowed down; it describes itself as that one."""

    def __init__(self, encoder: Encoder, seconds: float) -> None:
        self.name, self.dim, self.describe = encoder.name, encoder.dim, encoder.describe
        self._encode, self._seconds = encoder.encode, seconds

    def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
        time.sleep(self._seconds)
        return self._encode(chips)


def slow_tiny_clay() -> Encoder:
    """A tiny Clay that takes 30 ms for a batch."""
    return Slow(tiny_clay(), 0.03)


def means_on(device_variable: str) -> Encoder:
    """Means that say they were taken on the device that an environment variable names."""
    return Slow(Means(8, device=os.environ.get(device_variable)), 0.03)


def refuse() -> None:
    """Fail as an encoder does that does not fit."""
    raise EncoderError("X cannot be used.")
