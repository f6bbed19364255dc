"""`rareearth-explorer export`: write the results of a session."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.label_options import add_layer, require_labels
from rareearth_explorer.cli.pixel_options import add_nodata, add_one_date
from rareearth_explorer.data.storage.safe_text import plain

if TYPE_CHECKING:
    from rareearth_explorer.data.table import PatchTable
    from rareearth_explorer.hunt.store.format import Record


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "export",
        help="write a session's candidates or verdicts for a GIS, a report or a figure",
        description="Write the results of a session: a list of patches, a report or a figure.",
    )
    parser.add_argument(
        "session", metavar="SESSION", help="name of a saved session, or its .jsonl file"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="a list (.geojson .gpkg .parquet .csv .kml), a report (.html .pdf) or a figure "
        "(.png .svg)",
    )
    parser.add_argument("--table", type=Path, help="patch table, if it was moved")
    parser.add_argument(
        "--scene",
        type=Path,
        help="GeoTIFF for the pictures of a report (default for the demo: its own)",
    )
    add_nodata(parser)
    add_one_date(parser, "the files of a folder are one pass, though it crosses midnight (UTC)")
    parser.add_argument("--labels", type=Path, help="labelled pools: CSV, GeoJSON, GeoPackage, ...")
    add_layer(parser)
    parser.add_argument(
        "--what",
        choices=("candidates", "verdicts", "map", "umap", "curve"),
        help="contents of a list or report (default: candidates) or of a figure (default: map)",
    )
    parser.add_argument("--top", type=int, metavar="N", help="list only the best N patches")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Load the session and write the file."""
    from contextlib import closing, nullcontext

    from rareearth_explorer.data.labels import open_labels
    from rareearth_explorer.data.storage.inputs import require_other
    from rareearth_explorer.data.table import open_own_scene
    from rareearth_explorer.exporting import export
    from rareearth_explorer.hunt import Session
    from rareearth_explorer.hunt.store.finding import find_with_table
    from rareearth_explorer.hunt.store.journal import restore

    require_labels(options, "labels")
    journal, table = find_with_table(options.session, options.table)
    scene_file, labels = _context(options, table)
    require_other(options.output, [journal, table.path, scene_file, labels])
    session = Session(table, open_labels(labels, layer=options.layer) if labels else None)
    print_warning(restore(journal, session))
    how = {"nodata": options.nodata, "one_date": options.one_date}
    scene = open_own_scene(scene_file, table, **how) if scene_file else None
    with closing(scene) if scene else nullcontext():
        export(
            session,
            options.output,
            what=options.what,
            top=options.top,
            name=journal.stem,
            scene=scene,
        )
    count = session.pool_count
    if count is not None and not count.whole:
        print(f"{labels}: {count}.", file=sys.stderr)
    print(f"{options.output} is written.")


def _context(options: argparse.Namespace, table: PatchTable) -> tuple[Path | None, Path | None]:
    """Return scene and labels: the given ones, or those of the demo for a session on the demo."""
    from rareearth_explorer.demo.prepare import demo_of

    demo = demo_of(table.path) if table.path else None
    if demo is None:
        return options.scene, options.labels
    return options.scene or demo.scene, options.labels or demo.labels


def print_warning(record: Record) -> None:
    """Print the warning of a session's record, if there is one."""
    if record.warning:
        print(plain(record.warning), file=sys.stderr)
