"""`rareearth-explorer export`: write what a session found."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rareearth_explorer.data.table import PatchTable
    from rareearth_explorer.hunt.store.format import Record


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "export",
        help="write a session's candidates or verdicts for a GIS, or a report",
        description="Write what a session found: a list of patches, a report or a figure.",
    )
    parser.add_argument("session", metavar="SESSION", help="name of a saved session, or its .jsonl")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="a list (.geojson .gpkg .parquet .csv .kml), a report (.html .pdf) or a figure "
        "(.png .svg)",
    )
    parser.add_argument("--table", type=Path, help="patch table, where the session's was moved")
    parser.add_argument(
        "--scene",
        type=Path,
        help="GeoTIFF from which a report takes pictures; the demo has its own",
    )
    parser.add_argument("--labels", type=Path, help="known pools: CSV, GeoJSON, GeoPackage, ...")
    parser.add_argument(
        "--what",
        choices=("candidates", "verdicts", "map", "umap", "curve"),
        help="what is listed (default: candidates) or drawn (default: map)",
    )
    parser.add_argument("--top", type=int, metavar="N", help="list the best N patches only")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Repeat the session and write what was asked for."""
    from contextlib import closing, nullcontext

    from rareearth_explorer.data.labels import open_labels
    from rareearth_explorer.data.storage.inputs import require_other
    from rareearth_explorer.data.table import open_own_scene
    from rareearth_explorer.exporting import export
    from rareearth_explorer.hunt import Session
    from rareearth_explorer.hunt.store.finding import find_with_table
    from rareearth_explorer.hunt.store.journal import restore

    journal, table = find_with_table(options.session, options.table)
    scene_file, labels = _context(options, table)
    require_other(options.output, [journal, table.path, scene_file, labels])
    session = Session(table, open_labels(labels) if labels else None)
    tell(restore(journal, session))
    scene = open_own_scene(scene_file, table) if scene_file else None
    with closing(scene) if scene else nullcontext():
        export(
            session,
            options.output,
            what=options.what,
            top=options.top,
            name=journal.stem,
            scene=scene,
        )
    print(f"{options.output} is written.")


def _context(options: argparse.Namespace, table: PatchTable) -> tuple[Path | None, Path | None]:
    """Scene and labels: those given, or the demo's own where the session is about the demo."""
    from rareearth_explorer.demo.prepare import demo_of

    demo = demo_of(table.path) if table.path else None
    if demo is None:
        return options.scene, options.labels
    return options.scene or demo.scene, options.labels or demo.labels


def tell(record: Record) -> None:
    """Say what was lost by damage to a session's file, if anything was."""
    if record.said:
        print(record.said, file=sys.stderr)
