"""Colour scale of the scores, the same in every panel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rareearth_explorer.score.contrast import ScoreKind, Vector

HIDDEN = 0
"""Level of a patch that is not drawn."""

DIVERGING = "RdBu_r"
"""Blue to red through white, suitable for any colour vision; red is more mine-like."""

SEQUENTIAL = "cividis"
"""Dark blue to yellow, suitable for any colour vision; yellow is more mine-like."""


@dataclass(frozen=True)
class ScoreScale:
    """Colour scale of scores.

    Attributes
    ----------
    low, high
        Scores at the two ends of the palette; values beyond get the colour of the end.
    palette
        Name of a matplotlib colour map.
    """

    low: float
    high: float
    palette: str

    @classmethod
    def of(cls, scores: Vector, active: npt.NDArray[np.bool_], kind: ScoreKind) -> ScoreScale:
        """Choose a scale for the active patches.

        Cosine Contrast has a meaningful zero, so its scale is symmetric about it. Mean cosines
        have none, because all embeddings of one scene are similar to some degree, so their scale
        spans the values. The extreme hundredth is clipped, or one patch would set the scale.
        """
        if kind is ScoreKind.NONE:
            return cls(-1.0, 1.0, DIVERGING)
        shown = scores[active]
        if kind is ScoreKind.CONTRAST:
            reach = max(float(np.quantile(np.abs(shown), 0.99)), 1e-6)
            return cls(-reach, reach, DIVERGING)
        low, high = (float(q) for q in np.quantile(shown, [0.01, 0.99]))
        return cls(low, max(high, low + 1e-6), SEQUENTIAL)

    def levels(self, scores: Vector, active: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
        """Give each patch a colour level, (N,) uint8: 1 to 255 from low to high, 0 for hidden.

        Discarded patches and patches without a score are hidden.
        """
        part = (scores - np.float32(self.low)) / np.float32(self.high - self.low)
        shown = active & ~np.isnan(part)
        part = np.clip(np.where(shown, part, 0), 0, 1)
        return np.where(shown, 1 + np.rint(part * 254), HIDDEN).astype(np.uint8)
