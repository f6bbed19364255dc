"""Which columns of a table hold places, by the names that people and programs give them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from rareearth_explorer.data.places.pair_text import Order
from rareearth_explorer.errors import ExplorerError

LON_NAMES = (
    *("longitude", "lon", "lng", "long"),
    *("longitud", "longitudine", "lengtegraad", "langengrad", "laengengrad", "longitudes"),
    *("dolgota", "долгота", "довгота", "bujur", "经度", "經度", "経度", "경도", "kinhđo", "kinhdo"),
    *("ลองจิจูด", "လောင်ဂျီတွဒ်"),
)
LAT_NAMES = (
    *("latitude", "lat"),
    *("latitud", "latitudine", "breedtegraad", "breitengrad", "latitudes"),
    *("shirota", "широта", "lintang", "纬度", "緯度", "위도", "viđo", "vido"),
    *("ละติจูด", "လတ္တီတွဒ်"),
)
"""Words for longitude and latitude, without case, accents and marks, the usual ones first."""

X_NAMES = ("x", "xcoord", "pointx", "coordx", "easting", "eastings")
Y_NAMES = ("y", "ycoord", "pointy", "coordy", "northing", "northings")
"""Words that may also mean metres, so they count after those of degrees."""

NEUTRAL = frozenset(
    (
        *("decimal", "dec", "dd", "deg", "degs", "degree", "degrees", "grad", "grados"),
        *(
            "wgs",
            "84",
            "4326",
            "epsg",
            "gps",
            "geo",
            "coord",
            "coords",
            "coordinate",
            "coordinates",
        ),
        *("point", "pt", "map", "the", "of", "in"),
    )
)
"""Words beside longitude or latitude that say how, not of what."""

CENTRAL = frozenset(
    (*("centre", "center", "centroid", "central", "mid", "middle", "patch", "tile", "chip"),)
)
"""Words of the place of a row itself, where other pairs give corners or other things."""

EDGES = frozenset(
    (
        *(
            "min",
            "max",
            "minimum",
            "maximum",
            "ul",
            "ur",
            "ll",
            "lr",
            "upper",
            "lower",
            "left",
            "right",
        ),
        *("north", "south", "east", "west", "nw", "ne", "sw", "se"),
        *("std", "error", "accuracy", "uncertainty", "count"),
    )
)
"""Words of a corner or a statistic: not the place of a row."""

PLACE_WORDS = frozenset(
    (
        *("location", "locations", "geolocation", "position", "place", "gps", "point", "geopoint"),
        *("coordinate", "coordinates", "coords", "coord", "coordenadas", "coordonnees"),
        *("koordinaten", "koordinat", "координаты", "坐标", "mgrs", "usng", "utm"),
    )
)
"""Words of a column that may hold a whole place as text; whether it does, its cells show."""

LAT_FIRST = frozenset(("latlon", "latlong", "latlng", "geopoint", "yx"))
LON_FIRST = frozenset(("lonlat", "longlat", "lnglat", "xy"))
"""Words for both coordinates; a geopoint of KoboToolbox and ODK begins with its latitude."""

LONGEST_NAME = 200
"""Characters of a column's name that are looked at."""

LETTERS = {"lon": frozenset("exw"), "lat": frozenset("nys")}
"""Letters of an axis beside its word, as in Latitude_N."""

BOXES = (
    ("xmin", "ymin", "xmax", "ymax"),
    ("minx", "miny", "maxx", "maxy"),
    ("west", "south", "east", "north"),
    ("lonmin", "latmin", "lonmax", "latmax"),
    ("minlon", "minlat", "maxlon", "maxlat"),
)
"""Names of the four columns of a bounding box, without case and marks."""


def place_columns(columns: Sequence[str]) -> tuple[str, str] | None:
    """Find the columns of longitude and latitude by their names; None if either is missing.

    Both must be named alike beside the words for longitude and latitude: `gps_lon` belongs to
    `gps_lat`, not to `site_lat`. Where several pairs remain, plain names come before names with
    other words, and no pair is chosen among equals; `rival_pairs` names these.

    Examples
    --------
    >>> place_columns(["site", "Decimal Longitude", "decimalLatitude"])
    ('Decimal Longitude', 'decimalLatitude')
    >>> place_columns(["_pool_latitude", "_pool_longitude"])
    ('_pool_longitude', '_pool_latitude')
    >>> place_columns(["a_lat", "a_lon", "b_lat", "b_lon"]) is None
    True
    """
    best = _best_pairs(columns)
    return best[0] if len(best) == 1 else None


def rival_pairs(columns: Sequence[str]) -> list[tuple[str, str]]:
    """List pairs of longitude and latitude of which none is better than the others; else empty."""
    best = _best_pairs(columns)
    return best if len(best) > 1 else []


def bbox_columns(columns: Sequence[str]) -> tuple[str, str, str, str] | None:
    """Find the columns of west, south, east and north of a bounding box; None if one is missing.

    Examples
    --------
    >>> bbox_columns(["id", "lon_min", "lat_min", "lon_max", "lat_max"])
    ('lon_min', 'lat_min', 'lon_max', 'lat_max')
    """
    plain = {re.sub(r"[\W_]", "", column).casefold(): column for column in columns}
    for names in BOXES:
        for before in ("", "bbox"):
            found = [plain[before + name] for name in names if before + name in plain]
            if len(found) == len(names):
                west, south, east, north = found
                return west, south, east, north
    return None


