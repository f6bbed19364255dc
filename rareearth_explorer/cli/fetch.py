"""`rareearth-explorer fetch`: imagery from a STAC catalogue, or published embeddings."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.numbers import percent
from rareearth_explorer.errors import CatalogueError

OF_IMAGERY = {
    "stac": None, "collection": None, "dates": None, "bands": None, "max_cloud": 100.0,
    "min_cover": 99.0, "mosaic": False, "offset": None,
}  # fmt: skip
OF_PUBLISHED = {"year": None, "base": None}
"""Options of each kind of request, with their defaults."""

if TYPE_CHECKING:
    from rareearth_explorer.stac import Fetched


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "fetch",
        help="fetch imagery of a place from a STAC catalogue, or published embeddings",
        description="Search a STAC API, choose the clearest image of a box, read only the box, and "
        "write a Cloud-Optimized GeoTIFF for embed; or, with --product, read the box of published "
        "embeddings of pixels, and write files for import. The next run continues a stopped one.",
    )
    _add_published(parser)
    parser.add_argument(
        "--stac", metavar="URL", help="landing page of a STAC API; see docs/fetch.md"
    )
    parser.add_argument("--collection", help="for example sentinel-2-l2a")
    parser.add_argument(
        "--bbox", nargs=4, type=float, required=True, metavar=("W", "S", "E", "N"), help="degrees"
    )
    parser.add_argument(
        "--dates",
        metavar="A/B",
        help="first and last day, for example 2022-03-01/2022-03-31",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="default: COLLECTION_DATE.tif; with --product a folder, by default PRODUCT_YEAR",
    )
    parser.add_argument(
        "--bands", metavar="ROLE,ROLE", help="default: the ten bands of Sentinel-2 at 10 and 20 m"
    )
    parser.add_argument(
        "--max-cloud",
        type=percent,
        default=100.0,
        metavar="N",
        help="highest cloud cover of the whole images, in percent (default: 100)",
    )
    parser.add_argument(
        "--min-cover",
        type=percent,
        default=99.0,
        metavar="N",
        help="lowest share of the box that must be covered, in percent (default: 99)",
    )
    parser.add_argument("--mosaic", action="store_true", help="join the images of one day")
    parser.add_argument(
        "--offset",
        type=int,
        metavar="DN",
        help="add this to the digital numbers (default: the offset in the catalogue)",
    )
    parser.set_defaults(run=run)


def _add_published(parser: argparse.ArgumentParser) -> None:
    published = parser.add_argument_group("published embeddings")
    published.add_argument(
        "--product", choices=("alphaearth", "tessera"), help="embeddings of pixels to fetch"
    )
    published.add_argument("--year", type=int, metavar="YEAR", help="year of the embeddings")
    published.add_argument(
        "--from",
        dest="base",
        metavar="ADDRESS",
        help="another copy with the same layout, an address or a folder (default: the public one)",
    )


def run(options: argparse.Namespace) -> None:
    """Fetch the imagery or the embeddings, and print a summary."""
    given = OF_IMAGERY if options.product else OF_PUBLISHED
    for name, default in given.items():
        if getattr(options, name) != default:
            shown = "from" if name == "base" else name.replace("_", "-")
            kind = "imagery" if options.product else "published embeddings, with --product"
            raise CatalogueError(f"--{shown} is for {kind}; leave it out.")
    needed = ("year",) if options.product else ("stac", "collection", "dates")
    for name in needed:
        if getattr(options, name) is None:
            raise CatalogueError(f"--{name} is missing; 'fetch --help' lists what is needed.")
    (_fetch_published if options.product else _fetch_imagery)(options)


def _fetch_published(options: argparse.Namespace) -> None:
    from rareearth_explorer.published import Wanted, fetch_published

    wanted = Wanted(options.product, tuple(options.bbox), options.year, options.base or "")
    folder = options.output or Path(f"{wanted.product}_{wanted.year}")
    fetched = fetch_published(wanted, folder)
    count = sum(map(len, fetched.files.values()))
    said = [f"{fetched.kept:,} of them kept from before"] if fetched.kept else []
    said += [f"{fetched.absent:,} are not in this copy, as at sea"] if fetched.absent else []
    what = f"{count:,} {'tile' if count == 1 else 'tiles'} of {wanted.product} {wanted.year}"
    print(f"{folder}: {'; '.join([what, *said])}.")
    if len(fetched.files) > 1:
        print(f"They are of {len(fetched.files)} projections; make one table of each:")
    for files in fetched.files.values():
        box = " ".join(map(str, wanted.bbox))
        print(
            f"rareearth-explorer import {' '.join(map(str, files))} --bbox {box} -o TABLE.parquet"
        )


def _fetch_imagery(options: argparse.Namespace) -> None:
    from rareearth_explorer.stac import Request, fetch

    request = Request(
        stac=options.stac,
        collection=options.collection,
        bbox=tuple(options.bbox),
        dates=options.dates,
        bands=_bands(options.bands, options.collection),
        max_cloud=options.max_cloud,
        min_cover=options.min_cover,
        mosaic=options.mosaic,
    )
    for sentence in _sentences(fetch(request, options.output, added=options.offset)):
        print(sentence)


def _bands(given: str | None, collection: str) -> tuple[str, ...]:
    from rareearth_explorer.embedding.encoders.known_sensors import sensors

    if given is not None:
        return tuple(role.strip() for role in given.split(","))
    if collection.startswith("sentinel-2"):
        return tuple(sensors()["sentinel-2"].bands)
    raise CatalogueError(
        f"{collection}: there are no default bands for this collection; name them with --bands, "
        "such as blue,green,red,nir."
    )


def _sentences(fetched: Fetched) -> list[str]:
    """Describe the file and how it was made."""
    cloud = f"{fetched.cloud:.1f} %" if math.isfinite(fetched.cloud) else "unknown"
    state = f"{fetched.parts - fetched.kept:,} parts fetched, {fetched.kept:,} kept from before"
    return [
        f"{fetched.path}: {fetched.time:%Y-%m-%d %H:%M} UTC, {fetched.width:,} x "
        f"{fetched.height:,} pixels, {fetched.cover:.1f} % of the box, from "
        f"{', '.join(fetched.images)} (cloud in the whole images: {cloud}).",
        f"{state if fetched.parts else 'The file existed already and is complete'}; added to the "
        f"digital numbers: {', '.join(map(str, fetched.added))}.",
    ]
