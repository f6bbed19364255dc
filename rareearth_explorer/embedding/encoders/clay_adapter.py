"""Clay as an encoder of chips: normalisation, time and place, padding, device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from rareearth_explorer.embedding.encoders.clay import ClayEncoder
from rareearth_explorer.embedding.encoders.clay_options import ClayOptions
from rareearth_explorer.embedding.encoders.clay_weights import fingerprint
from rareearth_explorer.embedding.encoders.encoder import Chips
from rareearth_explorer.embedding.encoders.known_sensors import Sensor, find_sensor
from rareearth_explorer.errors import EncoderError

PLAUSIBLE_RATIO = 20.0
"""If band means of scene and sensor differ by more than this factor, the units differ."""

PLAUSIBLE_REFLECTANCE = 0.0, 1.1
"""Below or above lies no mean of a band over a scene; fresh snow reaches 0.9."""

ONES = {"reflectance": 1.0, "reflectance-x-10000": 10_000.0, "as-published": None}
"""The value that stands for reflectance 1, by the option `units`."""


class ClayAdapter:
    """Embeds chips with a Clay encoder.

    A batch always gives the same numbers on the same machine and device, because on a CPU one
    thread encodes it; several threads may encode different batches at the same time. In another
    batch the last bits of a patch may differ, because matrix products of another size may add in
    another order; so a resumed run uses the same batches.

    Parameters
    ----------
    encoder
        The encoder with its weights.
    bands
        Band roles of the scene in the order of its channels.
    means, stds
        The scene's statistics, band by band, in the scene's units.
    gsd
        Ground sample distance of the scene in metres; used to detect the sensor.
    one
        The value that stands for reflectance 1 in the scene; None if its files do not say, so that
        its units count as those of the sensor's statistics, if that is plausible.
    options
        Options of Clay.

    Raises
    ------
    EncoderError
        If the sensor or a band is unknown, the units of the scene are not those of the sensor, or
        the device does not exist.
    """

    def __init__(
        self,
        encoder: ClayEncoder,
        bands: Sequence[str],
        means: npt.ArrayLike,
        stds: npt.ArrayLike,
        gsd: float,
        options: ClayOptions | None = None,
        *,
        one: float | None = None,
    ) -> None:
        self.options = options or ClayOptions()
        self.bands = tuple(bands)
        self.sensor = find_sensor(self.bands, gsd, self.options.sensor)
        self.gsd = self.options.gsd or self.sensor.gsd
        self.one = None
        if self.options.normalisation == "scene":
            self.means, self.stds = np.asarray(means, np.float32), np.asarray(stds, np.float32)
        else:
            self.one = ONES.get(self.options.units, one)
            self.means, self.stds = _published(self.sensor, self.bands, np.asarray(means), self.one)
        self.name = encoder.config.name
        self.dim = encoder.config.dim
        self.weights = fingerprint(encoder.state_dict())
        self.device = _device(self.options.device)
        self._encoder = encoder.to(self.device)
        wavelengths = [band.wavelength for band in self.sensor.select(self.bands)]
        self._waves = torch.tensor(wavelengths, device=self.device)

    @classmethod
    def load(cls, name: str, weights: Path, **scene: Any) -> ClayAdapter:
        """Read the encoder `name` from a file; `scene` as for the constructor.

        Raises
        ------
        EncoderError
            If the file holds no Clay encoder, or another one, or the scene does not fit it.
        """
        encoder = ClayEncoder.from_checkpoint(weights)
        if encoder.config.name != name:
            raise EncoderError(
                f"{weights} holds {encoder.config.name}, not {name}: choose the encoder "
                f"{encoder.config.name}, or give other weights."
            )
        return cls(encoder, **scene)

    def describe(self) -> dict[str, Any]:
        """Return everything that the numbers depend on, as JSON types."""
        return {
            "name": self.name,
            "dim": self.dim,
            "weights_sha256": self.weights,
            "sensor": self.sensor.name,
            "bands": list(self.bands),
            "wavelengths": [band.wavelength for band in self.sensor.select(self.bands)],
            "gsd": self.gsd,
            "normalisation": {
                "source": self.options.normalisation,
                "reflectance_1": self.one,
                "means": self.means.tolist(),
                "stds": self.stds.tolist(),
            },
            "metadata": self.options.metadata,
            "padding": self.options.padding,
            "device": self.device.type,
            "dtype": self.options.dtype,
            "torch": torch.__version__,
        }

    def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
        """Embed a batch: (n, dim) float32, the class tokens, not normalised.

        Raises
        ------
        EncoderError
            If the pixels have other bands than the encoder was made for, or are not squares of
            at least 8 x 8.
        """
        count, bands = chips.pixels.shape[:2]
        if bands != len(self.bands):
            raise EncoderError(
                f"The patches have {bands} bands and the encoder was made for {len(self.bands)}: "
                "load the encoder again for this scene."
            )
        if count == 0:
            return np.empty((0, self.dim), np.float32)
        time, latlon = self._metadata(chips)
        with torch.inference_mode(), self._precision(), _one_thread():
            embeddings = self._encoder.embed(
                self._pixels(chips.pixels),
                torch.from_numpy(time).to(self.device),
                torch.from_numpy(latlon).to(self.device),
                self.gsd,
                self._waves,
            )
        return np.asarray(embeddings.float().cpu().numpy())

    def _pixels(self, pixels: npt.NDArray[Any]) -> torch.Tensor:
        """Normalise and pad: [B, C, H, W]."""
        z = (pixels - self.means[:, None, None]) / self.stds[:, None, None]
        x = torch.from_numpy(z.astype(np.float32, copy=False)).to(self.device)
        size = self._encoder.config.patch_size
        height, width = x.shape[-2:]
        if self.options.padding == "reflect" and min(height, width) >= size:
            x = F.pad(x, (0, -width % size, 0, -height % size), mode="reflect")
        return x

    def _metadata(self, chips: Chips) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return codes of time and place, (n, 4) each; zeros unless both are known and enabled."""
        latlon = latlon_code(chips.latlon)
        time = np.zeros_like(latlon)
        for number, captured in enumerate(chips.times_of_each()):
            if captured is None or not self.options.metadata:
                latlon[number] = 0
            else:
                time[number] = time_code(captured)
        return time, latlon

    def _precision(self) -> torch.autocast:
        reduced = self.options.dtype == "bfloat16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=reduced)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute matrix products on the calling thread alone.

    With several threads they would add in another order, and parallel batches are faster anyway.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def time_code(time: datetime) -> npt.NDArray[np.float32]:
    """Sine and cosine of the ISO week in a year of 52, then of the hour in the day: (4,).

    A time with a zone is converted to UTC; a time without a zone counts as UTC.
    """
    utc = time.astimezone(UTC) if time.tzinfo else time
    week = 2 * np.pi * utc.isocalendar().week / 52
    hour = 2 * np.pi * utc.hour / 24
    return np.array([np.sin(week), np.cos(week), np.sin(hour), np.cos(hour)], np.float32)


