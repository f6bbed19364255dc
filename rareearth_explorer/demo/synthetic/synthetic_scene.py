"""The synthetic demo: scenes of several dates, the pools as labels, and all drawn pools."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

from affine import Affine
from pyproj import Transformer

from rareearth_explorer.data.storage.replacing import write_atomically
from rareearth_explorer.demo.synthetic.geotiff import CRS, TRANSFORM, recipe_of, write_scenes
from rareearth_explorer.demo.synthetic.landscape import DATES, Landscape
from rareearth_explorer.demo.synthetic.mines import PATCH
from rareearth_explorer.demo.synthetic.pools import Pools
from rareearth_explorer.demo.synthetic.terrain import GSD
from rareearth_explorer.errors import SceneError

PATCHES = (42, 42)
"""Rows and columns of patches; 1,668 of them are not in the empty corner."""

_VERSION = 1
"""Increased whenever a seed gives other pixels or pools than before."""


@dataclass(frozen=True)
class DemoFiles:
    """The files of a demo.

    Attributes
    ----------
    scenes
        One GeoTIFF for each date, in order: 8 bands of uint16, reflectance x 10,000.
    labels
        GeoJSON points: the pools visible on the first date, with `site` and `type`.
    all_pools
        GeoJSON points: every pool of every date, with `breadth_m`, whether it is `active`, the
        `period_days` and `phase` (0 to 1 on the first date) of its cycle, and its `first_date`.
    """

    scenes: tuple[Path, ...]
    labels: Path
    all_pools: Path

    @classmethod
    def within(cls, folder: Path, dates: Sequence[date] = DATES) -> Self:
        """Name the files of a demo in a folder, whether or not they exist."""
        scenes = tuple(folder / f"{day:%Y%m%d}_synthetic_demo.tif" for day in dates)
        labels, all_pools = "synthetic_pools.geojson", "synthetic_all_pools.geojson"
        return cls(scenes, folder / labels, folder / all_pools)


def make_demo(
    folder: Path, *, seed: int = 0, patches: tuple[int, int] = PATCHES, progress: bool = True
) -> DemoFiles:
    """Draw the synthetic demo scene, or its missing files.

    Parameters
    ----------
    folder
        Where the files are put; made if need be.
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
    """
    height, width = (PATCH * count for count in patches)
    recipe = f"version {_VERSION}, seed {seed}, {height} x {width} pixels"
    return draw_files(folder, lambda: Landscape(seed, height, width), recipe, progress=progress)


def draw_files(
    folder: Path,
    imagine: Callable[[], Landscape],
    recipe: str,
    *,
    dates: Sequence[date] = DATES,
    transform: Affine = TRANSFORM,
    progress: bool = True,
) -> DemoFiles:
    """Draw a landscape into the files of a demo, if they are missing.

    Parameters
    ----------
    folder
        Where the files are put; made if need be.
    imagine
        Function that makes the landscape; not called if no file is missing.
    recipe
        Text that identifies the files' contents; files of another recipe are drawn again.
    dates
        Acquisition dates, the earliest first.
    transform
        From pixel to EPSG:32647.
    progress
        Whether to show a progress bar.

    Raises
    ------
    SceneError
        When the folder cannot be written to.
    """
    files = DemoFiles.within(folder, dates)
    labels, all_pools = files.labels, files.all_pools
    scenes = dict(zip(dates, files.scenes, strict=True))
    missing = {day: path for day, path in scenes.items() if recipe_of(path) != recipe}
    if not missing and all(_recipe_of_points(path) == recipe for path in (labels, all_pools)):
        return files
    try:
        folder.mkdir(parents=True, exist_ok=True)
        landscape = imagine()
        points = list(_points(landscape.pools, transform))
        _write_points(all_pools, points, recipe)
        _write_points(labels, _as_labels(points, dates[0]), recipe)
        write_scenes(landscape, missing, transform=transform, recipe=recipe, progress=progress)
    except OSError as error:
        reason = error.strerror or error.__cause__ or error
        raise SceneError(
            f"The demo scene could not be written to {folder} ({reason}); choose a folder that you "
            "may write to, with about 1 GB free."
        ) from error
    return files


def _points(pools: Pools, transform: Affine) -> Iterator[dict[str, Any]]:
    """List every pool as a GeoJSON feature, with its history."""
    x, y = pools.place.T
    to_lonlat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(*(transform @ (x, y)))
    for k in range(len(pools)):
        active = bool(pools.active[k])
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(lon[k], 7), round(lat[k], 7)]},
            "properties": {
                "site": int(pools.site[k]),
                "type": "square" if pools.square[k] else "circular",
                "breadth_m": round(2 * GSD * float(pools.radius[k]), 2),
                "active": active,
                "period_days": round(float(pools.period[k]), 3) if active else None,
                "phase": round(float(pools.phase[k]), 4) if active else None,
                "first_date": (pools.start + timedelta(int(pools.opened[k]))).isoformat(),
            },
        }


def _as_labels(points: list[dict[str, Any]], first: date) -> list[dict[str, Any]]:
    """Keep the pools that a person would label on the first date."""
    return [
        {**point, "properties": {key: point["properties"][key] for key in ("site", "type")}}
        for point in points
        if point["properties"]["first_date"] == first.isoformat()
    ]


def _write_points(path: Path, points: list[dict[str, Any]], recipe: str) -> None:
    collection = {"type": "FeatureCollection", "recipe": recipe, "features": points}
    write_atomically(path, json.dumps(collection))


def _recipe_of_points(path: Path) -> str | None:
    try:
        recipe: str | None = json.loads(path.read_text()).get("recipe")
    except (OSError, ValueError):
        return None
    return recipe
