"""`rareearth-explorer evaluate`: the paper's figures and numbers on a labelled patch table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rareearth_explorer.data.storage.inputs import require_other
from rareearth_explorer.data.storage.text_files import write_text


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "evaluate",
        help="measure how well templates find labelled mines",
        description="Measure every figure of the paper on a labelled patch table; the paper's own "
        "stand beside as 'paper'. ROW is a row number of the table, from 0.",
    )
    parser.add_argument("table", type=Path)
    parser.add_argument("--labels", type=Path, required=True, help="known pools")
    parser.add_argument("--positive", type=int, action="append", default=[], metavar="ROW")
    parser.add_argument("--negative", type=int, action="append", default=[], metavar="ROW")
    judged = parser.add_mutually_exclusive_group()
    judged.add_argument(
        "--include-templates", action="store_true", help="judge by the templates too, as the paper"
    )
    judged.add_argument(
        "--hold-out",
        type=float,
        metavar="METRES",
        help="also leave out of judgement every square block of this side that holds a template",
    )
    parser.add_argument(
        "--pairs", type=int, default=1000, help="random template pairs (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random pairs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers")
    parser.add_argument("--figures", type=Path, metavar="DIR", help="write figures as PNG")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, write what was asked for, and print the main numbers."""
    from rareearth_explorer.study.evaluation_report import evaluate
    from rareearth_explorer.study.evaluation_summary import summary
    from rareearth_explorer.study.reproduction import Judge

    if options.json:
        require_other(options.json, [options.table, options.labels])
    judge = Judge.open(
        options.table,
        options.labels,
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
