"""The sensors in `sensors.toml`, with the properties of their bands."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from rareearth_explorer.errors import EncoderError

SENSORS_FILE = Path(__file__).with_name("sensors.toml")


@dataclass(frozen=True)
class Band:
    """A band: central wavelength in micrometres, mean and standard deviation in digital numbers."""

    wavelength: float
    mean: float
    std: float


@dataclass(frozen=True)
class Sensor:
    """A sensor that the Clay encoder knows.

    Attributes
    ----------
    name
        Name, for example `planetscope-8`.
    title
        The product, and the unit of its digital numbers.
    source
        Source of the values.
    gsd
        Ground sample distance in metres, as published with the encoder; it may differ from the
        size of the pixels.
    scale, offset
        From its digital numbers to reflectance: number * scale + offset; None if they are not
        reflectance.
    bands
        Bands by role.
    """

    name: str
    title: str
    source: str
    gsd: float
    scale: float | None
    offset: float
    bands: Mapping[str, Band]

    def select(self, roles: Sequence[str]) -> tuple[Band, ...]:
        """Return the bands of a scene, in its order.

        Raises
        ------
        EncoderError
            If the sensor has no band of a role.
        """
        for role in roles:
            if role not in self.bands:
                raise EncoderError(
                    f"The wavelength of band {role} is not known for {self.name}: name the bands "
                    f"of the scene, each one of {', '.join(self.bands)}."
                )
        return tuple(self.bands[role] for role in roles)


@cache
def sensors() -> Mapping[str, Sensor]:
    """All sensors by name."""
    entries = tomllib.loads(SENSORS_FILE.read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            name: Sensor(
                name,
                entry["title"],
                entry["source"],
                entry["gsd"],
                entry.get("scale"),
                entry.get("offset", 0.0),
                MappingProxyType({role: Band(**band) for role, band in entry["bands"].items()}),
            )
            for name, entry in entries.items()
        }
    )


def find_sensor(roles: Sequence[str], gsd: float, name: str | None = None) -> Sensor:
    """Find a scene's sensor.

    Parameters
    ----------
    roles
        Band roles of the scene.
    gsd
        Ground sample distance of the scene in metres.
    name
        The sensor, if it is known. Otherwise it is the sensor that has all the roles and whose
        ground sample distance is nearest by ratio; among equally near ones the one with the fewest
        bands, then the first in the file.

    Raises
    ------
    EncoderError
        If there is no such sensor, or no sensor has all the roles.
    """
    if name is not None:
        if name not in sensors():
            raise EncoderError(
                f"There is no sensor {name}: choose one of {', '.join(sensors())}, or describe it "
                f"in {SENSORS_FILE.name}."
            )
        return sensors()[name]
    fitting = [sensor for sensor in sensors().values() if set(roles) <= set(sensor.bands)]
    if not fitting:
        raise EncoderError(
            f"No sensor has the bands {', '.join(roles)}, so their wavelengths are not known: name "
            "the bands of the scene as in sensors.toml, such as blue, green, red, nir."
        )
    return min(fitting, key=lambda s: (abs(math.log(s.gsd / gsd)), len(s.bands)))
