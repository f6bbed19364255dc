"""Vegetation: forest, shifting cultivation and terraced fields, lit by the morning sun."""

from __future__ import annotations

import numpy as np

from rareearth_explorer.demo.synthetic import spectra
from rareearth_explorer.demo.synthetic.canvas import Relief
from rareearth_explorer.demo.synthetic.noise import Array, Frame, Noise
from rareearth_explorer.demo.synthetic.siting import DISTRICT
from rareearth_explorer.demo.synthetic.spectra import mix, ramp

_CROPS = np.stack(
    [
        spectra.CROP,
        spectra.STRAW,
        spectra.GRASS,
        spectra.STRAW,
        mix(spectra.STRAW, spectra.ORANGE_SOIL, 0.6),
        spectra.FALLOW,
        mix(spectra.STRAW, spectra.POND, 0.6),
        mix(spectra.STRAW, spectra.GRASS, 0.5),
    ]
)

_PLOTS = np.stack(
    [
        spectra.BURNT,
        mix(spectra.STRAW, spectra.ORANGE_SOIL, 0.35),
        spectra.GRASS,
        spectra.FALLOW,
        spectra.MIXED_FOREST,
    ]
)
"""Covers of a plot as it ages, from burnt to regrown."""

_PLOT_AGES = (0.10, 0.25, 0.45, 0.75)
"""Share of a plot's life after which it passes to the next cover."""


def grow(noise: Noise, frame: Frame, relief: Relief, warp: Array) -> Array:
    """(8, h, w) reflectance x 10,000 of forest, plots and fields in the sun."""
    image = _forest(noise, frame, relief)
    _clear_plots(image, noise, frame, relief, warp)
    _lay_fields(image, noise, frame, relief)
    image *= relief.shade
    return image


def _paint(image: Array, cover: Array, spectrum: Array) -> None:
    for band, reflectance in zip(image, spectrum, strict=True):
        band += cover * (reflectance - band)


def _forest(noise: Noise, frame: Frame, relief: Relief) -> Array:
    """(8, h, w) reflectance of unbroken forest: wet and dark in the valleys, dry on the ridges."""
    dry = (
        0.5 * noise.fractal("forest/dry", frame, 230, 4)
        + 0.35 * noise.fractal("forest/stand", frame, 34, 3)
        + (relief.above_stream - 150) / np.float32(150)
        + 0.8 * (relief.shade - 1)
    )
    image = mix(spectra.EVERGREEN, spectra.MIXED_FOREST, ramp(dry, -1.4, 0.5))
    _paint(image, ramp(dry, 0.3, 2.0), spectra.DRY_FOREST)
    grass = ramp(noise.fractal("forest/grass", frame, 75, 6) + 0.5 * dry, 1.9, 2.4)
    _paint(image, 0.7 * grass, spectra.GRASS)
    image *= 1 + np.float32(0.42) * (1 - 0.6 * grass) * _crowns(noise, frame)
    return image


def _crowns(noise: Noise, frame: Frame) -> Array:
    """(h, w) light and shadow of tree crowns, about -1 to 1."""
    total = np.zeros(frame.shape, np.float32)
    for size, weight in [(2.3, 0.6), (4.9, 0.45)]:
        top = noise.value(f"crowns/{size}", frame, size)
        # The sun stands in the south-east: bright where the canopy falls toward it.
        sunward = noise.value(f"crowns/{size}", frame.shifted(1, 1), size)
        total += np.float32(weight) * (0.5 * top + (top - sunward) * np.float32(0.25 * size))
    return np.clip(total, -1.6, 1.6) * np.float32(0.7)


def _clear_plots(image: Array, noise: Noise, frame: Frame, relief: Relief, warp: Array) -> None:
    """Cut plots of shifting cultivation into the forest, of all ages, in place."""
    pressure = noise.fractal("swidden", frame, 300, 3) - relief.steepness
    pressure += np.float32(0.5) * noise.value("people", frame, DISTRICT)
    share = 0.6 * ramp(pressure, 0.1, 1.8)
    plot, border = noise.cells("plots", frame, 30, warp)
    age = plot / np.maximum(share, 1e-3)
    texture = noise.fractal("plots/texture", frame, 7, 3)
    cleared = (age < 1) * np.clip(border / 3, 0, 1) * ramp(texture, -2.4, -0.9)
    plants = np.moveaxis(_PLOTS[np.digitize(age, _PLOT_AGES)], -1, 0)
    _paint(image, 0.85 * cleared, plants * (1 + np.float32(0.08) * texture))


def _lay_fields(image: Array, noise: Noise, frame: Frame, relief: Relief) -> None:
    """Lay fields on valley floors, terraced where the ground rises, in place."""
    suits = (
        1.3
        - relief.above_stream / np.float32(16)
        - relief.steepness * np.float32(3.0)
        + np.float32(0.45) * noise.fractal("farmland", frame, 120, 4)
        + np.float32(0.35) * noise.value("people", frame, DISTRICT)
    )
    cover = ramp(suits, 0.0, 0.25)
    if not cover.any():
        return
    bend = noise.value("terraces", frame, 40)
    across = relief.elevation / np.float32(2.2) + frame.x / 11 + np.float32(0.4) * bend
    terrace = np.floor(across)
    start = noise.uniform("parcels/start", terrace.astype(np.int64), 0)
    along = (frame.y + 6 * bend) / (22 + 12 * start) + 7 * start
    parcel = np.floor(along)
    crop = noise.uniform("parcels", terrace.astype(np.int64), parcel.astype(np.int64))
    index = (crop * len(_CROPS)).astype(np.int64)
    tone = 1 + np.float32(0.06) * noise.fractal("fields/tone", frame, 7, 2)
    bund = np.maximum(across - terrace < 0.13, along - parcel < 0.06)
    rows = np.moveaxis(_CROPS[index], -1, 0) * (tone - np.float32(0.22) * bund)
    _paint(image, 0.92 * cover, rows)
