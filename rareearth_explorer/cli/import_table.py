"""`rareearth-explorer import`: from embeddings of other tools to a patch table."""

from __future__ import annotations

import argparse
from pathlib import Path

from rareearth_explorer.cli.numbers import metres
from rareearth_explorer.data.file_kinds import parquet_parts, require_table_name
from rareearth_explorer.data.numbers import NUMBER_TYPES
from rareearth_explorer.data.storage.inputs import require_other


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "import",
        help="make a patch table from embeddings of other tools",
        description="Read a Parquet file, or a folder of its parts, and write a patch table. "
        "Embeddings may be lists, tensors, binary, or a column for each number; places may be "
        "shapes in any encoding, bounding boxes, or longitude and latitude. Rows without an "
        "embedding or a place are dropped and counted.",
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TABLE")
    parser.add_argument(
        "--column",
        metavar="NAME",
        help="column with the embeddings, or 'A*' for one number in each column "
        "(default: detected)",
    )
    parser.add_argument(
        "--dtype", choices=NUMBER_TYPES, help="type of the numbers in a binary column"
    )
    parser.add_argument(
        "--crs", metavar="EPSG:CODE", help="coordinate reference system of the places"
    )
    parser.add_argument(
        "--spacing",
        type=metres,
        metavar="METRES",
        help="side of the patches around points (default: the distance of the points)",
    )
    parser.add_argument(
        "--date", metavar="DATE", help="read only the rows of this date, or year, or month"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Import the table and print a summary."""
    from rareearth_explorer.data.table import Reading
    from rareearth_explorer.embedding import import_table

    source: Path = options.source
    require_other(options.output, [source, *(parquet_parts(source) if source.is_dir() else ())])
    require_table_name(options.output)
    reading = Reading(options.column, options.dtype, options.crs, options.spacing, options.date)
    report = import_table(source, options.output, reading=reading)
    left_out = [f"{count:,} rows {why} were dropped" for why, count in report.left_out.items()]
    print(
        f"{report.table}: {report.patches:,} patches of {report.dim} numbers; "
        f"{'; '.join(left_out) or 'no row was dropped'}."
    )
    for note in report.notes:
        print(f"Note: {note}.")
