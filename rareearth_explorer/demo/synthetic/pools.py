"""Precipitation pools: their shape, and their cycle from blue to white and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from rareearth_explorer.demo.synthetic import spectra
from rareearth_explorer.demo.synthetic.canvas import Canvas
from rareearth_explorer.demo.synthetic.noise import Floats, Noise
from rareearth_explorer.demo.synthetic.shapes import cover, disc, local, near, rectangle
from rareearth_explorer.demo.synthetic.spectra import mix, ramp

_LINER = 1.1
"""Width of the bright rim of a pool in pixels."""


@dataclass(frozen=True, eq=False)
class Pools:
    """Pools of a scene, one row each.

    Attributes
    ----------
    place
        (n, 2) x, y in pixels.
    radius
        (n,) half of the pool's breadth in pixels: 1.7 to 2.5, so that it is 10 to 15 m across.
    angle
        (n,) direction of a square pool's sides in radians.
    square
        (n,) whether the pool is square rather than circular.
    site
        (n,) number of the mine it belongs to.
    active
        (n,) whether the pool is in use.
    period
        (n,) days from one precipitation to the next, 5 to 6.
    phase
        (n,) share of the cycle that had passed at `start`, 0 to 1.
    opened
        (n,) days from `start` to the digging of the pool; 0 if it existed before.
    start
        The date that phases and days are counted from.
    """

    place: Floats
    radius: Floats
    angle: Floats
    square: npt.NDArray[np.bool_]
    site: npt.NDArray[np.int64]
    active: npt.NDArray[np.bool_]
    period: Floats
    phase: Floats
    opened: npt.NDArray[np.int64]
    start: date

    def __len__(self) -> int:
        """Count the pools."""
        return len(self.place)

    def visible(self, day: date) -> npt.NDArray[np.bool_]:
        """(n,) whether each pool had been dug by a date."""
        return self.opened <= (day - self.start).days

    def spectrum(self, noise: Noise, day: date) -> npt.NDArray[np.float32]:
        """(n, 8) reflectance x 10,000 of the pools' surfaces on a date."""
        cycle = (self.phase + (day - self.start).days / self.period) % 1.0
        # Blue while it fills, white once the carbonate settles, until it is dug out.
        white = ramp(cycle.astype(np.float32), 0.3, 0.85)
        number = np.arange(len(self))
        hue = 0.35 * noise.uniform("pool/hue", number, 0)
        filled = mix(spectra.LEACHATE, spectra.POND, hue * (1 - white))
        working = filled + white * (spectra.PRECIPITATE[:, None] - filled)
        rest = 0.7 * noise.uniform("pool/rest", number, 0)
        disused = mix(spectra.ABANDONED_POOL, spectra.ALGAE, rest)
        light = 0.85 + 0.3 * noise.uniform("pool/light", number, 0)
        return np.asarray((np.where(self.active, working, disused) * light).T, np.float32)

    def draw(self, canvas: Canvas, noise: Noise, day: date) -> None:
        """Paint the pools that exist on a date, in place."""
        seen, spectrum = self.visible(day), self.spectrum(noise, day)
        rim = mix(spectra.PALE_SOIL, spectra.PRECIPITATE, 0.25)
        for k in near(canvas.frame, self.place, 8):
            found = local(canvas.frame, self.place[k], self.angle[k], 6.0)
            if found is None or not seen[k]:
                continue
            box, u, v = found
            radius = float(self.radius[k])
            inside = rectangle(u, v, radius, radius) if self.square[k] else disc(u, v, radius)
            here = canvas.part(box)
            here.paint((0.85 if self.active[k] else 0.4) * cover(inside + _LINER), rim)
            here.paint(cover(inside), spectrum[k], level=True)
