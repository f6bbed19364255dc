"""Scenes: GeoTIFFs with band roles, a valid mask, windows, and pictures for the map."""

from rareearth_explorer.scene.opening import open_scene
from rareearth_explorer.scene.scene import Scene
from rareearth_explorer.scene.statistics import Statistics

__all__ = ["Scene", "Statistics", "open_scene"]
