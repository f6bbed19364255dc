"""Spectral indices: one number from the bands of a pixel, whose variation measures activity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data import scene
from rareearth_explorer.errors import SceneError


@dataclass(frozen=True)
class Index:
    """A normalised difference of two bands, or the mean of all of them.

    Attributes
    ----------
    name
        Name of the index.
    bands
        Roles (a, b) of ``(a - b) / (a + b)``, in [-1, 1]; None for brightness, the mean of all
        bands in their units.
    """

    name: str
    bands: tuple[str, str] | None = None

    @classmethod
    def named(cls, name: str | None, roles: Sequence[str]) -> Self:
        """Find an index for the bands of a scene.

        Parameters
        ----------
        name
            One of `INDICES`, `brightness`, or two roles `a,b`; None for the blue-white index
            if there are blue and red, else brightness.
        roles
            Roles of the scene's bands.

        Raises
        ------
        SceneError
            There is no such index, or one of its bands is missing.
        """
        if name is None:
            name = "blue-white" if {"blue", "red"} <= set(roles) else "brightness"
        if name == "brightness":
            return cls(name)
        first, _, second = name.partition(",")
        bands = INDICES.get(name, (first, second))
        if "" in bands:
            raise SceneError(
                f"There is no index {name!r}; choose one of {', '.join(INDICES)}, brightness, or "
                "two bands such as nir,red."
            )
        missing = [band for band in bands if band not in roles]
        if missing:
            raise SceneError(
                f"The index {name} needs the band {missing[0]}, and the bands are "
                f"{', '.join(roles)}; name them with --bands or choose another index."
            )
        return cls(name, bands)

    def of(self, pixels: npt.NDArray[Any], roles: Sequence[str]) -> npt.NDArray[np.float64]:
        """Compute the index of pixels.

        Parameters
        ----------
        pixels
            (C, ...) in the scene's units.
        roles
            C roles of the bands.

        Returns
        -------
        (...) float64; NaN where a or b is below 0, as in deep shadow after a correction of the
        atmosphere, or both are 0: there the index says nothing.
        """
        if self.bands is None:
            return np.asarray(pixels.mean(axis=0, dtype=np.float64))
        a, b = (pixels[roles.index(band)].astype(np.float64) for band in self.bands)
        return scene.normalised_difference(a, b)


INDICES = {name: index.bands for name, index in scene.INDICES.items()}
"""Bands of the normalised differences by name. Leachate is blue, above 0.1 in the blue-white index;
the white precipitate is at 0 or below, as is bare soil. Factors common to all bands, such as the
slope of the ground towards the sun, cancel."""

BLUE_WHITE = Index("blue-white", INDICES["blue-white"])
