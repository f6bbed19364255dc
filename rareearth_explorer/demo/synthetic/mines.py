"""Mines: their sites, the arrangement of their pools on the slope, and their opening dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE, patch_pixels
from rareearth_explorer.demo.synthetic.canvas import Canvas
from rareearth_explorer.demo.synthetic.clearings import Clearing
from rareearth_explorer.demo.synthetic.noise import Floats, Integers, Noise
from rareearth_explorer.demo.synthetic.pools import Pools
from rareearth_explorer.demo.synthetic.settlements import Slabs, sheds
from rareearth_explorer.demo.synthetic.shapes import Segments
from rareearth_explorer.demo.synthetic.siting import Siting
from rareearth_explorer.demo.synthetic.terrain import GSD, Terrain

Bools = npt.NDArray[np.bool_]
Places = list[tuple[Floats, Bools]]

PATCH = patch_pixels(DEFAULT_PATCH_SIZE, GSD)
"""Side of a patch in pixels: 84."""

_SHARE = 0.025
"""Share of the patches that hold a pool on the first date; in the paper it is 531 in 28,757."""

_LATE = 8
"""One in this many sites opens after the first date."""

_SITE_REACH = 20.0
"""Pools nearer than this many pixels (60 m) belong to one mine."""


@dataclass(frozen=True, eq=False)
class Mines:
    """Mines of a scene.

    Attributes
    ----------
    noise
        Noise of the scene.
    pools
        Every pool.
    clearings
        Bare slope of each site.
    sheds
        Roofs of each site.
    opened
        (sites,) days from the first date to the opening of each site.
    """

    noise: Noise
    pools: Pools
    clearings: list[Clearing]
    sheds: list[Slabs]
    opened: npt.NDArray[np.int64]

    @classmethod
    def dig(
        cls, noise: Noise, terrain: Terrain, sites: Places, dates: Sequence[date], *, late: bool
    ) -> Mines:
        """Open a mine at each site.

        Parameters
        ----------
        noise, terrain
            Noise and terrain of the scene.
        sites
            Pools of each mine: (n, 2) x, y in pixels, and (n,) whether each is square.
        dates
            Acquisition dates, the earliest first.
        late
            Whether one site in eight opens only after the first date.
        """
        rng = np.random.default_rng([noise.seed, 31])
        later = [(day - dates[0]).days for day in dates[1:]] or [0]
        opened = rng.choice(later, len(sites)) * (late & _opens_late(np.arange(len(sites))))
        in_use = (rng.random(len(sites)) < 0.72) | (opened > 0)
        number = np.repeat(np.arange(len(sites)), [len(place) for place, _ in sites])
        n = len(number)
        level = [_level(terrain, place.mean(axis=0)) for place, _ in sites]
        pools = Pools(
            place=np.concatenate([np.empty((0, 2)), *(place for place, _ in sites)]),
            radius=rng.uniform(10 / 6, 15 / 6, n),
            angle=np.array(level)[number] + rng.normal(0, 0.1, n) if n else np.empty(0),
            square=np.concatenate([np.empty(0, bool), *(square for _, square in sites)]),
            site=number,
            active=in_use[number] & (rng.random(n) < 0.88),
            period=rng.uniform(5, 6, n),
            phase=rng.random(n),
            opened=opened[number],
            start=dates[0],
        )
        clearings = [
            _clear(rng, terrain, place, used)
            for (place, _), used in zip(sites, in_use, strict=True)
        ]
        roofs = [sheds(rng, place, angle) for (place, _), angle in zip(sites, level, strict=True)]
        return cls(noise, pools, clearings, roofs, opened)

    def draw(self, canvas: Canvas, day: date) -> None:
        """Paint the mines that exist on a date, in place."""
        for k in np.flatnonzero(self.opened <= (day - self.pools.start).days):
            self.clearings[k].draw(canvas, self.noise)
            self.sheds[k].draw(canvas)
        self.pools.draw(canvas, self.noise, day)


def lay_out(rng: np.random.Generator, terrain: Terrain, x: float, y: float) -> tuple[Floats, Bools]:
    """Pools of one mine in rows along the contours: (n, 2) x, y and (n,) whether square.

    The number of pools follows the pools mapped at Pang War: half of the sites have three or
    fewer, one in ten has 14 or more, the largest some 25.
    """
    count = int(np.clip(np.exp(rng.normal(1.3, 1.05)), 1, 25))
    per_row = max(1, round(np.sqrt(count * rng.uniform(1.2, 3.2))))
    gap, places = rng.uniform(5.2, 6.4), list[Floats]()
    row = np.array([x, y])
    while len(places) < count:
        up = terrain.uphill(*row)
        spot = row + rng.normal(0, 3) * np.array([-up[1], up[0]])
        for _ in range(min(per_row, count - len(places))):
            places.append(spot + rng.normal(0, 0.45, 2))
            up = terrain.uphill(*spot)
            spot = spot + gap * rng.uniform(0.95, 1.15) * np.array([-up[1], up[0]])
        row = row - terrain.uphill(*row) * gap * rng.uniform(1.05, 1.7)
    shift = np.mean(places, axis=0) - [x, y]
    square = rng.random(count) < rng.choice([0.05, 0.6, 0.95])
    return np.array(places) - shift, square


def find_sites(siting: Siting, valid: Bools) -> Places:
    """Sites for mines, on slopes near streams and near one another.

    Parameters
    ----------
    siting
        Suitability of the ground.
    valid
        (rows, columns) whether each patch has data; no pool lies in a patch without.
    """
    rng = np.random.default_rng([siting.noise.seed, 32])
    liking = siting.slope * siting.districts("mining")
    mined = np.zeros(valid.shape, bool)
    sites: Places = []
    for cell in siting.scatter("mines", liking, per_km2=1.0, apart=45, least=30):
        place, square = lay_out(rng, siting.terrain, *siting.points[cell])
        column, row = (place // PATCH).astype(np.int64).T
        within = (place.min() > 3) & (row < valid.shape[0]).all() & (column < valid.shape[1]).all()
        if not within or not valid[row, column].all():
            continue
        sites.append((place, square))
        mined[row, column] |= not _opens_late(np.array(len(sites) - 1))
        if len(sites) > 1 and mined.sum() >= _SHARE * valid.sum():
            break
    return sites


def _opens_late(site: Integers) -> Bools:
    return np.asarray(site % _LATE == 1)


def group(places: Floats, noise: Noise) -> Places:
    """Sites of given pools: those within 60 m of one another belong together."""
    near = cKDTree(places).sparse_distance_matrix(cKDTree(places), _SITE_REACH)
    count, site = connected_components(near, directed=False)
    square = noise.uniform("square", np.arange(len(places)), 0) < 0.6
    return [(places[site == k], square[site == k]) for k in range(count)]


def _level(terrain: Terrain, place: Floats) -> float:
    up = terrain.uphill(*place)
    return float(np.arctan2(up[0], -up[1]))


def _clear(rng: np.random.Generator, terrain: Terrain, place: Floats, in_use: bool) -> Clearing:
    """Bare ground around the pools and up the slope that is leached."""
    centre = place.mean(axis=0)
    nearest = cKDTree(place).query(place, k=min(3, len(place)))[1].reshape(len(place), -1)
    pairs = [
        Segments.along(place[[i, j]], rng.uniform(4.5, 8.0))
        for i, row in enumerate(nearest.tolist())
        for j in row
    ]
    up = terrain.uphill(*centre)
    spread = float(np.sqrt(((place - centre) ** 2).sum(axis=1)).max())
    top = centre + up * (spread + rng.uniform(4, 22)) + rng.normal(0, 4, 2)
    slope = Segments.along([centre, top], [5 + 0.5 * spread, rng.uniform(4, 10)])
    foot = centre - up * (spread + rng.uniform(5, 30)) + rng.normal(0, 5, 2)
    spoil = Segments.along([centre, foot], [3 + 0.3 * spread, 0.8])
    return Clearing(
        Segments.join([*pairs, slope, spoil]),
        pale=float(rng.uniform(0.05, 0.95)),
        regrown=float(rng.uniform(0.05, 0.3) if in_use else rng.uniform(0.35, 0.7)),
        terraced=float(rng.uniform(0.4, 0.9)),
        step=float(rng.uniform(3.0, 4.5)),
    )