def latlon_code(latlon: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Sine and cosine of the latitude, then of the longitude, from degrees: (n, 2) to (n, 4)."""
    lat, lon = np.radians(np.asarray(latlon, np.float64)).T
    code = np.stack([np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)], axis=1)
    return code.astype(np.float32)


def _published(
    sensor: Sensor,
    bands: Sequence[str],
    scene_means: npt.NDArray[np.float64],
    one: float | None,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the published means and standard deviations in the scene's units, if they match."""
    selected = sensor.select(bands)
    means = np.array([band.mean for band in selected])
    stds = np.array([band.std for band in selected])
    scale, offset = 1.0, 0.0
    if one is not None:
        if sensor.scale is None:
            raise EncoderError(
                f"The scene is reflectance, and the statistics of {sensor.title} are not: choose "
                f"another sensor than {sensor.name}, or normalise by the scene."
            )
        scale, offset = sensor.scale * one, sensor.offset * one
    means, stds = means * scale + offset, stds * scale
    _require_plausible(sensor, scene_means, means, one)
    return means.astype(np.float32), stds.astype(np.float32)


def _require_plausible(
    sensor: Sensor,
    scene_means: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    one: float | None,
) -> None:
    """Check that the means of a scene can be what its units would make them."""
    least, most = PLAUSIBLE_REFLECTANCE
    if one is not None:
        reflectance = scene_means / one
    elif sensor.scale is not None:
        reflectance = scene_means * sensor.scale + sensor.offset
    else:
        reflectance = np.full(1, 0.5)
    likely = least < np.median(reflectance) < most
    if not likely or not 1 / PLAUSIBLE_RATIO < np.median(scene_means / means) < PLAUSIBLE_RATIO:
        raise EncoderError(
            f"The mean of the scene is {scene_means.mean():.3g}, and that of {sensor.title} is "
            f"{means.mean():.3g}, so their units differ: choose another sensor than {sensor.name}, "
            "say what the numbers are with --units, or normalise by the scene."
        )


def _device(choice: str) -> torch.device:
    if choice == "cuda" and not torch.cuda.is_available():
        raise EncoderError("There is no GPU that torch can use: choose the device cpu or auto.")
    if choice == "auto":
        choice = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(choice)
