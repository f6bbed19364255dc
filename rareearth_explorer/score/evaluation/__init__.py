"""Measures of a ranking against labelled patches; exact, also with ties."""

from rareearth_explorer.score.evaluation.holdout import scored_patches, spatial_blocks
from rareearth_explorer.score.evaluation.ranking import Decision, Ranking
from rareearth_explorer.score.evaluation.roc_curve import RocCurve, roc, roc_corners

__all__ = [
    "Decision",
    "Ranking",
    "RocCurve",
    "roc",
    "roc_corners",
    "scored_patches",
    "spatial_blocks",
]
