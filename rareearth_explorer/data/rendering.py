"""Turn arrays into colours and pictures; no widgets."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
import numpy.typing as npt


@lru_cache
def palette_rgba(name: str) -> bytes:
    """256 RGBA colours for the levels, 1024 bytes; the first is transparent."""
    from matplotlib import colormaps

    colours = (colormaps[name](np.linspace(0, 1, 255)) * 255).round().astype(np.uint8)
    return bytes(4) + colours.tobytes()


@lru_cache
def palette_hex(name: str, colours: int) -> list[str]:
    """Colours of a palette as ``#rrggbb``, evenly spaced from low to high."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps[name](part)) for part in np.linspace(0, 1, colours)]


def encode_picture(pixels: npt.NDArray[np.uint8], form: str = "webp") -> bytes:
    """Encode an RGB or RGBA picture, (H, W, 3 or 4) uint8, for a browser.

    WebP at quality 85 is a tenth of PNG's size at no visible loss and keeps transparency.
    """
    from PIL import Image

    file = io.BytesIO()
    options = {"quality": 85, "method": 0} if form == "webp" else {}
    Image.fromarray(pixels).save(file, form, **options)
    return file.getvalue()
