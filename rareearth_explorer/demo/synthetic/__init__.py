"""The synthetic demo scene: a drawn landscape with mines, as real imagery may not be shared."""

from rareearth_explorer.demo.synthetic.geotiff import write_scenes
from rareearth_explorer.demo.synthetic.landscape import DATES, Landscape
from rareearth_explorer.demo.synthetic.paper_size import PAPER_PATCHES, make_paper_scene
from rareearth_explorer.demo.synthetic.synthetic_scene import PATCHES, DemoFiles, make_demo

__all__ = [
    "DATES",
    "PAPER_PATCHES",
    "PATCHES",
    "DemoFiles",
    "Landscape",
    "make_demo",
    "make_paper_scene",
    "write_scenes",
]
