"""`rareearth-explorer evaluate`: the paper's measures and figures on a labelled patch table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rareearth_explorer.cli.label_options import add_layer
from rareearth_explorer.data.storage.inputs import require_other
from rareearth_explorer.data.storage.text_files import write_text


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "evaluate",
        help="measure how well templates find labelled mines",
        description="Compute all measures of the paper on a labelled patch table; 'paper' marks "
        "the paper's own values. ROW is a row number of the table, counted from 0.",
    )
    parser.add_argument("table", type=Path)
    parser.add_argument("--labels", type=Path, required=True, help="labelled pools")
    add_layer(parser)
    parser.add_argument("--positive", type=int, action="append", default=[], metavar="ROW")
    parser.add_argument("--negative", type=int, action="append", default=[], metavar="ROW")
    judged = parser.add_mutually_exclusive_group()
    judged.add_argument(
        "--include-templates",
        action="store_true",
        help="count the templates too, as the paper does",
    )
    judged.add_argument(
        "--hold-out",
        type=float,
        metavar="METRES",
        help="also leave out every square block with this side that contains a template",
    )
    parser.add_argument(
        "--pairs", type=int, default=1000, help="random template pairs (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the random pairs (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers as JSON")
    parser.add_argument("--figures", type=Path, metavar="DIR", help="write figures as PNG")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, write the requested files, and print the main numbers."""
    from rareearth_explorer.study.evaluation_report import evaluate
    from rareearth_explorer.study.evaluation_summary import summary
    from rareearth_explorer.study.reproduction import Judge

    if options.json:
        require_other(options.json, [options.table, options.labels])
    judge = Judge.open(
        options.table,
        options.labels,
        layer=options.layer,
        include_templates=options.include_templates,
        block_side=options.hold_out,
    )
    evaluation = evaluate(
        judge, options.positive, options.negative, pairs=options.pairs, seed=options.seed
    )
    if options.json:
        write_text(options.json, json.dumps(evaluation.record, indent=1) + "\n")
    if options.figures:
        from rareearth_explorer.study.paper_figures import write_figures

        write_figures(options.figures, judge, evaluation)
    print("\n".join(summary(evaluation.record)))
