"""Canvas of a window: the relief, its light, and the reflectance painted so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rareearth_explorer.demo.synthetic.noise import Array, Frame, Noise
from rareearth_explorer.demo.synthetic.shapes import Box
from rareearth_explorer.demo.synthetic.terrain import GSD, Terrain

# Half past ten in March at 26 degrees north: the sun stands in the south-east.
_SUN_EAST, _SUN_NORTH, _SUN_UP = 0.478, -0.569, 0.669
_SKYLIGHT = 0.15


@dataclass(frozen=True, eq=False)
class Relief:
    """Relief at the pixels of a frame.

    Attributes
    ----------
    elevation
        (h, w) metres.
    shade
        (h, w) light relative to level ground.
    steepness
        (h, w) rise over run, without the finest forms.
    above_stream
        (h, w) metres above the nearest brook or river.
    """

    elevation: Array
    shade: Array
    steepness: Array
    above_stream: Array

    @classmethod
    def of(cls, noise: Noise, terrain: Terrain, frame: Frame) -> Relief:
        """Interpolate the terrain and add forms too fine for its cells."""
        wide = frame.padded(1)
        steepness = terrain.sample(terrain.steepness, wide)
        elevation = terrain.sample(terrain.height, wide)
        rugged = np.minimum(steepness * 2, 1)
        for size, metres in [(52, 7.0), (25, 3.2), (11, 1.1)]:
            # Folded at zero, smooth noise makes sharp gullies between rounded spurs.
            fold = np.abs(noise.value(f"gully/{size}", wide, size))
            elevation += np.float32(metres) * rugged * fold
        east = (elevation[1:-1, 2:] - elevation[1:-1, :-2]) / np.float32(2 * GSD)
        north = (elevation[:-2, 1:-1] - elevation[2:, 1:-1]) / np.float32(2 * GSD)
        facing = np.float32(_SUN_UP) - np.float32(_SUN_EAST) * east - np.float32(_SUN_NORTH) * north
        sun = np.maximum(facing / np.sqrt(1 + east * east + north * north), 0)
        shade = np.float32(_SKYLIGHT) + np.float32((1 - _SKYLIGHT) / _SUN_UP) * sun
        above = np.maximum(terrain.sample(terrain.above_stream, frame), 0)
        return cls(elevation[1:-1, 1:-1], shade, steepness[1:-1, 1:-1], above)


@dataclass(frozen=True, eq=False)
class Canvas:
    """A frame being painted.

    Attributes
    ----------
    frame
        Pixels of the canvas.
    relief
        Relief of the frame.
    warp
        (2, h, w) displacement in pixels that makes natural edges ragged.
    image
        (8, h, w) reflectance x 10,000, painted in place.
    """

    frame: Frame
    relief: Relief
    warp: Array
    image: Array

    def part(self, box: Box) -> Canvas:
        """Return part of the canvas; painting it paints the whole."""
        r = self.relief
        return Canvas(
            Frame(self.frame.rows[box[0]], self.frame.columns[box[1]]),
            Relief(r.elevation[box], r.shade[box], r.steepness[box], r.above_stream[box]),
            self.warp[:, *box],
            self.image[:, *box],
        )

    def copy(self) -> Canvas:
        """Copy the canvas, to paint on it without changing this one."""
        return Canvas(self.frame, self.relief, self.warp, self.image.copy())

    def paint(self, cover: Array, spectrum: Array, *, level: bool = False) -> None:
        """Lay a spectrum over part of the ground, in place.

        Parameters
        ----------
        cover
            (h, w) share of each pixel that is covered, 0 to 1.
        spectrum
            (8,), or (8, h, w) if it varies.
        level
            Whether the cover is level, like water, and gets no shade from the slope.
        """
        kept, lit = 1 - cover, cover if level else cover * self.relief.shade
        for band, reflectance in zip(self.image, spectrum, strict=True):
            band *= kept
            band += lit * reflectance
