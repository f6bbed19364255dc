"""`rareearth-explorer export`: write what a session found."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.data.storage.inputs import require_other
from rareearth_explorer.errors import SessionError

if TYPE_CHECKING:
    from rareearth_explorer.data.scene import Scene
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
    from rareearth_explorer.exporting import export
    from rareearth_explorer.hunt import Session
    from rareearth_explorer.hunt.store.journal import restore

    journal, table = find(options.session, options.table)
    scene_file, labels = _context(options, table)
    require_other(options.output, [journal, table.path, scene_file, labels])
    session = Session(table, open_labels(labels) if labels else None)
    tell(restore(journal, session))
    scene = open_own(scene_file, table) if scene_file else None
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


def find(session: str, table: Path | None) -> tuple[Path, PatchTable]:
    """Find the file of a session and open the table that it is about.

    Raises
    ------
    SessionError
        There is no such session, or it does not tell where its table is.
    TableError
        The table cannot be opened.
    """
    from rareearth_explorer.data.table import open_table
    from rareearth_explorer.hunt.store.library import find_session, table_path

    opened = open_table(table) if table else None
    named = not session.endswith(".jsonl")
    journal = find_session(session, opened) if named else Path(session)
    if opened is None:
        where = table_path(journal)
        if where is None or not where.exists():
            lost = f"its table is no longer {where}" if where else "its table is not recorded"
            raise SessionError(f"{journal}: {lost}; give it with --table.")
        opened = open_table(where)
    return journal, opened


def tell(record: Record) -> None:
    """Say what was lost by damage to a session's file, if anything was."""
    if record.said:
        print(record.said, file=sys.stderr)


def open_own(path: Path, table: PatchTable) -> Scene:
    """Open a scene with the band roles it was embedded with, if it is the table's own."""
    from rareearth_explorer.data.scene import open_scene

    recorded = {scene["name"]: scene.get("bands") for scene in table.metadata.get("scenes", [])}
    return open_scene(path, bands=recorded.get(path.name))
