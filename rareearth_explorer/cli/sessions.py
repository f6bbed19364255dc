"""`rareearth-explorer sessions`: list them, save them elsewhere, bring them in, merge two."""

from __future__ import annotations

import argparse
import csv
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rareearth_explorer.cli.export import tell
from rareearth_explorer.data.storage.inputs import require_other
from rareearth_explorer.errors import SessionError

if TYPE_CHECKING:
    from rareearth_explorer.data.table import PatchTable
    from rareearth_explorer.hunt.statements import Key
    from rareearth_explorer.hunt.store.format import Record
    from rareearth_explorer.hunt.store.merge import Conflict, Difference, Side

COLUMNS = ("patch", "lon", "lat", "subject", "mine", "theirs", "take")
"""Of the file in which conflicts are decided; `take` is filled in by the analyst."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "sessions",
        help="list the saved sessions, save or bring one as a file, merge two",
        description="Without a command, list the saved sessions of all tables.",
    )
    parser.set_defaults(run=run_list)
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND")
    export = verbs.add_parser("export", help="save a session as one file, to open elsewhere")
    export.add_argument("session", metavar="SESSION", help="name, or path of its .jsonl")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    export.add_argument("--table", type=Path, help="where several tables have one of that name")
    export.set_defaults(run=run_export)
    bring = verbs.add_parser("import", help="keep a session that came as a file")
    bring.add_argument("file", type=Path)
    bring.add_argument("--table", type=Path, required=True, help="the patch table it is about")
    bring.add_argument("--name", help="what it shall be called here (default: as the file says)")
    bring.set_defaults(run=run_import)
    merge = verbs.add_parser(
        "merge",
        help="make one session of two analysts' sessions of a table",
        description="Add to MINE what only THEIRS says of patches: templates, verdicts, notes. "
        "Where they differ, nothing is written until every conflict is decided.",
    )
    merge.add_argument("mine", metavar="MINE", help="name, or path of its .jsonl")
    merge.add_argument("theirs", metavar="THEIRS", help="name, or path of its .jsonl")
    merge.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="name of a new session, or a .jsonl"
    )
    merge.add_argument("--table", type=Path, help="patch table, where the sessions' was moved")
    decided = merge.add_mutually_exclusive_group()
    decided.add_argument(
        "--take", choices=("mine", "theirs"), help="what to take where they differ"
    )
    decided.add_argument(
        "--decisions",
        type=Path,
        metavar="CSV",
        help="decide each: written where it is not there; fill in its column 'take', run again",
    )
    merge.set_defaults(run=run_merge)


def run_list(_: argparse.Namespace) -> None:
    """List the sessions of all tables, the one used last first."""
    from rareearth_explorer.hunt.store.format import read_record
    from rareearth_explorer.hunt.store.library import all_sessions

    files = all_sessions()
    if not files:
        print("There is no saved session yet; 'rareearth-explorer explore' begins one.")
        return
    rows: list[tuple[str, ...]] = [
        ("session", "begun", "last step", "steps", "what it holds", "patches", "table")
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
    begun, last = map(_shown, span) if span else ("", "")
    return (
        record.path.stem,
        begun,
        last,
        f"{len(record.entries):,}",
        counts(history.present),
        f"{record.header['patches']:,}",
        record.header.get("path") or "not recorded",
    )


def _shown(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M}"


def run_export(options: argparse.Namespace) -> None:
    """Save a session as one file."""
    from rareearth_explorer.data.table import open_table
    from rareearth_explorer.hunt.store.transfer import save_copy

    table = open_table(options.table) if options.table else None
    file = _file(options.session, table)
    require_other(options.output, [file, options.table])
    record = save_copy(file, options.output)
    tell(record)
    print(f"{options.output}: {len(record.entries):,} steps.")


def run_import(options: argparse.Namespace) -> None:
    """Keep a session that came as a file."""
    from rareearth_explorer.data.table import open_table
    from rareearth_explorer.hunt.store.transfer import import_session

    kept, record = import_session(options.file, open_table(options.table), options.name)
    tell(record)
    print(f"Session {kept.stem!r}: {len(record.entries):,} steps. It is kept in\n  {kept}")


def run_merge(options: argparse.Namespace) -> None:
    """Merge two sessions, or list what must be decided before."""
    from rareearth_explorer.hunt.store.finding import find_with_table
    from rareearth_explorer.hunt.store.format import read_record, replay
    from rareearth_explorer.hunt.store.merge import difference_of, save_merged
    from rareearth_explorer.hunt.store.table_identity import check_table

    mine, table = find_with_table(options.mine, options.table)
    theirs = _file(options.theirs, table)
    target = _target(options.output, table)
    decisions = []
    for file in (mine, theirs):
        record = read_record(file)
        check_table(record, table)
        history, record = replay(record)
        tell(record)
        decisions.append(history.present)
    difference = difference_of(*decisions)
    said = difference.decided(_sides(difference, table, options))
    save_merged(mine, said, theirs.stem, target)
    print(f"{mine.stem} and {theirs.stem}: {difference.said} Merged into\n  {target}")


def _target(output: str, table: PatchTable) -> Path:
    from rareearth_explorer.hunt.store.library import session_file

    target = Path(output) if output.endswith(".jsonl") else session_file(table, output)
    if target.exists():
        raise SessionError(f"{target}: there is a session already; choose another name.")
    return target


def _sides(
    difference: Difference, table: PatchTable, options: argparse.Namespace
) -> Side | dict[Key, Side]:
    """Read how the conflicts are decided; list them where they are not.

    Raises
    ------
    SessionError
        There are conflicts and no word on them.
    """
    take: Side | None = options.take
    if take is not None or not difference.conflicts:
        return take or {}
    if options.decisions is not None and options.decisions.exists():
        return _read_decisions(options.decisions)
    rows = [_conflict(c, table) for c in difference.conflicts]
    if options.decisions is not None:
        _write_decisions(options.decisions, rows)
        how = f"fill in the column 'take' of {options.decisions} with mine or theirs and run again"
    else:
        csv.writer(sys.stdout, delimiter="\t").writerows([COLUMNS[:-1], *(r[:-1] for r in rows)])
        how = "choose with --take mine, --take theirs, or decide each with --decisions FILE.csv"
    raise SessionError(f"Nothing is merged yet: {difference.said} To go on, {how}.")


def _conflict(conflict: Conflict, table: PatchTable) -> tuple[str, ...]:
    lon, lat = table.centroids[conflict.patch]
    what = (conflict.subject, conflict.mine, conflict.theirs, "")
    return str(conflict.patch), f"{lon:.6f}", f"{lat:.6f}", *what


def _write_decisions(path: Path, rows: list[tuple[str, ...]]) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
    except OSError as error:
        raise SessionError(f"{path}: this cannot be written ({error.strerror}).") from error


def _read_decisions(path: Path) -> dict[Key, Side]:
    """Read the column `take`; that each conflict has one is checked where they are decided."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # as spreadsheets save it
            rows = [*csv.DictReader(file)]
        taken = {(int(r["patch"]), r["subject"]): r["take"].strip() for r in rows}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise SessionError(
            f"{path}: this is no list of conflicts with the columns {', '.join(COLUMNS)}; delete "
            "it, and run again for a new one."
        ) from error
    return cast("dict[Key, Side]", taken)


def _file(session: str, table: PatchTable | None) -> Path:
    from rareearth_explorer.hunt.store.library import find_session

    return Path(session) if session.endswith(".jsonl") else find_session(session, table)
