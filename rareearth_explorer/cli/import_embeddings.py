"""`rareearth-explorer import`: from published embeddings to a patch table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.cluster_options import add_cluster
from rareearth_explorer.cli.numbers import metres, number
from rareearth_explorer.cli.pixel_options import add_nodata
from rareearth_explorer.data.file_kinds import (
    is_table,
    is_zarr_store,
    parquet_parts,
    require_no_database,
    require_table_name,
)
from rareearth_explorer.data.numbers import BITS, NUMBER_TYPES
from rareearth_explorer.data.recipes import known_recipes
from rareearth_explorer.data.storage.inputs import require_other
from rareearth_explorer.data.storage.remote_files import Address, place_of
from rareearth_explorer.errors import ExplorerError

if TYPE_CHECKING:
    from rareearth_explorer.data.grid import Bbox

TABLE_OPTIONS = ("column", "dtype", "scale", "offset", "crs", "spacing")
PIXEL_OPTIONS = ("patch_size", "statistics", "nodata", "cluster")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "import",
        help="make a patch table from embeddings of others",
        description="Make a patch table from published embeddings: a Parquet file or a folder of "
        "its parts, also at an https:// or s3:// address, or rasters or arrays with an embedding "
        "in each pixel. Recipes say how known products are decoded. Rows and pixels without data "
        "are left out and counted.",
    )
    parser.add_argument("sources", nargs="+", type=place_of, metavar="SOURCE")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TABLE")
    parser.add_argument(
        "--recipe",
        choices=[*known_recipes()],
        metavar="NAME",
        help="published product that the file is of, which says how to decode its numbers: "
        f"{', '.join(known_recipes())} (default: recognised)",
    )
    parser.add_argument(
        "--bbox",
        nargs=4,
        type=float,
        metavar=("W", "S", "E", "N"),
        help="only patches in it; degrees",
    )
    parser.add_argument(
        "--date",
        metavar="DATE",
        help="of tables, read only the rows of this date, year or month, or the newest of each "
        "place; of Zarr stores, this year",
    )
    _add_table_options(parser)
    _add_pixel_options(parser)
    add_cluster(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Import tables or rasters, whichever is given, and print a summary."""
    for each in options.sources:
        if isinstance(each, Path):
            require_no_database(each)
    tables = [each for each in options.sources if _is_table(each)]
    rasters = [path for path in options.sources if path not in tables]
    of_tables = not rasters or not rasters[0].exists()  # what is missing is said as for a table
    if tables and (rasters or len(tables) > 1):
        raise ExplorerError(
            f"{options.sources[1]}: import one table, or the folder that holds its parts, or "
            "rasters of one product."
        )
    for name in PIXEL_OPTIONS if of_tables else TABLE_OPTIONS:
        if getattr(options, name) is not None:
            kind = "rasters and arrays" if of_tables else "tables"
            raise ExplorerError(
                f"{options.sources[0]}: --{name.replace('_', '-')} is for {kind} of embeddings; "
                "leave it out."
            )
    (_import_table if of_tables else _import_pixels)(options)


def _add_table_options(parser: argparse.ArgumentParser) -> None:
    tables = parser.add_argument_group("tables")
    tables.add_argument(
        "--column",
        metavar="NAME",
        help="column with the embeddings, or 'A*' for one number in each column "
        "(default: detected)",
    )
    tables.add_argument(
        "--dtype",
        choices=(*NUMBER_TYPES, BITS),
        help="type of the numbers in a binary column; bits for packed signs",
    )
    tables.add_argument(
        "--scale",
        type=number,
        metavar="S",
        help="decode whole numbers as v * S + offset; 1 takes them as they are",
    )
    tables.add_argument("--offset", type=number, metavar="O", help="offset of --scale (default: 0)")
    tables.add_argument(
        "--crs", metavar="EPSG:CODE", help="coordinate reference system of the places"
    )
    tables.add_argument(
        "--spacing",
        type=metres,
        metavar="METRES",
        help="side of the patches around points (default: that of the product, or the distance of "
        "the points)",
    )


def _add_pixel_options(parser: argparse.ArgumentParser) -> None:
    pixels = parser.add_argument_group("rasters and arrays with an embedding in each pixel")
    pixels.add_argument(
        "--patch-size", type=metres, metavar="METRES", help="side of a patch (default: 250)"
    )
    pixels.add_argument(
        "--statistics",
        choices=("mean", "mean-std", "overview"),
        help="what a patch gets of its pixels: their mean, or also their deviation, or the pixel "
        "of the overview that is a patch (default: this for products whose overviews are means, "
        "else the mean)",
    )
    add_nodata(pixels)


def _import_table(options: argparse.Namespace) -> None:
    from rareearth_explorer.data.table import Reading
    from rareearth_explorer.embedding import import_table

    (source,) = options.sources
    if isinstance(source, Path):
        parts = parquet_parts(source) if source.is_dir() else ()
        require_other(options.output, [source, *parts])
    require_table_name(options.output)
    given = {name: getattr(options, name) for name in (*TABLE_OPTIONS, "date", "recipe")}
    reading = Reading(**given, bbox=_bbox(options))
    report = import_table(source, options.output, reading=reading, progress=True)
    left_out = [f"{count:,} rows {why} were dropped" for why, count in report.left_out.items()]
    print(
        f"{report.table}: {report.patches:,} patches of {report.dim} numbers; "
        f"{'; '.join(left_out) or 'no row was dropped'}."
    )
    for note in report.notes:
        print(f"Note: {note}.")


def _import_pixels(options: argparse.Namespace) -> None:
    from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE
    from rareearth_explorer.embedding import import_pixels

    report = import_pixels(
        options.sources,
        options.output,
        recipe=options.recipe,
        patch_size=options.patch_size or DEFAULT_PATCH_SIZE,
        statistics=options.statistics,
        bbox=_bbox(options),
        nodata=options.nodata,
        date=options.date,
        cluster=options.cluster,
    )
    print(
        f"{report.table}: {report.patches:,} patches of {report.dim} numbers; {report.left_out:,} "
        "left out for want of data."
    )
    for note in report.notes:
        print(note)


def _bbox(options: argparse.Namespace) -> Bbox | None:
    return tuple(options.bbox) if options.bbox else None


def _is_table(source: Path | Address) -> bool:
    return isinstance(source, Address) or (not is_zarr_store(source) and is_table(source))
