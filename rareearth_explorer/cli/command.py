"""Parse the command line and run one subcommand."""

from __future__ import annotations

import argparse
import io
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
    import_embeddings,
    info,
    project,
    sessions,
    study,
    weights,
)
from rareearth_explorer.data.storage.raster_cache import bound_raster_cache
from rareearth_explorer.data.storage.safe_text import plain
from rareearth_explorer.errors import ExplorerError

WRONG_INPUT, INTERRUPTED = 2, 130

LONGEST_SENTENCE = 1600
"""Characters of an error that are printed; a usual one has 200."""


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
        import_embeddings,
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
    _print_any_name()
    try:
        options.run(options)
    except ExplorerError as error:
        print(_readable(str(error)), file=sys.stderr)
        return WRONG_INPUT
    except MemoryError:
        print(
            "There is not enough memory for this file; close other programs, or use a smaller "
            "file or a machine with more memory.",
            file=sys.stderr,
        )
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _readable(sentence: str) -> str:
    """Shorten a sentence in its middle, where it quotes a crafted file at length."""
    text = plain(sentence)
    if len(text) <= LONGEST_SENTENCE:
        return text
    return f"{text[: LONGEST_SENTENCE // 2]} … {text[-LONGEST_SENTENCE // 4 :]}"


def _print_any_name() -> None:
    """Print names that are not UTF-8, which Linux allows, with their odd bytes as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a test may replace it by another kind
            stream.reconfigure(errors="backslashreplace")
