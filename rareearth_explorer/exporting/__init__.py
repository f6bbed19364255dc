"""Export of a session: lists of patches, figures, and a one-page report."""

from rareearth_explorer.exporting.figures import (
    curve_figure,
    encode_figure,
    map_figure,
    umap_figure,
)
from rareearth_explorer.exporting.patch_list import list_patches
from rareearth_explorer.exporting.session_export import SUFFIXES, Subject, export

__all__ = [
    "SUFFIXES",
    "Subject",
    "curve_figure",
    "encode_figure",
    "export",
    "list_patches",
    "map_figure",
    "umap_figure",
]
