"""Options of the Clay encoder; without torch, so that they can always be imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

from rareearth_explorer.errors import EncoderError


@dataclass(frozen=True)
class ClayOptions:
    """Options of Clay. Each changes the numbers and is recorded in the patch table.

    Attributes
    ----------
    sensor
        Name of the sensor in `sensors.toml`; None finds it by bands and resolution.
    normalisation
        `sensor`: with the mean and standard deviation published for the sensor.
        `scene`: with those of the scene, for units other than the published ones.
    units
        What the numbers of the scene are: `file` for what the files say, and the units of the
        published statistics where they say nothing; `reflectance` (1 is white),
        `reflectance-x-10000`, or `as-published`, whatever the files say.
    gsd
        Metres per pixel for the position code; None uses the published value of the sensor, which
        is 5 for PlanetScope although its pixels are 3 m.
    metadata
        Whether Clay gets the time and place of capture; if not, it gets zeros for both.
    padding
        For patches whose side is not a multiple of 8: `crop` omits rows at the bottom and columns
        at the right (80 of 84), `reflect` adds mirrored ones (84 to 88).
    device
        `auto` uses a GPU if there is one.
    dtype
        `bfloat16` is for GPUs: faster, and accurate to two or three digits.

    Raises
    ------
    EncoderError
        If a value is not allowed.
    """

    sensor: str | None = None
    normalisation: Literal["sensor", "scene"] = "sensor"
    units: Literal["file", "reflectance", "reflectance-x-10000", "as-published"] = "file"
    gsd: float | None = None
    metadata: bool = True
    padding: Literal["crop", "reflect"] = "crop"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["float32", "bfloat16"] = "float32"

    def __post_init__(self) -> None:
        """Check the values, which may come from a command line."""
        hints = get_type_hints(type(self))
        for option in ("normalisation", "units", "padding", "device", "dtype"):
            if getattr(self, option) not in get_args(hints[option]):
                raise EncoderError(
                    f"The {option} of Clay cannot be {getattr(self, option)}: choose one of "
                    f"{', '.join(get_args(hints[option]))}."
                )
        if self.gsd is not None and not 0 < self.gsd < float("inf"):
            raise EncoderError(f"The gsd of Clay cannot be {self.gsd}: give metres above 0.")
