"""Water on the ground: mountain streams, and the braided rivers on their gravel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rareearth_explorer.demo.synthetic.canvas import Canvas
from rareearth_explorer.demo.synthetic.network import smooth_tree, tree_segments
from rareearth_explorer.demo.synthetic.noise import Floats, Noise
from rareearth_explorer.demo.synthetic.shapes import Segments, cover, depth
from rareearth_explorer.demo.synthetic.spectra import GRAVEL, RIVER, STREAM, WET_SAND, mix, ramp
from rareearth_explorer.demo.synthetic.terrain import STREAM_AREA, Terrain
from rareearth_explorer.demo.synthetic.valley import Valley


@dataclass(frozen=True, eq=False)
class Rivers:
    """Every river and stream of a scene."""

    noise: Noise
    valleys: list[Valley]
    streams: Segments
    beds: Segments

    @classmethod
    def trace(cls, noise: Noise, valleys: list[Valley], terrain: Terrain) -> Rivers:
        """Follow the drainage from the sources of streams to the main rivers."""
        drainage, points = terrain.drainage, terrain.centres()
        ending = drainage.receiver == np.arange(len(points))
        nodes = np.flatnonzero((drainage.area > STREAM_AREA) & ~ending)
        smooth = smooth_tree(points, nodes, drainage.receiver, drainage.area, passes=3)
        half_width = np.clip(0.2 * (drainage.area / STREAM_AREA) ** 0.42, 0, 3.0)
        mouths = nodes[ending[drainage.receiver[nodes]]]
        wide = np.flatnonzero((half_width > 0.75) & ~ending)
        beds = tree_segments(smooth, wide, drainage.receiver, 2.2 * half_width)
        last = _across_plain(valleys, points[drainage.receiver[mouths]], half_width[mouths])
        streams = tree_segments(smooth, nodes, drainage.receiver, half_width)
        return cls(noise, valleys, Segments.join([streams, last]), beds)

    def draw(self, canvas: Canvas) -> None:
        """Paint streams, gravel bars and braided threads, in place."""
        inside = depth(canvas.frame, self.streams, reach=5, warp=canvas.warp)
        stones = self.noise.fractal("stones", canvas.frame, 22, 3)
        bed = depth(canvas.frame, self.beds, reach=3, warp=canvas.warp) + stones
        canvas.paint(0.8 * cover(bed, 2) * ramp(stones, -1.2, 0.6), GRAVEL)
        for valley in self.valleys:
            self._draw_braids(canvas, valley)
        water = mix(STREAM, RIVER, cover(inside - 1, 2))
        shown = ramp(stones, -2.2, 0.4) * np.float32(0.9)
        canvas.paint(shown * cover(inside, 1.2), water, level=True)

    def _draw_braids(self, canvas: Canvas, valley: Valley) -> None:
        frame = canvas.frame
        reach = 1.5 * float(valley.plain(frame.rows).max()) + 50
        if np.abs(valley.offset(frame.rows[:, None] + 0.5, frame.x)).min() > reach:
            return
        water, gravel = valley.threads(frame)
        tone = self.noise.fractal("gravel/tone", frame, 14, 3)
        scrub = ramp(self.noise.fractal("gravel/scrub", frame, 34, 3), 0.3, 0.9)
        bare = cover(gravel, 3) * (1 - 0.85 * scrub * cover(-water - 6, 3))
        wet = np.clip(1.2 - np.maximum(-water, 0) / 5 + 0.3 * tone, 0, 1)
        stones = mix(GRAVEL, WET_SAND, wet) * (1 + np.float32(0.10) * tone)
        canvas.paint(bare, stones, level=True)
        riffle = ramp(self.noise.value("riffle", frame, 9), 0.4, 2.0)
        shallow = np.clip(0.6 - water / 4, 0, 0.6) + 0.25 * riffle
        canvas.paint(cover(water), mix(RIVER, WET_SAND, shallow), level=True)


def _across_plain(valleys: list[Valley], mouths: Floats, half_width: Floats) -> Segments:
    """Join the streams from the edge of the flood plain to the main river."""
    x, y = mouths.T
    offsets = np.abs([valley.offset(y, x) for valley in valleys])
    # A tributary meets the river some way downstream.
    meet = y + 0.5 * offsets.min(axis=0)
    centres = np.array([valley.centre(meet) for valley in valleys])
    centre = np.take_along_axis(centres, offsets.argmin(axis=0)[None], axis=0)[0]
    return Segments(mouths, np.stack([centre, meet], axis=1), np.stack([half_width] * 2, axis=1))
