"""Encoders, which turn patches into embeddings; only this package imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy.typing as npt

from rareearth_explorer.embedding.encoders.clay_options import ClayOptions
from rareearth_explorer.embedding.encoders.encoder import Chips, Encoder
from rareearth_explorer.embedding.encoders.known_sensors import sensors
from rareearth_explorer.embedding.encoders.random_features import RandomFeatures
from rareearth_explorer.errors import EncoderError

__all__ = [
    "Chips",
    "ClayOptions",
    "Encoder",
    "available",
    "convert_checkpoint",
    "load",
    "sensors",
]

CLAY = ("clay-v1", "clay-v1.5")

LEAST_PIXELS = 8
"""Smallest side of a patch, in pixels, that all encoders of this package accept."""


def available() -> tuple[str, ...]:
    """Names that `load` accepts; Clay also needs torch and weights."""
    return (RandomFeatures.name, *CLAY)


def load(
    name: str,
    *,
    bands: Sequence[str],
    means: npt.ArrayLike,
    stds: npt.ArrayLike,
    gsd: float,
    one: float | None = None,
    weights: Path | None = None,
    options: ClayOptions | None = None,
) -> Encoder:
    """Make an encoder for a scene.

    Parameters
    ----------
    name
        One of `available()`.
    bands
        Band roles of the scene in the order of its channels, such as blue, green, red, nir.
    means, stds
        The scene's statistics, band by band, in the scene's units.
    gsd
        Ground sample distance of the scene in metres.
    one
        The value that stands for reflectance 1 in the scene; None if its files do not say.
    weights
        File of the encoder's weights: a checkpoint of Clay, or its conversion by
        `convert_checkpoint`.
    options
        Options of Clay.

    Raises
    ------
    EncoderError
        If there is no such encoder, or the weights or the scene do not fit it.
    """
    if name not in available():
        raise EncoderError(f"There is no encoder {name}: choose one of {', '.join(available())}.")
    if name in CLAY:
        if weights is None:
            raise EncoderError(f"{name} needs its weights: give the file {name}*.ckpt.")
        _require_torch()
        from rareearth_explorer.embedding.encoders.clay_adapter import ClayAdapter

        scene = {"bands": bands, "means": means, "stds": stds, "gsd": gsd, "one": one}
        return ClayAdapter.load(name, weights, **scene, options=options)
    if weights is not None:
        raise EncoderError(f"{name} has no weights, but {weights} was given: omit it.")
    if options is not None:
        raise EncoderError(f"{name} does not have the options of Clay: omit them.")
    return RandomFeatures(bands, means, stds, gsd)


def convert_checkpoint(source: Path, target: Path) -> str:
    """Write only the Clay encoder of a checkpoint, as a safetensors file.

    Parameters
    ----------
    source
        A Lightning checkpoint of Clay v1 (1.73 GB) or v1.5 (5.16 GB).
    target
        File to write (0.37 GB or 1.25 GB); it is replaced only when the new file is complete.

    Returns
    -------
    str
        The encoder's name, `clay-v1` or `clay-v1.5`.

    Raises
    ------
    EncoderError
        If torch is not installed, the source is not such a checkpoint, or the target cannot be
        written.
    """
    _require_torch()
    from rareearth_explorer.embedding.encoders.clay import ClayEncoder
    from rareearth_explorer.embedding.encoders.clay_weights import write_weights

    encoder = ClayEncoder.from_checkpoint(source)
    write_weights(encoder.state_dict(), target)
    return encoder.config.name


def _require_torch() -> None:
    missing = [package for package in ("torch", "safetensors") if find_spec(package) is None]
    if missing:
        raise EncoderError(
            f'Clay needs {" and ".join(missing)}: run pip install "rareearth-explorer[clay]".'
        )