def names_degrees(columns: Sequence[str]) -> bool:
    """Whether names of columns speak of longitude and latitude, not of x and y or easting."""
    words = [*LON_NAMES, *LAT_NAMES, "west", "south", "east", "north"]
    return all(
        any(word in re.sub(r"[\W_]", "", _plain(column)) for word in words) for column in columns
    )


def whole_place_columns(columns: Sequence[str]) -> dict[str, Order]:
    """Find the columns that may hold both coordinates, and which their names put first.

    Examples
    --------
    >>> whole_place_columns(["id", "Lat, Lon", "coordinates", "location (lng/lat)", "gps error"])
    {'Lat, Lon': 'lat', 'coordinates': '', 'location (lng/lat)': 'lon'}
    """
    found: dict[str, Order] = {}
    for column in columns:
        words = _words(column, brackets=True)
        order = _order(words)
        if (order or PLACE_WORDS & {*words}) and not EDGES & {*words}:
            found[column] = order
    return found


def _order(words: tuple[str, ...]) -> Order:
    """Which coordinate words for both, or for one after the other, put first."""
    axes: list[Order] = []
    for word in words:
        if word in LAT_FIRST or word in LON_FIRST:
            return "lat" if word in LAT_FIRST else "lon"
        if word in LAT_NAMES or word == "y":
            axes.append("lat")
        elif word in LON_NAMES or word == "x":
            axes.append("lon")
    return axes[0] if len(axes) == 2 and axes[0] != axes[1] else ""


def require_single(
    columns: Sequence[str], wanted: Collection[str], name: object, error: type[ExplorerError]
) -> None:
    """Check that no two columns share a name that is wanted.

    Parameters
    ----------
    columns
        Names of all columns.
    wanted
        Names of those that are read.
    name
        What to call the file in the error.
    error
        Class of the error.

    Raises
    ------
    ExplorerError
        Of class `error`: several columns have one of these names.
    """
    twice = [each for each, times in Counter(columns).items() if times > 1 and each in wanted]
    if twice:
        raise error(
            f"{name}: several columns are called {twice[0]!r}; rename or remove all but one."
        )


def _best_pairs(columns: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [*_ranked(columns)]
    best = min((rank for rank, _ in pairs), default=0)
    return [pair for rank, pair in pairs if rank == best]


def _ranked(columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, str]]]:
    """Pair columns of longitude and latitude, each pair with its rank; lower is better."""
    named = {column: _words(column) for column in columns}
    axes = [
        [(column, _beside(words, names, letters)) for column, words in named.items()]
        for names, letters in (
            (LON_NAMES, LETTERS["lon"]),
            (LAT_NAMES, LETTERS["lat"]),
            (X_NAMES, frozenset()),
            (Y_NAMES, frozenset()),
        )
    ]
    lons, lats, xs, ys = ([(c, rest) for c, rest in axis if rest is not None] for axis in axes)
    for base, easts, norths in ((0, lons, lats), (4, xs, ys), (8, lons, ys), (8, xs, lats)):
        metric = base > 0
        for east, beside in easts:
            for north, other in norths:
                rank = _rank(beside, other, may_be_metres=metric)
                if rank is not None:
                    yield base + rank, (east, north)


def _rank(beside: frozenset[str], other: frozenset[str], *, may_be_metres: bool) -> int | None:
    """Rank a pair by the words beside its axes; None if it is no pair."""
    own, others = beside - NEUTRAL, other - NEUTRAL
    if own != others or own & EDGES:
        return None
    if not own:
        return 0 if not beside and not other else 1
    if may_be_metres:
        return None
    return 2 if own <= CENTRAL else 3


def _beside(
    words: tuple[str, ...], names: tuple[str, ...], letters: frozenset[str]
) -> frozenset[str] | None:
    """Words of a column beside the one that names an axis; None if none does."""
    for at, word in enumerate(words):
        if word in names:
            return frozenset(words[:at] + words[at + 1 :]) - letters
    if "".join(words) in names:  # such as X_coord
        return frozenset()
    last = words[-1] if words else ""
    for name in names:
        if len(name) > 6 and last.endswith(name):  # such as DECIMALLATITUDE
            return frozenset((*words[:-1], last.removesuffix(name)))
    return None


def _words(column: str, *, brackets: bool = False) -> tuple[str, ...]:
    """Split a name into words, without case, accents, marks and what stands in brackets.

    `brackets` keeps what stands in brackets.
    """
    # Combining accents go, but the vowel signs of other scripts stay. A name is short: brackets
    # that never close are searched for to the end, from each of them.
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", column[:LONGEST_NAME])
    spaced = re.sub(r"[()\[\]]" if brackets else r"\(.*?\)|\[.*?\]", " ", spaced)
    return tuple(re.findall(r"[^\s_\-.,;:/|°º\"'#*?!<>=+&\ufeff]+", _plain(spaced)))


def _plain(text: str) -> str:
    """Text in lower case without accents."""
    bare = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", bare)
