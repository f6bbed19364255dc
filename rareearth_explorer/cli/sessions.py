"""`rareearth-explorer sessions`: list, export, import and merge sessions."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rareearth_explorer.cli.export import print_warning
from rareearth_explorer.data.places import wrapped
from rareearth_explorer.data.storage.inputs import require_other
from rareearth_explorer.data.storage.safe_text import cell, plain
from rareearth_explorer.errors import SessionError

if TYPE_CHECKING:
    from rareearth_explorer.data.table import PatchTable
    from rareearth_explorer.hunt.statements import Key
    from rareearth_explorer.hunt.store.format import Record
    from rareearth_explorer.hunt.store.merge import Conflict, Difference, Side

COLUMNS = ("patch", "lon", "lat", "subject", "mine", "theirs", "take")
"""Columns of the file in which the analyst decides conflicts, in `take`."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "sessions",
        help="list the saved sessions; export, import or merge sessions",
        description="Without a command, list the saved sessions of all tables.",
    )
    parser.set_defaults(run=run_list)
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND")
    export = verbs.add_parser(
        "export", help="save a session as one file, to open on another machine"
    )
    export.add_argument("session", metavar="SESSION", help="name, or path of its .jsonl file")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    export.add_argument(
        "--table", type=Path, help="patch table, if several have a session of that name"
    )
    export.set_defaults(run=run_export)
    imported = verbs.add_parser("import", help="import a session from a file")
    imported.add_argument("file", type=Path)
    imported.add_argument("--table", type=Path, required=True, help="patch table of the session")
    imported.add_argument("--name", help="name of the session here (default: the name in the file)")
    imported.set_defaults(run=run_import)
    merge = verbs.add_parser(
        "merge",
        help="merge the sessions of two analysts on one table",
        description="Add to MINE the templates, verdicts and notes that only THEIRS has. If the "
        "two have conflicts, nothing is written until every conflict is decided.",
    )
    merge.add_argument("mine", metavar="MINE", help="name, or path of its .jsonl file")
    merge.add_argument("theirs", metavar="THEIRS", help="name, or path of its .jsonl file")
    merge.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="name of the new session, or path of a .jsonl file",
    )
    merge.add_argument("--table", type=Path, help="patch table, if it was moved")
    decided = merge.add_mutually_exclusive_group()
    decided.add_argument(
        "--take", choices=("mine", "theirs"), help="decide all conflicts in favour of one session"
    )
    decided.add_argument(
        "--decisions",
        type=Path,
        metavar="CSV",
        help="decide each conflict in this file: the first run writes it; fill its column 'take' "
        "and run again",
    )
    merge.set_defaults(run=run_merge)


def run_list(_: argparse.Namespace) -> None:
    """List the sessions of all tables, the last used first."""
    from rareearth_explorer.hunt.store.format import read_record
    from rareearth_explorer.hunt.store.library import all_sessions

    files = all_sessions()
    if not files:
        print("There is no saved session yet; 'rareearth-explorer explore' creates one.")
        return
    rows: list[tuple[str, ...]] = [
        ("session", "created", "last step", "steps", "contents", "patches", "table")
    ]
    for file in files:
        try:
            rows.append(_row(read_record(file)))
        except SessionError as error:
            print(error, file=sys.stderr)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:<{n}}" for cell, n in zip(row, widths, strict=True)).rstrip())


def _row(record: Record) -> tuple[str, ...]:
    from rareearth_explorer.hunt.store.format import replay
    from rareearth_explorer.hunt.store.summary import counts, dates

    history, _ = replay(record)
    span = dates(record)
    begun, last = (f"{time:%Y-%m-%d %H:%M}" for time in span) if span else ("", "")
    return (
        plain(record.path.stem),
        begun,
        last,
        f"{len(record.entries):,}",
        counts(history.present),
        f"{record.header['patches']:,}",
        plain(record.header["path"] or "not recorded"),
    )


def run_export(options: argparse.Namespace) -> None:
    """Save a session as one file."""
    from rareearth_explorer.data.table import open_table
    from rareearth_explorer.hunt.store.finding import find_file
    from rareearth_explorer.hunt.store.transfer import save_copy

    table = open_table(options.table) if options.table else None
    file = find_file(options.session, table)
    require_other(options.output, [file, options.table])
    record = save_copy(file, options.output)
    print_warning(record)
    print(f"{options.output}: {len(record.entries):,} steps.")


