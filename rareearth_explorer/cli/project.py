"""`rareearth-explorer project`: add a UMAP to a patch table."""

from __future__ import annotations

import argparse
from pathlib import Path

from rareearth_explorer.data.file_kinds import require_no_imagery


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "project",
        help="add a UMAP to a patch table",
        description="Compute a UMAP (seeded, cosine, on 50 principal components) and store it.",
    )
    parser.add_argument("table", type=Path)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Add the UMAP."""
    from rareearth_explorer.embedding import project_table

    require_no_imagery(options.table)
    project_table(options.table)
    print(f"{options.table}: the UMAP is stored.")
