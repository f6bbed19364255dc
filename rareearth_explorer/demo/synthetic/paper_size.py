"""A synthetic scene of the paper's size, drawn around real or invented pools."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import Transformer

from rareearth_explorer.demo.synthetic.geotiff import CRS, TRANSFORM
from rareearth_explorer.demo.synthetic.landscape import DATES, Landscape
from rareearth_explorer.demo.synthetic.mines import PATCH
from rareearth_explorer.demo.synthetic.synthetic_scene import DemoFiles, draw_files
from rareearth_explorer.demo.synthetic.terrain import GSD
from rareearth_explorer.errors import LabelsError

PAPER_PATCHES = (182, 147)
"""Rows and columns of patches that cover the paper's study area, 36.9 x 45.7 km."""


def make_paper_scene(
    folder: Path,
    pools: npt.NDArray[np.float64] | None = None,
    *,
    seed: int = 0,
    patches: tuple[int, int] = PAPER_PATCHES,
    progress: bool = True,
) -> DemoFiles:
    """Draw a synthetic scene of the paper's size on one date, or its missing files.

    Windows are drawn and written one by one, so the raster, 3 GB, is never in memory.

    Parameters
    ----------
    folder
        Where the files are put; made if need be.
    pools
        (n, 2) longitude and latitude of pools to draw mines around, which then lie in the middle
        of the scene; None to invent pools. The imagery is synthetic in either case.
    seed
        Whole number, 0 or more; another seed is another landscape.
    patches
        Rows and columns of patches of 84 pixels.
    progress
        Whether to show a progress bar.

    Raises
    ------
    SceneError
        When the folder cannot be written to.
    LabelsError
        When the pools extend beyond the scene.
    """
    height, width = (PATCH * count for count in patches)
    recipe = f"paper version 1, seed {seed}, {height} x {width} pixels, "
    if pools is None:
        recipe, transform, places = recipe + "invented pools", TRANSFORM, None
    else:
        recipe += f"pools {hashlib.sha256(np.ascontiguousarray(pools).tobytes()).hexdigest()}"
        transform, places = _centred_on(pools, height, width)
    dates = DATES[:1]

    def imagine() -> Landscape:
        return Landscape(seed, height, width, pools=places, dates=dates, collar=False)

    return draw_files(folder, imagine, recipe, dates=dates, transform=transform, progress=progress)


def _centred_on(
    pools: npt.NDArray[np.float64], height: int, width: int
) -> tuple[Affine, npt.NDArray[np.float64]]:
    """Place a scene over pools: its transform, and the pools' (n, 2) x, y in its pixels."""
    to_scene = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    ground = np.stack(to_scene.transform(*pools.T), axis=-1)
    low, high = ground.min(axis=0), ground.max(axis=0)
    size = GSD * np.array([width, height])
    if not (high - low < size - 2 * GSD).all():
        across, down = (high - low) / 1000
        raise LabelsError(
            f"The pools extend over {across:,.0f} x {down:,.0f} km, more than the scene's "
            f"{size[0] / 1000:.1f} x {size[1] / 1000:.1f} km: give pools of one area."
        )
    west, south = GSD * np.round((low + high - size) / 2 / GSD)
    transform = Affine(GSD, 0, west, 0, -GSD, south + size[1])
    return transform, np.stack(~transform @ (ground[:, 0], ground[:, 1]), axis=-1)
