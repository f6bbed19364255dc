"""What leaves the program: lists of patches, figures, and a one-page report of a session."""

from rareearth_explorer.export.exporting import SUFFIXES, Subject, hand_over
from rareearth_explorer.export.figures import curve_figure, map_figure, umap_figure
from rareearth_explorer.export.patch_list import list_patches

__all__ = [
    "SUFFIXES",
    "Subject",
    "curve_figure",
    "hand_over",
    "list_patches",
    "map_figure",
    "umap_figure",
]
