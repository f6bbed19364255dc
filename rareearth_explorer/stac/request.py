"""The request to a catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rareearth_explorer.errors import CatalogueError


@dataclass(frozen=True)
class Request:
    """Request for imagery.

    Attributes
    ----------
    stac
        URL of a STAC API.
    collection
        Collection, such as `sentinel-2-l2a`.
    bbox
        West, south, east, north in WGS 84 degrees.
    dates
        First and last day in UTC, `2022-03-01/2022-03-31`; or one day.
    bands
        Roles of the bands, in the order of the file to be written.
    max_cloud
        Largest accepted percentage of cloud, as the catalogue gives it for whole images.
    min_cover
        Percentage of the box that the images must cover.
    mosaic
        Whether several images of one day may form a mosaic.

    Raises
    ------
    CatalogueError
        The box, the dates or the bands are invalid.
    """

    stac: str
    collection: str
    bbox: tuple[float, float, float, float]
    dates: str
    bands: tuple[str, ...]
    max_cloud: float = 100.0
    min_cover: float = 99.0
    mosaic: bool = False

    def __post_init__(self) -> None:
        west, south, east, north = self.bbox
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise CatalogueError(
                f"{west:g} {south:g} {east:g} {north:g} is not a box: give west, south, east and "
                "north in degrees, in this order; a box across the 180th meridian must be fetched "
                "in two."
            )
        try:
            days = [date.fromisoformat(day) for day in self.dates.split("/")]
        except ValueError:
            days = []
        if len(days) not in (1, 2) or days[0] > days[-1]:
            raise CatalogueError(
                f"{self.dates} are no dates: give the first and the last day, such as "
                "2022-03-01/2022-03-31."
            )
        if not self.bands or "" in self.bands or len(set(self.bands)) != len(self.bands):
            raise CatalogueError(
                f"{','.join(self.bands) or 'nothing'} are no bands: name each once, such as "
                "blue,green,red,nir."
            )
