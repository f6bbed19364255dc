"""Parse the command line and run one subcommand."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rareearth_explorer import __version__
from rareearth_explorer.cli import (
    activity,
    compare,
    demo,
    embed,
    evaluate,
    explore,
    export,
    fetch,
    import_table,
    info,
    project,
    sessions,
    study,
    weights,
)
from rareearth_explorer.data.storage.raster_cache import bound_raster_cache
from rareearth_explorer.errors import ExplorerError

WRONG_INPUT, INTERRUPTED = 2, 130


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with one subparser for each module of this package."""
    parser = argparse.ArgumentParser(
        prog="rareearth-explorer",
        description="Find rare earth mines in satellite imagery from one example.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in (
        demo,
        fetch,
        explore,
        evaluate,
        export,
        embed,
        project,
        activity,
        compare,
        sessions,
        study,
        import_table,
        weights,
        info,
    ):
        command.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after printing one sentence about wrong input.

    Without a command, print the list of commands and return 2.
    """
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help(sys.stderr)
        return WRONG_INPUT
    bound_raster_cache()
    try:
        options.run(options)
    except ExplorerError as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    return 0
