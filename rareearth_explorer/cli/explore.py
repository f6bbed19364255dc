"""`rareearth-explorer explore`: open the dashboard."""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.label_options import add_layer, require_labels
from rareearth_explorer.cli.numbers import whole
from rareearth_explorer.cli.pixel_options import add_nodata, add_one_date

if TYPE_CHECKING:
    from rareearth_explorer.serving import DashboardFiles


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "explore",
        help="open the dashboard on a patch table",
        description="Open the dashboard in a browser. It is reachable from this machine only.",
    )
    parser.add_argument("table", nargs="?", type=Path, help="patch table (default: the demo)")
    parser.add_argument("--scene", type=Path, help="GeoTIFF to show beneath the scores")
    parser.add_argument(
        "--dates",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="GeoTIFFs of other dates, to show beside the scene",
    )
    add_nodata(parser)
    add_one_date(parser, "the files of a folder are one pass, though it crosses midnight (UTC)")
    parser.add_argument("--labels", type=Path, help="labelled pools: CSV, GeoJSON, GeoPackage, ...")
    add_layer(parser)
    parser.add_argument(
        "--port", type=whole(1, 65535), help="default: the first free one from 8866"
    )
    parser.add_argument(
        "--preheat",
        type=whole(0),
        default=1,
        metavar="N",
        help="pages kept ready, so that the next one opens at once; each is a process (default: 1)",
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Check the files, serve the dashboard, and print its address."""
    from rareearth_explorer.serving import free_port, serve

    require_labels(options, "labels")
    files = _files(options)
    files.check()
    port = free_port(options.port)
    with serve(port, files.to_environment(), preheat=options.preheat) as server:
        print(f"The explorer is open at {server.address}\nStop it with Ctrl-C.", flush=True)
        if not options.no_browser:
            webbrowser.open(server.address)
        server.wait()


def _files(options: argparse.Namespace) -> DashboardFiles:
    """Collect the given files; without a table, use the demo and its files."""
    from rareearth_explorer.serving import DashboardFiles

    if options.table is not None:
        return DashboardFiles(
            options.table,
            options.scene,
            options.labels,
            options.dates,
            options.nodata,
            options.one_date,
            options.layer,
        )
    from rareearth_explorer.demo.prepare import prepare_demo

    demo = prepare_demo()
    return DashboardFiles(
        demo.table,
        options.scene or demo.scene,
        options.labels or demo.labels,
        options.dates or demo.other_dates,
        options.nodata,
        options.one_date,
        options.layer,
    )
