"""The patch table: one row per patch, its footprint and its embedding, in one GeoParquet file."""

from rareearth_explorer.data.table.component_colours import ComponentColours
from rareearth_explorer.data.table.own_scene import open_own_scene, shows
from rareearth_explorer.data.table.patch_table import PatchTable
from rareearth_explorer.data.table.reading import Reading
from rareearth_explorer.data.table.table_reading import open_table, read_facts
from rareearth_explorer.data.table.table_writing import TableWriter, add_activity, add_projection

__all__ = [
    "ComponentColours",
    "PatchTable",
    "Reading",
    "TableWriter",
    "add_activity",
    "add_projection",
    "open_own_scene",
    "open_table",
    "read_facts",
    "shows",
]
