"""Bare ground on slopes: cleared and terraced hillsides, landslides and quarries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rareearth_explorer.demo.synthetic import spectra
from rareearth_explorer.demo.synthetic.canvas import Canvas
from rareearth_explorer.demo.synthetic.noise import Floats, Integers, Noise
from rareearth_explorer.demo.synthetic.shapes import Segments, box_around, cover, depth
from rareearth_explorer.demo.synthetic.spectra import mix, ramp
from rareearth_explorer.demo.synthetic.terrain import CELL, Terrain

_REACH = 12.0
"""Distance in pixels that a ragged edge may reach beyond its bands."""


@dataclass(frozen=True, eq=False)
class Clearing:
    """A patch of bare ground.

    Attributes
    ----------
    outline
        Bands that make up its area.
    pale, grey
        0 to 1: from orange to pale earth, and from earth to rock.
    regrown
        Share of the ground that is overgrown with grass, 0 to 1.
    terraced
        Contrast of the terraces, 0 to 1.
    step
        Metres of height from one terrace to the next.
    """

    outline: Segments
    pale: float
    grey: float = 0.0
    regrown: float = 0.0
    terraced: float = 0.0
    step: float = 4.0

    @cached_property
    def bounds(self) -> tuple[Floats, Floats]:
        """Smallest and largest x, y that the bare ground may reach, in pixels."""
        low, high = self.outline.corners
        return low.min(axis=0) - _REACH, high.max(axis=0) + _REACH

    def draw(self, canvas: Canvas, noise: Noise) -> None:
        """Paint the bare ground, in place."""
        low, high = self.bounds
        box = box_around(canvas.frame, low, high)
        if box is None:
            return
        here = canvas.part(box)
        inside = depth(here.frame, self.outline, reach=4, warp=here.warp)
        inside += np.float32(1.9) * noise.fractal("ragged", here.frame, 9, 3)
        if inside.max() <= -4:
            return
        tone = noise.fractal("earth", here.frame, 9, 3)
        earth = mix(spectra.ORANGE_SOIL, spectra.PALE_SOIL, np.clip(self.pale + 0.22 * tone, 0, 1))
        earth = earth + np.float32(self.grey) * (spectra.GREY_ROCK[:, None, None] - earth)
        phase = here.relief.elevation / np.float32(self.step)
        bench = np.abs(2 * (phase - np.floor(phase)) - 1)
        slope = ramp(here.relief.steepness, 0.05, 0.25)
        benches = np.float32(0.5 * self.terraced) * slope * (bench - np.float32(0.45))
        sprout = noise.fractal("sprout", here.frame, 12, 3)
        green = ramp(sprout, 1.6 - 3.2 * self.regrown, 2.4 - 3.2 * self.regrown)
        here.paint(0.35 * cover(inside + 2, 4), spectra.GRASS)
        here.paint(cover(inside, 1.5), earth * (1 + benches + np.float32(0.06) * tone))
        here.paint(0.75 * green * cover(inside), spectra.GRASS)


def landslides(noise: Noise, terrain: Terrain, starts: Integers) -> list[Clearing]:
    """Make scars that start in the given cells and run down the steepest slope."""
    rng = np.random.default_rng([noise.seed, 11])
    points, receiver = terrain.centres(), terrain.drainage.receiver
    scars = []
    for cell in starts.tolist():
        path = [cell]
        for _ in range(int(rng.integers(4, 13))):
            path.append(int(receiver[path[-1]]))
        way = points[path] + rng.normal(0, 1.5, (len(path), 2))
        profile = np.sin(np.linspace(0.35, 2.7, len(path))) * rng.uniform(2.5, 7)
        scars.append(
            Clearing(
                Segments.along(way, np.maximum(profile, 0.8)),
                pale=float(rng.uniform(0.0, 0.7)),
                grey=float(rng.uniform(0.0, 0.5)),
                regrown=float(rng.uniform(0.0, 0.75)),
            )
        )
    return scars


def pits(noise: Noise, terrain: Terrain, places: Floats, *, quarry: bool) -> list[Clearing]:
    """Make quarries, or slopes cleared for building, at (n, 2) x, y places."""
    rng = np.random.default_rng([noise.seed, 12 + quarry])
    cleared = []
    for x, y in places.tolist():
        up = terrain.uphill(x, y)
        across = np.array([-up[1], up[0]])
        length, width = rng.uniform(0.8, 2.2) * CELL, rng.uniform(6, 13)
        ways = [
            Segments.along([[x, y] - across * length, [x, y] + across * length], width),
            Segments.along([[x, y], [x, y] + up * rng.uniform(1, 2.5) * CELL], [width, 4]),
        ]
        cleared.append(
            Clearing(
                Segments.join(ways),
                pale=float(rng.uniform(0.1, 0.9)),
                grey=float(rng.uniform(0.5, 1.0)) if quarry else 0.0,
                regrown=float(rng.uniform(0.0, 0.35)),
                terraced=float(rng.uniform(0.3, 0.9)),
                step=float(rng.uniform(3, 5) if quarry else rng.uniform(2.5, 4)),
            )
        )
    return cleared
