"""Choose among the images found: those that cover the box, and of these the clearest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

import shapely
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from rareearth_explorer.errors import CatalogueError
from rareearth_explorer.stac.request import Request

if TYPE_CHECKING:
    from pystac import Item

LEAST_GAIN = 0.1
"""Percent of the box that an image must add to those before it to be read."""


@dataclass(frozen=True)
class Choice:
    """Images of one day.

    Attributes
    ----------
    items
        Images, the first on top; where they overlap, its pixels are used.
    cover
        Percent of the box that they cover.
    cloud
        Percent of cloud, each image weighted by the part of the box that is read from it;
        infinite if the catalogue does not say.
    """

    items: tuple[Item, ...]
    cover: float
    cloud: float

    @property
    def time(self) -> datetime:
        """Acquisition time of the image on top, in UTC."""
        return _time(self.items[0])


def choose(items: Sequence[Item], request: Request) -> Choice:
    """Choose the clearest image that covers the box or, for a mosaic, the clearest day.

    Raises
    ------
    CatalogueError
        There is none; the message says how close the best one came, and which option to relax.
    """
    if not items:
        raise CatalogueError(
            f"{request.stac}: {request.collection} has no image of this box from {request.dates}; "
            "widen --dates, or check that --bbox is west, south, east, north."
        )
    choices = [_take(group, request) for group in _groups(items, request.mosaic)]
    covering = [choice for choice in choices if choice.cover >= request.min_cover]
    if not covering:
        raise CatalogueError(_too_little(max(choices, key=lambda choice: choice.cover), request))
    best = min(covering, key=lambda each: (each.cloud, -each.cover, each.time, each.items[0].id))
    if best.cloud > request.max_cloud and request.max_cloud < 100:
        cloud = f"{best.cloud:.1f} %" if math.isfinite(best.cloud) else "an unknown part"
        raise CatalogueError(
            f"{request.stac}: the clearest of {len(covering)} choices, of {best.time:%Y-%m-%d}, is "
            f"cloud by {cloud}; raise --max-cloud or widen --dates."
        )
    return best


def _groups(items: Iterable[Item], mosaic: bool) -> Iterable[Iterable[Item]]:
    """Group images into candidates: those of a day (UTC), or each alone."""
    if not mosaic:
        return ([item] for item in items)
    by_time = sorted(items, key=_time)
    return (list(day) for _, day in groupby(by_time, key=lambda item: _time(item).date()))


def _take(items: Iterable[Item], request: Request) -> Choice:
    """Add images to a choice, the clearest first, if they add to the box."""
    wanted = box(*request.bbox)
    covered: BaseGeometry = shapely.Polygon()
    cloud = 0.0
    taken: list[Item] = []
    for item in sorted(items, key=lambda item: (_cloud(item), item.id)):
        here = _footprint(item).intersection(wanted)
        gain = 100 * here.difference(covered).area / wanted.area
        if gain > LEAST_GAIN or not taken:
            taken.append(item)
            covered, cloud = covered.union(here), cloud + gain * _cloud(item)
    cover = 100 * covered.area / wanted.area
    return Choice(tuple(taken), cover, cloud / cover if cover else math.inf)


def _too_little(best: Choice, request: Request) -> str:
    what = "the images of no day cover" if request.mosaic else "no single image covers"
    join = "" if request.mosaic else "join those of a day with --mosaic, "
    return (
        f"{request.stac}: {what} the box; most, {best.cover:.1f} %, is covered on "
        f"{best.time:%Y-%m-%d}: {join}widen --dates, or accept less with --min-cover."
    )


def _time(item: Item) -> datetime:
    time = item.datetime or item.common_metadata.start_datetime
    if time is None:
        raise CatalogueError(
            f"{item.id}: the catalogue gives no date for it; choose another collection."
        )
    return time


def _cloud(item: Item) -> float:
    """Percent of cloud in a whole image; infinite if unknown."""
    cloud = item.properties.get("eo:cloud_cover")
    return math.inf if cloud is None else float(cloud)


def _footprint(item: Item) -> BaseGeometry:
    """Area of an image's pixels, in degrees."""
    if item.geometry is None:
        return bounds_of(item) or shapely.Polygon()
    return shapely.make_valid(shape(item.geometry))


def bounds_of(item: Item) -> shapely.Polygon | None:
    """Bounding box of an image in degrees, or None.

    A bounding box has four numbers, or six with the lowest and the highest elevation after each
    corner (RFC 7946, 5).
    """
    if not item.bbox:
        return None
    half = len(item.bbox) // 2
    west, south, east, north = (*item.bbox[:2], *item.bbox[half : half + 2])
    return box(west, south, east, north)
