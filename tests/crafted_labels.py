"""Labels that are cut, of another kind, or made to break their reader."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
from crafted_bytes import DEEP, ODD_FILES, damaged

ODD_CELLS = (
    "", "NaN", "inf", "-inf", "1e400", "1e308", "9" * 400, "181", "-91", "0x10", "1,5", "1;5",
    '"', "'", "=1+1", "\x00", "98°", "N", "98 25", "1_000", "٩٨", "\xed\xa0\x80",
)  # fmt: skip
"""Cells in place of a coordinate."""

ODD_COORDINATES = (
    "[]", "null", "5", '"x"', "[98]", "[98, 25]", "[[98, 25]]", "[null, null]", "[1e400, 25]",
    "[NaN, 25]", "[Infinity, 25]", '["98", "25"]', "[[[98, 25]]]", "[[[98, 25], [98, 26]]]",
    "[[[98, 25], [98, 26], [97, 25], [98, 25]]]", "[" * 500 + "]" * 500, "[98, 25, 1, 2, 3]",
    "{}", "[[[181, 91], [182, 91], [182, 92], [181, 91]]]",
)  # fmt: skip
"""Coordinates of a GeoJSON geometry."""

KINDS = ("Point", "MultiPoint", "LineString", "Polygon", "MultiPolygon", "GeometryCollection", "X")


Named = Iterator[tuple[str, bytes]]
"""Names of files, and what they hold."""


def labels(frame: gpd.GeoDataFrame, folder: Path, rng: random.Random) -> Named:
    """Yield file names, of which the suffix counts, and contents of about 150 label files.

    Parameters
    ----------
    frame
        Labels of one point and one polygon.
    folder
        Where files are made.
    rng
        Chooses what is damaged.
    """
    for number, cell in enumerate(ODD_CELLS):
        quoted = rng.choice(("", '"'))
        yield f"cell{number}.csv", f"lon,lat\n98.4,25.7\n{quoted}{cell}{quoted},25.7\n".encode()
    tables = {
        "no rows": "lon,lat\n", "one column": "lon\n98\n", "twice": "lat,lon,lat\n1,2,3\n",
        "no heading": "98,25\n98,26\n", "uneven": "lon,lat\n98\n98,25,1\n",
        "quote": 'lon,lat\n"98,25\n',
        "wide": ",".join(["lon", "lat", *("x" * 9000)]) + "\n",
        "long cell": f"lon,lat,x\n98,25,{'x' * 2_000_000}\n",
        "nul": "lon\x00,lat\n98,25\n", "blank": "\n\n\n", "separators": ";" * 100_000 + "\n",
        "long": "lon,lat\n" + "98.4,25.7\n" * 300_000, "swapped": "lon,lat\n25.7,98.4\n",
        "metres": "lon,lat\n430000,2845000\n", "dms": "lon,lat\n98°24'0\"E,25°42'0\"N\n",
    }  # fmt: skip
    for name, text in tables.items():
        yield f"{name}.csv", text.encode()
    for kind in KINDS:
        for coordinates in rng.sample(ODD_COORDINATES, 5):
            geometry = f'{{"type": "{kind}", "coordinates": {coordinates}}}'
            feature = f'{{"type": "Feature", "properties": {{}}, "geometry": {geometry}}}'
            yield "x.geojson", f'{{"type": "FeatureCollection", "features": [{feature}]}}'.encode()
    for text in ("{}", "[]", "null", DEEP, '{"type": "FeatureCollection"}', '{"type": "Topology"}'):
        yield "x.geojson", text.encode()
    nested = '{"type": "GeometryCollection", "geometries": [' * 5000 + "]}" * 5000
    yield "nested.geojson", nested.encode()
    yield from documents()
    drivers = {".geojson": "GeoJSON", ".gpkg": "GPKG", ".kml": "LIBKML", ".parquet": ""}
    for suffix, driver in drivers.items():
        path = folder / f"whole{suffix}"
        frame.to_file(path, driver=driver) if driver else frame.to_parquet(path)
        content = path.read_bytes()
        path.unlink()
        yield from ((f"{name}{suffix}", odd) for name, odd in damaged(content, rng, 12))
    for name, content in ODD_FILES.items():
        suffix = rng.choice((".csv", ".geojson", ".kml", ".gpkg", ".parquet", ".kmz"))
        yield f"{name}{suffix}", content


def documents() -> Named:
    """Yield KML and KMZ: entities that expand or read files, archives that expand."""
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    text = {
        "laughs": f'<!DOCTYPE k [<!ENTITY a0 "ha">{laughs}]><kml><name>&a8;</name></kml>',
        "file": '<!DOCTYPE k [<!ENTITY f SYSTEM "file:///etc/hostname">]><kml>&f;</kml>',
        "link": "<kml><NetworkLink><Link><href>http://127.0.0.1:9/</href></Link></NetworkLink></kml>",
        "folders": "<kml>" + "<Folder>" * 20_000 + "</Folder>" * 20_000 + "</kml>",
        "point": "<kml><Placemark><Point><coordinates>x,y</coordinates></Point></Placemark></kml>",
        "half": "<kml><Placemark><Point><coordinates>98",
    }
    for name, content in text.items():
        yield f"{name}.kml", content.encode()
    archives = ("bomb", "doc.kml", 10**8), ("up", "../../doc.kml", 9), ("none", "x", 9)
    for name, inside, size in archives:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(inside, b" " * size)
        yield f"{name}.kmz", file.getvalue()
    yield "x.json", json.dumps({"type": "Point", "coordinates": [98.4, 25.7]}).encode()
