"""`rareearth-explorer import`: from embeddings of other tools to a patch table."""

from __future__ import annotations

import argparse
from pathlib import Path

from rareearth_explorer.data.file_kinds import require_table_name
from rareearth_explorer.data.storage.inputs import require_other


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "import",
        help="make a patch table from embeddings of other tools",
        description="Read a GeoParquet file whose embeddings are lists of numbers or binary "
        "float32, and write a patch table. Rows without an embedding are dropped and counted.",
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TABLE")
    parser.add_argument(
        "--column", metavar="NAME", help="column with the embeddings (default: detected)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Import the table and print a summary."""
    from rareearth_explorer.embedding import import_table

    require_other(options.output, [options.source])
    require_table_name(options.output)
    report = import_table(options.source, options.output, column=options.column)
    print(
        f"{report.table}: {report.patches:,} patches of {report.dim} numbers; "
        f"{report.dropped:,} rows without an embedding were dropped."
    )
