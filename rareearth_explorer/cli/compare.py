"""`rareearth-explorer compare`: which patches became mine-like between two dates."""

from __future__ import annotations

import argparse
from pathlib import Path

SHOWN = 10
"""Patches listed on the terminal."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "compare",
        help="list the patches that became mine-like between two dates",
        description="Score the patch tables of two dates, of the same patches, by the templates of "
        "a session on one of them, and list the patches that are mine-like only on the later date.",
    )
    parser.add_argument("first", type=Path, metavar="TABLE_A")
    parser.add_argument("second", type=Path, metavar="TABLE_B")
    parser.add_argument(
        "--session", required=True, help="name of a saved session, or its .jsonl file"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="write the whole list (.geojson or .csv)"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        metavar="SCORE",
        help="score from which a patch is mine-like (default: the score that the best tenth of "
        "the patches in both tables reaches on the session's date)",
    )
    parser.add_argument("--top", type=int, metavar="N", help="list only the N greatest rises")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Compare, write the list if requested, and print the greatest rises."""
    from rareearth_explorer.change.comparison import Comparison, find_session_of
    from rareearth_explorer.change.rise_list import require_listable, write_rises
    from rareearth_explorer.data.storage.inputs import require_other
    from rareearth_explorer.data.table import open_table

    require_listable(options.output, options.top)
    tables = open_table(options.first), open_table(options.second)
    session = find_session_of(options.session, *tables)
    if options.output is not None:
        require_other(options.output, [options.first, options.second, session])
    comparison = Comparison.of(*tables, session, options.threshold)
    frame = comparison.to_geodataframe(options.top)
    before, after = (day or "an unknown date" for day in comparison.dates)
    print(
        f"{len(comparison.rows):,} patches are in both tables, of {before} and {after}; the score "
        f"is {comparison.score}, mine-like from {comparison.threshold:.3f}. All scores drifted by "
        f"{comparison.drift:+.3f}, which is subtracted."
    )
    print(f"{len(comparison.became):,} became mine-like, the greatest rise first:")
    for row in frame.head(SHOWN).itertuples():
        print(
            f"{row.place:4}. patch {row.patch} at {row.lat:.5f}, {row.lon:.5f}: "
            f"{row.score_before:.3f} -> {row.score_after:.3f}"
        )
    if options.output is not None:
        write_rises(comparison, options.output, options.top)
        print(f"{options.output} is written.")
