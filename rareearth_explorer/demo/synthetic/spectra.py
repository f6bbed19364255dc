"""Reflectance spectra of land cover, and their mixing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rareearth_explorer.demo.synthetic.noise import Array

BANDS = ("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir")
"""The eight bands of a PlanetScope SuperDove, in the order of its files."""


def _spectrum(*reflectance: int) -> Array:
    return np.array(reflectance, np.float32)


# Surface reflectance x 10,000 in the order of BANDS; plausible magnitudes, not measurements.
EVERGREEN = _spectrum(190, 220, 310, 370, 310, 240, 850, 2650)
MIXED_FOREST = _spectrum(230, 270, 430, 530, 450, 350, 1150, 3150)
DRY_FOREST = _spectrum(300, 370, 560, 680, 690, 630, 1300, 2700)
GRASS = _spectrum(400, 500, 740, 890, 960, 960, 1550, 2500)
FALLOW = _spectrum(260, 310, 560, 720, 570, 420, 1500, 3900)
CROP = _spectrum(280, 340, 640, 830, 640, 450, 1500, 3700)
STRAW = _spectrum(560, 720, 1050, 1250, 1450, 1550, 1950, 2500)
BURNT = _spectrum(330, 370, 430, 470, 510, 560, 700, 900)
ORANGE_SOIL = _spectrum(480, 620, 950, 1200, 1650, 2000, 2350, 2800)
PALE_SOIL = _spectrum(920, 1150, 1530, 1780, 2080, 2260, 2480, 2800)
GREY_ROCK = _spectrum(1150, 1350, 1600, 1720, 1830, 1880, 2000, 2150)
GRAVEL = _spectrum(1200, 1400, 1680, 1820, 1920, 1950, 2080, 2250)
WET_SAND = _spectrum(750, 900, 1130, 1220, 1270, 1230, 1150, 1050)
RIVER = _spectrum(460, 590, 800, 880, 730, 540, 400, 240)
STREAM = _spectrum(330, 400, 520, 580, 500, 400, 500, 800)
DIRT_ROAD = _spectrum(850, 1050, 1420, 1680, 2000, 2180, 2400, 2700)
POND = _spectrum(330, 400, 540, 620, 540, 430, 420, 400)
ALGAE = _spectrum(290, 340, 540, 720, 570, 400, 850, 1400)
LEACHATE = _spectrum(1180, 1640, 1960, 1900, 1380, 960, 660, 400)
PRECIPITATE = _spectrum(3500, 3900, 4250, 4350, 4300, 4200, 4050, 3500)
ABANDONED_POOL = _spectrum(430, 520, 760, 880, 760, 590, 560, 520)
ZINC_ROOF = _spectrum(3300, 3600, 3800, 3850, 3850, 3850, 3800, 3600)
BLUE_ROOF = _spectrum(1500, 1950, 2100, 1900, 1550, 1350, 1550, 2200)
RUST_ROOF = _spectrum(850, 950, 1150, 1350, 1800, 2150, 2350, 2600)
THATCH = _spectrum(750, 900, 1100, 1200, 1300, 1350, 1600, 2000)
PLASTIC = _spectrum(2700, 3000, 3150, 3200, 3150, 3100, 3250, 3400)
CLOUD = _spectrum(5600, 5900, 6100, 6200, 6250, 6300, 6500, 6800)


def mix(first: Array, second: Array, share: npt.ArrayLike) -> Array:
    """Spectrum between two: `first` where `share` is 0, `second` where it is 1; (8, ...)."""
    share = np.asarray(share, np.float32)
    column = (-1,) + (1,) * share.ndim
    a, b = first.reshape(column), second.reshape(column)
    return np.asarray(a + share * (b - a), np.float32)


def ramp(value: Array, low: float, high: float) -> Array:
    """Smooth step of values: 0 below `low`, 1 above `high`."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
