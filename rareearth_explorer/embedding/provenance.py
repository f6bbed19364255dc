"""Provenance of embeddings: the record of what they are made of, and by which encoder."""

from __future__ import annotations

from typing import Any

from rareearth_explorer.embedding.encoders.encoder import Encoder
from rareearth_explorer.embedding.pixel_source import PixelSource


def describe_sources(pixels: PixelSource) -> list[dict[str, Any]]:
    """Identify the files that pixels are read from, and how they are read, as JSON types."""
    return [source.describe() for source in pixels.sources]


def describe_encoder(encoder: Encoder) -> dict[str, Any]:
    """Return the record of an encoder, as JSON types: its description and its length."""
    described = encoder.describe()
    return described if "dim" in described else {**described, "dim": encoder.dim}
