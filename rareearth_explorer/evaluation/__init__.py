"""How good a ranking is, measured against labelled patches: exact, ties included."""

from rareearth_explorer.evaluation.curves import RocCurve, roc, roc_corners
from rareearth_explorer.evaluation.holdout import scored_patches, spatial_blocks
from rareearth_explorer.evaluation.ranking import Decision, Ranking

__all__ = [
    "Decision",
    "Ranking",
    "RocCurve",
    "roc",
    "roc_corners",
    "scored_patches",
    "spatial_blocks",
]
