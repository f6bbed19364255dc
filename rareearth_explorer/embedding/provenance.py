"""Provenance of embeddings: the identity of files, and the record of scene and encoder."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.scene.units import Conversion
from rareearth_explorer.data.scene.validity import Nodata
from rareearth_explorer.embedding.encoders.encoder import Encoder


def file_identity(path: Path) -> dict[str, Any]:
    """Identify a file by its name and its whole content, as JSON types."""
    with path.open("rb") as file:
        return {"name": path.name, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def describe_sources(scene: Scene) -> list[dict[str, Any]]:
    """Identify the files that a scene is read from, and how they are read, as JSON types."""
    return [
        {
            **file_identity(source.path),
            "time": source.time.isoformat() if source.time else None,
            "bands": list(source.bands),
            "udm2": file_identity(source.udm2) if source.udm2 else None,
            "nodata": _json_number(source.nodata),
            "conversion": _describe_conversion(source.conversion),
        }
        for source in scene.sources
    ]


def _json_number(nodata: Nodata) -> float | str | None:
    """Write a nodata value with JSON types, which have no NaN and no infinity."""
    return str(nodata) if isinstance(nodata, float) and not math.isfinite(nodata) else nodata


def _describe_conversion(conversion: Conversion | None) -> dict[str, Any] | None:
    if conversion is None:
        return None
    return {
        "gain": conversion.gain.tolist(),
        "offset": conversion.offset.tolist(),
        "reflectance_1": conversion.one,
    }


def describe_encoder(encoder: Encoder) -> dict[str, Any]:
    """Return the record of an encoder, as JSON types: its description and its length."""
    described = encoder.describe()
    return described if "dim" in described else {**described, "dim": encoder.dim}