def run_import(options: argparse.Namespace) -> None:
    """Import a session from a file."""
    from rareearth_explorer.data.table import open_table
    from rareearth_explorer.hunt.store.transfer import import_session

    kept, record = import_session(options.file, open_table(options.table), options.name)
    print_warning(record)
    print(f"Session {kept.stem!r}: {len(record.entries):,} steps. It is saved in\n  {kept}")


def run_merge(options: argparse.Namespace) -> None:
    """Merge two sessions, or list the conflicts to decide first."""
    from rareearth_explorer.hunt.store.finding import find_file, find_with_table
    from rareearth_explorer.hunt.store.journal import load
    from rareearth_explorer.hunt.store.merge import difference_of, save_merged

    mine, table = find_with_table(options.mine, options.table)
    theirs = find_file(options.theirs, table)
    target = _target(options.output, table)
    decisions = []
    for file in (mine, theirs):
        history, record = load(file, table)
        print_warning(record)
        decisions.append(history.present)
    difference = difference_of(*decisions)
    stated = difference.decided(_sides(difference, table, options))
    save_merged(mine, stated, theirs.stem, target)
    print(f"{mine.stem} and {theirs.stem}: {difference.summary} Merged into\n  {target}")


def _target(output: str, table: PatchTable) -> Path:
    from rareearth_explorer.hunt.store.library import session_file

    target = Path(output) if output.endswith(".jsonl") else session_file(table, output)
    if target.exists():
        raise SessionError(f"{target}: this session exists already; choose another name.")
    return target


def _sides(
    difference: Difference, table: PatchTable, options: argparse.Namespace
) -> Side | dict[Key, Side]:
    """Return the decisions on the conflicts; list the conflicts if there are none.

    Raises
    ------
    SessionError
        There are conflicts without a decision.
    """
    take: Side | None = options.take
    if take is not None or not difference.conflicts:
        return take or {}
    if options.decisions is not None and options.decisions.exists():
        return _read_decisions(options.decisions)
    rows = [_conflict(c, table) for c in difference.conflicts]
    if options.decisions is not None:
        _write_decisions(options.decisions, rows)
        how = f"fill the column 'take' of {options.decisions} with mine or theirs and run again"
    else:
        csv.writer(sys.stdout, delimiter="\t").writerows([COLUMNS[:-1], *(r[:-1] for r in rows)])
        how = "choose with --take mine, --take theirs, or decide each with --decisions FILE.csv"
    raise SessionError(f"Nothing is merged yet. {difference.summary} To continue, {how}.")


def _conflict(conflict: Conflict, table: PatchTable) -> tuple[str, ...]:
    lon, lat = wrapped(table.centroids[conflict.patch, 0]), table.centroids[conflict.patch, 1]
    what = (conflict.subject, cell(conflict.mine), cell(conflict.theirs), "")
    return str(conflict.patch), f"{lon:.6f}", f"{lat:.6f}", *what


def _write_decisions(path: Path, rows: list[tuple[str, ...]]) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
    except OSError as error:
        raise SessionError(f"{path}: this cannot be written ({error.strerror}).") from error


def _read_decisions(path: Path) -> dict[Key, Side]:
    """Read the column `take`; `Difference.decided` checks that no conflict is missing.

    Raises
    ------
    SessionError
        It is no list of conflicts, or decides one in two ways.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # as spreadsheets save CSV
            rows = [*csv.DictReader(file)]
        lines = [((int(r["patch"]), r["subject"]), r["take"].strip()) for r in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise SessionError(
            f"{path}: this is not a list of conflicts with the columns {', '.join(COLUMNS)}; "
            "delete it, and run again for a new one."
        ) from error
    taken: dict[tuple[int, str], str] = {}
    for number, (key, side) in enumerate(lines, start=1):
        if taken.setdefault(key, side) != side:
            raise SessionError(
                f"{path}: row {number} decides a conflict otherwise than a row above; keep one."
            )
    return cast("dict[Key, Side]", taken)
