"""`rareearth-explorer study`: evaluate scorers and review orders on labelled patches."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.label_options import add_layer, require_labels
from rareearth_explorer.errors import LabelsError

if TYPE_CHECKING:
    from rareearth_explorer.study.labelled import Labelled


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "study",
        help="evaluate scorers and review orders on labelled patches",
        description="Simulate analysts on labelled patches and print, as Markdown, how well each "
        "scorer ranks and how many clicks it needs to find the mines.",
    )
    parser.add_argument("table", nargs="?", type=Path, help="patch table of your own")
    parser.add_argument("--labels", type=Path, help="labelled pools of TABLE")
    add_layer(parser, "the labels, and of --pools")
    parser.add_argument("--demo", action="store_true", help="study the synthetic demo scene")
    parser.add_argument(
        "--like-paper", action="store_true", help="study the synthetic scene of the paper's size"
    )
    parser.add_argument("--pools", type=Path, metavar="FILE", help="pools for --like-paper")
    parser.add_argument(
        "--chips", type=Path, metavar="NPZ", help="labelled RGB chips: x (n, H, W, 3) and y (n,)"
    )
    parser.add_argument(
        "--draws", type=int, default=20, help="random draws of templates (default: %(default)s)"
    )
    parser.add_argument(
        "--hunts", type=int, default=9, help="simulated hunts per scorer (default: %(default)s)"
    )
    parser.add_argument(
        "--limit",
        type=int,
        default=2000,
        help="clicks after which a hunt ends (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the study of all given data."""
    from rareearth_explorer.study.markdown import Effort, study

    effort = Effort(options.draws, options.hunts, options.limit)
    for data in labelled(options):
        for block in study(data, effort):
            print(block, end="\n\n", flush=True)


def labelled(options: argparse.Namespace) -> Iterator[Labelled]:
    """Open or make the data to study, one after the other.

    Raises
    ------
    LabelsError
        A table is given without labels, or nothing is given.
    """
    from rareearth_explorer.demo.prepare import prepare_demo, prepare_paper_scene
    from rareearth_explorer.study.labelled import of_chips, of_table

    require_labels(options, "labels", "pools")
    if not (options.table or options.demo or options.like_paper or options.chips):
        raise LabelsError("There is nothing to study: give a table and --labels, or --demo.")
    if options.table:
        if options.labels is None:
            raise LabelsError(f"{options.table}: the study needs labels; give them with --labels.")
        yield of_table(options.table.name, options.table, options.labels, options.layer)
    if options.demo:
        demo = prepare_demo()
        yield of_table("The demo scene (synthetic)", demo.table, demo.labels)
    if options.like_paper:
        demo = prepare_paper_scene(pools=options.pools, layer=options.layer)
        where = "real pool positions" if options.pools else "invented pool positions"
        name = f"The scene of the paper's size (synthetic imagery, {where})"
        yield of_table(name, demo.table, demo.labels)
    if options.chips:
        yield of_chips(f"{options.chips.name} (real pixels)", options.chips)
