"""Encoders turn patches of imagery into embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy.typing as npt

from rareearth_explorer.encoders.encoder import Chips, Encoder
from rareearth_explorer.encoders.random_features import RandomFeatures
from rareearth_explorer.errors import EncoderError

__all__ = ["Chips", "Encoder", "available", "load"]


def available() -> tuple[str, ...]:
    """Names that `load` knows."""
    return (RandomFeatures.name,)


def load(
    name: str,
    *,
    bands: Sequence[str],
    means: npt.ArrayLike,
    stds: npt.ArrayLike,
    gsd: float,
    weights: Path | None = None,
) -> Encoder:
    """Make an encoder for a scene.

    Parameters
    ----------
    name
        One of `available()`.
    bands
        Band roles of the scene in the order of its channels, such as blue, green, red, nir.
    means, stds
        The scene's statistics, band by band, in digital numbers.
    gsd
        Ground sample distance of the scene in metres.
    weights
        File of the encoder's weights, for an encoder that has any.

    Raises
    ------
    EncoderError
        If there is no such encoder, or the weights or the scene do not fit it.
    """
    if name != RandomFeatures.name:
        raise EncoderError(f"There is no encoder {name}: choose one of {', '.join(available())}.")
    if weights is not None:
        raise EncoderError(f"{name} has no weights, and {weights} was given: leave it out.")
    return RandomFeatures(bands, means, stds, gsd)
