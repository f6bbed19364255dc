"""The synthetic demo scene: a landscape with mines, drawn because no real imagery may be shared."""

from rareearth_explorer.demo.geotiff import write_scenes
from rareearth_explorer.demo.landscape import DATES, Landscape
from rareearth_explorer.demo.scene import PATCHES, DemoFiles, make_demo

__all__ = ["DATES", "PATCHES", "DemoFiles", "Landscape", "make_demo", "write_scenes"]
