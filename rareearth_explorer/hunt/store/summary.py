"""Summaries of a saved session, from its file alone: the table is not needed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import get_args

from rareearth_explorer.hunt.decisions import Decisions, Verdict
from rareearth_explorer.hunt.store.format import Record


def counts(decisions: Decisions) -> str:
    """Count templates, verdicts, notes and rounds in words; zero counts are left out."""
    verdicts = Counter(decisions.verdicts.values())
    numbers = {
        "positive": len(decisions.templates.positives),
        "negative": len(decisions.templates.negatives),
        **{verdict: verdicts[verdict] for verdict in get_args(Verdict)},
        "notes": len(decisions.notes),
    }
    counted = [f"{number:,} {what}" for what, number in numbers.items() if number]
    return ", ".join([*counted, f"round {len(decisions.rounds)}"])


def dates(record: Record) -> tuple[datetime, datetime] | None:
    """Return the local times of the first and the last step; None if they are not known."""
    times = [entry["time"] for entry in record.entries.values() if "time" in entry]
    try:
        first, last = (datetime.fromisoformat(times[place]).astimezone() for place in (0, -1))
    except (IndexError, TypeError, ValueError, OverflowError, OSError):  # beyond the calendar
        return None
    return first, last
