"""`rareearth-explorer export`: write the results of a session."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
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
        help="GeoTIFF for the map and pictures of a report (default for the demo: its own)",
    )
    parser.add_argument(
        "--dates",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="GeoTIFFs of other dates, on which a report says that a patch is seen",
    )
    add_nodata(parser)
    add_one_date(parser, "the files of a folder are one pass, though it crosses midnight (UTC)")
    parser.add_argument("--labels", type=Path, help="labelled pools: CSV, GeoJSON, GeoPackage, ...")
    add_layer(parser)
    parser.add_argument(
        "--what",
        choices=("candidates", "verdicts", "map", "umap", "curve"),
        help="contents of a list or report: candidates (the default), which are kept and not "
        "rejected, or verdicts, which are all patches with a verdict or a note; or of a figure "
        "(default: map)",
    )
    parser.add_argument("--top", type=int, metavar="N", help="list only the best N patches")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Load the session and write the file."""
    from contextlib import ExitStack, closing

    from rareearth_explorer.data.labels import open_labels
    from rareearth_explorer.data.storage.inputs import require_other
    from rareearth_explorer.data.table import open_own_scene
    from rareearth_explorer.exporting import export
    from rareearth_explorer.hunt import Session
    from rareearth_explorer.hunt.store.finding import find_with_table
    from rareearth_explorer.hunt.store.journal import restore

    require_labels(options, "labels")
    journal, table = find_with_table(options.session, options.table)
    scene_file, labels, date_files = _context(options, table)
    require_other(options.output, [journal, table.path, scene_file, labels, *date_files])
    session = Session(table, open_labels(labels, layer=options.layer) if labels else None)
    print_warning(restore(journal, session))
    how = {"nodata": options.nodata, "one_date": options.one_date}
    with ExitStack() as opened:
        scene, *dates = [
            opened.enter_context(closing(open_own_scene(file, table, **how))) if file else None
            for file in (scene_file, *date_files)
        ]
        export(
            session,
            options.output,
            what=options.what,
            top=options.top,
            name=journal.stem,
            scene=scene,
            dates=[date for date in dates if date],
        )
    count = session.pool_count
    if count is not None and not count.whole:
        print(f"{labels}: {count}.", file=sys.stderr)
    print(f"{options.output} is written.")


def _context(
    options: argparse.Namespace, table: PatchTable
) -> tuple[Path | None, Path | None, Sequence[Path]]:
    """Return scene, labels and other dates: the given ones, or else those of the demo for it."""
    from rareearth_explorer.demo.prepare import demo_of

    demo = demo_of(table.path) if table.path else None
    if demo is None:
        return options.scene, options.labels, options.dates
    dates = options.dates or demo.other_dates
    return options.scene or demo.scene, options.labels or demo.labels, dates


def print_warning(record: Record) -> None:
    """Print the warning of a session's record, if there is one."""
    if record.warning:
        print(plain(record.warning), file=sys.stderr)
