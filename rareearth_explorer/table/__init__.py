"""The patch table: one row per patch, its footprint and its embedding, in one GeoParquet file."""

from rareearth_explorer.table.patch_table import PatchTable
from rareearth_explorer.table.reading import open_table, read_facts
from rareearth_explorer.table.writing import TableWriter, add_activity, add_projection

__all__ = [
    "PatchTable",
    "TableWriter",
    "add_activity",
    "add_projection",
    "open_table",
    "read_facts",
]
