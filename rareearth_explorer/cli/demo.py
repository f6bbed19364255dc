"""`rareearth-explorer demo`: make the synthetic demo."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "demo",
        help="make the synthetic demo scene, its patch table and its projection, once",
        description="Draw a synthetic scene, embed it and project it; two minutes, once.",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="where to put it (default: your data folder)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Make the demo and say how to open it."""
    from rareearth_explorer.pipeline.demo import prepare_demo

    demo = prepare_demo(options.folder)
    print(f"The demo is ready (synthetic, not imagery of real mines):\n  {demo.table.parent}")
    if options.folder is None:
        print("Open it with:\n  rareearth-explorer explore")
    else:
        print(
            f"Open it with:\n  rareearth-explorer explore {demo.table} --scene {demo.scene} "
            f"--labels {demo.labels}"
        )
