"""The protocol of encoders, and their input."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Chips:
    """A batch of patches, the input of an encoder.

    Attributes
    ----------
    pixels
        (n, C, H, W) float32 in the scene's units; pixels without data are
        already filled with the mean of the patch's valid pixels, band by band.
    latlon
        (n, 2) latitude and longitude of the patch centres, WGS 84 degrees.
    time
        Time of capture in UTC, noon if only the date is known; None if neither is known.
    times
        That of each patch, if the files of a mosaic were captured at several times.
    valid
        (n, H, W) False for the pixels that were filled; None if none was.
    """

    pixels: npt.NDArray[np.float32]
    latlon: npt.NDArray[np.float64]
    time: datetime | None = None
    times: tuple[datetime | None, ...] | None = None
    valid: npt.NDArray[np.bool_] | None = None

    def times_of_each(self) -> tuple[datetime | None, ...]:
        """Return the time of each patch."""
        return (self.time,) * len(self.pixels) if self.times is None else self.times

    def part(self, which: slice) -> Chips:
        """Return some of the patches."""
        times = None if self.times is None else self.times[which]
        valid = None if self.valid is None else self.valid[which]
        return Chips(self.pixels[which], self.latlon[which], self.time, times, valid)


@runtime_checkable
class Encoder(Protocol):
    """Turns patches into embeddings; the same batch always gives the same numbers."""

    name: str
    """Name for `--encoder`."""

    dim: int
    """Length of an embedding."""

    def describe(self) -> dict[str, Any]:
        """Return everything that the numbers depend on, as JSON types; the table records it."""
        ...

    def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
        """Embed a batch: (n, dim) float32, not normalised."""
        ...
