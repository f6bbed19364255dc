"""The synthetic landscape: planned once, then drawn window by window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window

from rareearth_explorer.demo.synthetic import landcover
from rareearth_explorer.demo.synthetic.atmosphere import observe
from rareearth_explorer.demo.synthetic.canvas import Canvas, Relief
from rareearth_explorer.demo.synthetic.clearings import Clearing, landslides, pits
from rareearth_explorer.demo.synthetic.mines import PATCH, Mines, find_sites, group
from rareearth_explorer.demo.synthetic.noise import Frame, Noise
from rareearth_explorer.demo.synthetic.pools import Pools
from rareearth_explorer.demo.synthetic.rivers import Rivers
from rareearth_explorer.demo.synthetic.roads import Roads
from rareearth_explorer.demo.synthetic.settlements import Settlements
from rareearth_explorer.demo.synthetic.siting import Siting
from rareearth_explorer.demo.synthetic.spectra import BANDS, ramp
from rareearth_explorer.demo.synthetic.terrain import Terrain
from rareearth_explorer.demo.synthetic.valley import lay_valleys

DATES = tuple(
    date(2022, month, day) for month, day in [(3, 7), (3, 14), (3, 20), (3, 27), (4, 3), (4, 9)]
)
"""Acquisition dates, six or seven days apart, so that no cycle of 5 to 6 days is in phase."""


class Landscape:
    """A landscape in which each pixel is a function of place, date and seed.

    Parameters
    ----------
    seed
        Whole number, 0 or more; another seed is another landscape.
    height, width
        Size of the scene in pixels of 3 m.
    pools
        (n, 2) x, y in pixels of pools to build mines around, or None to find sites for mines.
    dates
        Acquisition dates; the mines' history is counted from the first.
    collar
        Whether the north-eastern corner is empty, as at the end of a strip of imagery.

    Attributes
    ----------
    cloudy
        Up to two dates with a few clouds; never the first.
    """

    def __init__(
        self,
        seed: int,
        height: int,
        width: int,
        *,
        pools: npt.NDArray[np.float64] | None = None,
        dates: Sequence[date] = DATES,
        collar: bool = True,
    ) -> None:
        self.height, self.width, self.dates, self.collar = height, width, tuple(dates), collar
        self._noise = Noise(seed)
        valleys = lay_valleys(self._noise, width)
        self._terrain = Terrain.carve(self._noise, valleys, height, width)
        siting = Siting.survey(self._noise, valleys, self._terrain, height, width)
        self._rivers = Rivers.trace(self._noise, valleys, self._terrain)
        self._settlements = _settle(self._noise, self._terrain, siting)
        self._bare, quarries = _strip(self._noise, self._terrain, siting)
        if pools is None:
            sites = find_sites(siting, self.valid_patches())
        else:
            sites = group(pools, self._noise)
        self._mines = Mines.dig(self._noise, self._terrain, sites, self.dates, late=pools is None)
        targets = [self._settlements.centres, quarries, *(place[:1] for place, _ in sites)]
        self._roads = Roads.build(self._noise, valleys, self._terrain, np.concatenate(targets))
        rng = np.random.default_rng([seed, 41])
        self.cloudy = frozenset(rng.permutation(np.array(self.dates[1:], object))[:2])

    @property
    def pools(self) -> Pools:
        """Every pool of the scene and its history."""
        return self._mines.pools

    def valid(self, window: Window) -> npt.NDArray[np.bool_]:
        """(h, w) whether the scene has data in each pixel of a window."""
        frame = Frame.of(window)
        across = (frame.columns[None, :] + 0.5) / self.width
        down = (frame.rows[:, None] + 0.5) / self.height
        return np.asarray(across < 0.82 + 0.3 * down) if self.collar else np.ones(frame.shape, bool)

    def valid_patches(self) -> npt.NDArray[np.bool_]:
        """(rows, columns) whether at least half of each whole patch has data."""
        rows, columns = self.height // PATCH, self.width // PATCH
        share = [
            self.valid(Window(0, row * PATCH, columns * PATCH, PATCH))
            .reshape(PATCH, columns, PATCH)
            .mean(axis=(0, 2))
            for row in range(rows)
        ]
        return np.array(share) >= 0.5

    def draw(self, window: Window, day: date) -> npt.NDArray[np.uint16]:
        """(8, h, w) surface reflectance x 10,000 in a window on a date; 0 for no data."""
        return next(self.draw_dates(window, [day]))

    def draw_dates(self, window: Window, days: Sequence[date]) -> Iterator[npt.NDArray[np.uint16]]:
        """Draw a window on several dates in turn, its ground only once."""
        frame, valid = Frame.of(window), self.valid(window)
        if not valid.any():
            yield from (np.zeros((len(BANDS), *frame.shape), np.uint16) for _ in days)
            return
        ground = self._ground(frame)
        for day in days:
            today = ground.copy()
            self._mines.draw(today, day)
            seen = observe(today.image, self._noise, frame, day, cloudy=day in self.cloudy)
            yield seen * valid

    def _ground(self, frame: Frame) -> Canvas:
        relief = Relief.of(self._noise, self._terrain, frame)
        warp = np.stack([2.4 * self._noise.fractal(f"warp/{k}", frame, 17, 3) for k in "xy"])
        canvas = Canvas(frame, relief, warp, landcover.grow(self._noise, frame, relief, warp))
        for bare in self._bare:
            bare.draw(canvas, self._noise)
        self._rivers.draw(canvas)
        self._roads.draw(canvas)
        self._settlements.draw(canvas)
        canvas.image[:] *= 1 + np.float32(0.07) * self._noise.value("grain", frame, 1.6)
        return canvas


def _settle(noise: Noise, terrain: Terrain, siting: Siting) -> Settlements:
    homely = siting.flat * siting.open_ground * siting.districts("people")
    return Settlements.build(
        noise,
        terrain,
        villages=siting.scatter("villages", homely, per_km2=0.11, apart=130),
        farms=siting.scatter("farms", homely, per_km2=0.6, apart=12),
        waters=siting.scatter("waters", siting.flat, per_km2=0.3, apart=30),
    )


def _strip(
    noise: Noise, terrain: Terrain, siting: Siting
) -> tuple[list[Clearing], npt.NDArray[np.float64]]:
    """Plan bare ground that is not a mine, and the places that roads lead to."""
    steep = siting.open_ground * ramp(terrain.steepness.ravel(), 0.45, 0.7)
    slides = siting.scatter("slides", steep * siting.districts("slides"), 0.4, apart=25)
    quarries = siting.points[siting.scatter("quarries", siting.slope, 0.09, apart=90)]
    mined = siting.slope * siting.districts("mining")
    cleared = siting.points[siting.scatter("cleared", mined, 0.2, apart=60)]
    bare = [
        *landslides(noise, terrain, slides),
        *pits(noise, terrain, quarries, quarry=True),
        *pits(noise, terrain, cleared, quarry=False),
    ]
    return bare, np.concatenate([quarries, cleared])
