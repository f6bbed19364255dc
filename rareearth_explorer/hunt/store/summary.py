"""What a saved session holds, told from its file alone: the table need not be there."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import get_args

import numpy as np

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.hunt.session import Session
from rareearth_explorer.hunt.state import State, Verdict
from rareearth_explorer.hunt.store.format import Record, repeat


def without_table(record: Record) -> State:
    """Repeat a session on as many patches that stand in for its table.

    Templates, verdicts, notes and rounds are those of the session; its scores are not.
    """
    size = record.header["patches"]
    embeddings = np.random.default_rng(0).random((size, 2), np.float32) + 1
    session = Session(PatchTable.from_arrays(embeddings, np.zeros((size, 4, 2))))
    repeat(record, session)
    return session.state


def counts(state: State) -> str:
    """Count templates, verdicts, notes and rounds in words, without what there is none of."""
    verdicts = Counter(state.opinions.verdicts.values())
    numbers = {
        "positive": len(state.templates.positives),
        "negative": len(state.templates.negatives),
        **{verdict: verdicts[verdict] for verdict in get_args(Verdict)},
        "notes": len(state.opinions.notes),
    }
    told = [f"{number:,} {what}" for what, number in numbers.items() if number]
    return ", ".join([*told, f"round {len(state.rounds)}"])


def dates(record: Record) -> tuple[datetime, datetime] | None:
    """When the first and the last step were made, UTC; None without a step."""
    times = [entry["time"] for entry in record.entries.values() if "time" in entry]
    try:
        return datetime.fromisoformat(times[0]), datetime.fromisoformat(times[-1])
    except (IndexError, TypeError, ValueError):
        return None


def all_sessions(folder: Path) -> list[Path]:
    """Files of the sessions of all tables below a folder, the one used last first."""
    return sorted(folder.glob("*/*.jsonl"), key=lambda file: -file.stat().st_mtime)
