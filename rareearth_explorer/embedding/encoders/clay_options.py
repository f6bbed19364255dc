"""What can be chosen about the Clay encoder; free of torch, so that it can always be imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

from rareearth_explorer.errors import EncoderError


@dataclass(frozen=True)
class ClayOptions:
    """How Clay is fed. Every choice changes the numbers and is recorded in the patch table.

    Attributes
    ----------
    sensor
        Name of the sensor in `sensors.toml`; None finds it by bands and resolution.
    normalisation
        `sensor`: by the mean and standard deviation published for the sensor, as in training.
        `scene`: by the scene's own, for other units than the published ones.
    gsd
        Metres per pixel told to the position code; None takes the sensor's published figure,
        which for PlanetScope is 5 although its pixels are 3 m.
    metadata
        Whether Clay is told acquisition time and place; if not, it is fed zeros for both.
    padding
        What is done where a patch's side is no multiple of 8: `crop` leaves out rows at the
        bottom and columns at the right (80 of 84), `reflect` mirrors some (84 to 88).
    device
        `auto` takes a GPU where there is one.
    dtype
        `bfloat16` is for GPUs: faster, and good to two or three digits.

    Raises
    ------
    EncoderError
        If a value is none of those named.
    """

    sensor: str | None = None
    normalisation: Literal["sensor", "scene"] = "sensor"
    gsd: float | None = None
    metadata: bool = True
    padding: Literal["crop", "reflect"] = "crop"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["float32", "bfloat16"] = "float32"

    def __post_init__(self) -> None:
        """Check the choices, which may come from a command line."""
        hints = get_type_hints(type(self))
        for option in ("normalisation", "padding", "device", "dtype"):
            if getattr(self, option) not in get_args(hints[option]):
                raise EncoderError(
                    f"The {option} of Clay cannot be {getattr(self, option)}: choose one of "
                    f"{', '.join(get_args(hints[option]))}."
                )
        if self.gsd is not None and not 0 < self.gsd < float("inf"):
            raise EncoderError(f"The gsd of Clay cannot be {self.gsd}: give metres above 0.")
