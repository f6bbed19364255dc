"""Differences between dates of the whole scene: haze, gain, clouds, sensor noise."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from rareearth_explorer.demo.synthetic import spectra
from rareearth_explorer.demo.synthetic.noise import Array, Frame, Noise
from rareearth_explorer.demo.synthetic.spectra import BANDS, ramp

_SCATTERING = np.array([1.0, 0.8, 0.62, 0.55, 0.46, 0.38, 0.32, 0.2], np.float32)
"""Haze in each band relative to coastal blue."""

_SHADOW = (70, 59)
"""Offset in pixels of a cloud's shadow, to the north and west."""

_DN_STEP = 4.0
"""Step to which reflectances are rounded, as by a 12-bit sensor."""


def observe(
    image: Array, noise: Noise, frame: Frame, day: date, *, cloudy: bool
) -> npt.NDArray[np.uint16]:
    """Reflectance as the sensor measures it on a date.

    Parameters
    ----------
    image
        (8, h, w) reflectance x 10,000 of the ground; overwritten.
    noise, frame, day
        Noise of the scene, frame of the window, and day of the acquisition.
    cloudy
        Whether there are a few clouds.

    Returns
    -------
    seen
        (8, h, w) surface reflectance x 10,000, at least 1, so that 0 can stand for no data.
    """
    number = np.array([day.toordinal()])
    gain = 1 + np.float32(0.06) * (noise.uniform("gain", number, np.arange(len(BANDS))) - 0.5)
    gain *= 1 + np.float32(0.08) * (noise.uniform("gain/all", number, 0) - 0.5)
    haze = np.float32(140) * noise.uniform("haze", number, 0) * _SCATTERING
    if cloudy:
        _cloud(image, noise, frame, day)
    grain = noise.white(f"grain/{day}", frame)
    seen = np.empty(image.shape, np.uint16)
    for k, band in enumerate(image):
        # One hash gives the noise of all bands: each band uses other digits of it.
        own = grain * np.float32(1 + 61 * k)
        own -= np.floor(own)
        spread = np.float32(0.012) * band + np.float32(12)
        band = band * gain[k] + haze[k] + spread * (own - np.float32(0.5))
        band = np.clip(np.floor(band / np.float32(_DN_STEP) + np.float32(0.5)), 1, 4095)
        seen[k] = band.astype(np.uint16) * np.uint16(_DN_STEP)
    return seen


def _cloud(image: Array, noise: Noise, frame: Frame, day: date) -> None:
    shadow = _cloudiness(noise, frame.shifted(*_SHADOW), day)
    cloud = _cloudiness(noise, frame, day)
    if not (cloud.any() or shadow.any()):
        return
    for band, white in zip(image, spectra.CLOUD, strict=True):
        band *= 1 - np.float32(0.55) * shadow
        band += cloud * (white - band)


def _cloudiness(noise: Noise, frame: Frame, day: date) -> Array:
    """Share of the ground under cloud, (h, w)."""
    billow = noise.fractal(f"cloud/{day}", frame, 170, 6)
    weather = noise.value(f"weather/{day}", frame, 900)
    return np.float32(0.95) * ramp(billow + 0.4 * weather, 2.0, 2.8)
