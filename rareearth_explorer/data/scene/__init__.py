"""Scenes: GeoTIFFs with band roles, a valid mask, windows, and pictures for the map."""

from rareearth_explorer.data.scene.footprint_pictures import footprint_picture
from rareearth_explorer.data.scene.indices import INDICES, Index, index_of, normalised_difference
from rareearth_explorer.data.scene.opening import Udm2, masks_of, open_mosaic, open_scene
from rareearth_explorer.data.scene.planet import images_of, scenes_in
from rareearth_explorer.data.scene.scene import Scene
from rareearth_explorer.data.scene.sources import Source
from rareearth_explorer.data.scene.statistics import Statistics
from rareearth_explorer.data.scene.validity import Nodata, nodata_of

__all__ = [
    "INDICES",
    "Index",
    "Nodata",
    "Scene",
    "Source",
    "Statistics",
    "Udm2",
    "footprint_picture",
    "images_of",
    "index_of",
    "masks_of",
    "nodata_of",
    "normalised_difference",
    "open_mosaic",
    "open_scene",
    "scenes_in",
]
