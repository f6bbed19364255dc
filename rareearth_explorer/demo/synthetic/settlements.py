"""Villages: houses along their lanes, yards, ponds, and plastic tunnels among the fields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rareearth_explorer.demo.synthetic import spectra
from rareearth_explorer.demo.synthetic.canvas import Canvas
from rareearth_explorer.demo.synthetic.noise import Floats, Integers, Noise
from rareearth_explorer.demo.synthetic.shapes import (
    Segments,
    cover,
    depth,
    disc,
    local,
    near,
    rectangle,
)
from rareearth_explorer.demo.synthetic.spectra import mix
from rareearth_explorer.demo.synthetic.terrain import Terrain

_ROOFS = np.stack([spectra.ZINC_ROOF, spectra.BLUE_ROOF, spectra.RUST_ROOF, spectra.THATCH])
_WATERS = np.stack(
    [
        spectra.POND,
        spectra.ALGAE,
        mix(spectra.POND, spectra.LEACHATE, 0.7),
        mix(spectra.POND, spectra.WET_SAND, 0.6),
    ]
)


@dataclass(frozen=True, eq=False)
class Slabs:
    """Rectangles or discs on the ground, one row each.

    Attributes
    ----------
    place
        (n, 2) x, y in pixels.
    angle
        (n,) direction of the length, in radians.
    half
        (n, 2) half length and half width in pixels.
    spectrum
        (n, 8) reflectance x 10,000.
    """

    place: Floats
    angle: Floats
    half: Floats
    spectrum: npt.NDArray[np.float32]

    def draw(self, canvas: Canvas, *, square: bool = True, opacity: float = 1.0) -> None:
        """Paint them level, in place."""
        for k in near(canvas.frame, self.place, float(self.half.max(initial=0)) * 1.5 + 3):
            length, width = self.half[k].tolist()
            reach = 1.5 * max(length, width) + 2
            found = local(canvas.frame, self.place[k], self.angle[k], reach)
            if found is None:
                continue
            box, u, v = found
            stretch = np.float32(1 if square else length / width)
            inside = rectangle(u, v, length, width) if square else disc(u, v * stretch, length)
            canvas.part(box).paint(opacity * cover(inside), self.spectrum[k], level=True)


@dataclass(frozen=True, eq=False)
class Settlements:
    """Villages of a scene with their houses, yards, ponds and tunnels."""

    noise: Noise
    centres: Floats
    yards: Slabs
    roofs: Slabs
    ponds: Slabs
    tunnels: Slabs
    lanes: Segments

    @classmethod
    def build(
        cls, noise: Noise, terrain: Terrain, villages: Integers, farms: Integers, waters: Integers
    ) -> Settlements:
        """Build villages, lone farms and ponds in the given cells."""
        rng = np.random.default_rng([noise.seed, 21])
        points = terrain.centres()
        houses = [(np.empty((0, 2)), np.empty(0), np.empty((0, 2, 2)))]
        houses += [_lanes(rng, terrain, *points[cell]) for cell in villages]
        houses += [_row(rng, points[cell], rng.uniform(0, np.pi), 1, 4) for cell in farms]
        place, angle, lane = (np.concatenate(part) for part in zip(*houses, strict=True))
        half = np.stack([rng.uniform(1.4, 3.2, len(place)), rng.uniform(1.0, 1.9, len(place))], 1)
        kind = rng.choice(4, len(place), p=[0.27, 0.23, 0.3, 0.2])
        light = rng.uniform(0.75, 1.1, (len(place), 1))
        roofs = Slabs(place, angle, half, (_ROOFS[kind] * light).astype(np.float32))
        earth = np.broadcast_to(mix(spectra.ORANGE_SOIL, spectra.STRAW, 0.5), (len(place), 8))
        yards = Slabs(place, angle, half + rng.uniform(1, 4, (len(place), 1)), 0.8 * earth)
        return cls(
            noise,
            points[villages],
            yards,
            roofs,
            _ponds(rng, points[np.concatenate([villages, waters])]),
            _tunnels(rng, points[villages[::3]]),
            Segments(lane[:, 0], lane[:, 1], np.full((len(lane), 2), 0.6)),
        )

    def draw(self, canvas: Canvas) -> None:
        """Paint yards, ponds, tunnels and roofs, in place."""
        canvas.paint(0.7 * cover(depth(canvas.frame, self.lanes)), spectra.DIRT_ROAD)
        self.yards.draw(canvas, square=False, opacity=0.3)
        self.ponds.draw(canvas, square=False)
        self.tunnels.draw(canvas)
        self.roofs.draw(canvas)


def _row(
    rng: np.random.Generator, start: Floats, direction: float, low: int, high: int
) -> tuple[Floats, Floats, Floats]:
    """Houses on both sides of a lane: places (n, 2), angles (n,), pieces of the lane (n, 2, 2)."""
    count = int(rng.integers(low, high + 1))
    along = np.cumsum(rng.uniform(3.5, 8.5, count))
    side = rng.choice([-1.0, 1.0], count) * rng.uniform(3.0, 6.0, count)
    turn = direction + 0.25 * np.sin(along / 25 + rng.uniform(0, 6))
    ahead = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    beside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    place = start + along[:, None] * ahead + side[:, None] * beside
    angle = turn + rng.choice([0, np.pi / 2], count, p=[0.7, 0.3]) + rng.normal(0, 0.1, count)
    middle = start + along[:, None] * ahead
    return place, angle, np.stack([np.vstack([start, middle[:-1]]), middle], axis=1)


def _lanes(
    rng: np.random.Generator, terrain: Terrain, x: float, y: float
) -> tuple[Floats, Floats, Floats]:
    up = terrain.uphill(x, y)
    level = float(np.arctan2(up[0], -up[1]))
    size = int(rng.integers(10, 34))
    lanes = [
        _row(rng, np.array([x, y]) + rng.normal(0, 4, 2), level + turn, size // 3, share)
        for turn, share in [(0.0, size), (np.pi, size), (1.3, size // 2), (0.25, size // 2)]
    ]
    place, angle, lane = (np.concatenate(part) for part in zip(*lanes, strict=True))
    return place, angle, lane


def _ponds(rng: np.random.Generator, centres: Floats) -> Slabs:
    count = rng.integers(1, 6, len(centres))
    start = np.repeat(centres + rng.normal(0, 25, centres.shape), count, axis=0)
    place = start + rng.normal(0, 9, start.shape)
    half = rng.uniform(1.4, 4.5, (len(place), 1)) * rng.uniform(0.75, 1, (len(place), 2))
    kind = rng.choice(4, len(place), p=[0.45, 0.25, 0.12, 0.18])
    return Slabs(place, rng.uniform(0, np.pi, len(place)), half, _WATERS[kind])


def _tunnels(rng: np.random.Generator, centres: Floats) -> Slabs:
    """Plastic tunnels for vegetables: parallel, bright, and longer than they are wide."""
    place, angle = [np.empty((0, 2))], [np.empty(0)]
    for centre in centres:
        start, turn = centre + rng.normal(0, 35, 2), float(rng.uniform(0, np.pi))
        step = np.arange(int(rng.integers(3, 9)))[:, None] * rng.uniform(3.6, 5.0)
        place.append(start + step * [-np.sin(turn), np.cos(turn)])
        angle.append(np.full(len(step), turn))
    spot = np.concatenate(place)
    half = np.stack([rng.uniform(4, 8, len(spot)), np.full(len(spot), 1.2)], axis=1)
    shine = rng.uniform(0.6, 1.0, (len(spot), 1)).astype(np.float32)
    return Slabs(spot, np.concatenate(angle), half, spectra.PLASTIC * shine)


def sheds(rng: np.random.Generator, pools: Floats, angle: float) -> Slabs:
    """Roofs of a mine: a few sheds beside (n, 2) pools, along the contour."""
    count = int(rng.integers(0, 4))
    away = rng.normal(0, 1, (count, 2))
    reach = np.abs(pools - pools.mean(axis=0)).max() + rng.uniform(5, 9, (count, 1))
    place = pools.mean(axis=0) + reach * away / np.hypot(*away.T)[:, None]
    half = np.stack([rng.uniform(1.6, 3.4, count), rng.uniform(1.1, 1.8, count)], axis=1)
    roof = _ROOFS[rng.integers(0, 3, count)]
    return Slabs(place, angle + rng.normal(0, 0.2, count), half, roof)
