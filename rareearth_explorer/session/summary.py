"""What a saved session holds, counted from its file alone: the table need not be there."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Self, get_args

from rareearth_explorer.session.judging import SIGN_OF
from rareearth_explorer.session.merging import joined
from rareearth_explorer.session.record import UNREPEATABLE, Entry, Record
from rareearth_explorer.session.state import Opinions, Templates, Verdict, with_value


@dataclass(frozen=True)
class Summary:
    """Counts of a session.

    Attributes
    ----------
    templates, opinions
        As its state has them.
    rounds
        Number of rounds.
    """

    templates: Templates = field(default_factory=Templates)
    opinions: Opinions = field(default_factory=Opinions)
    rounds: int = 1

    @classmethod
    def of(cls, record: Record) -> Self:
        """Count what a record's verbs come to."""
        now, past, future = cls(), list[Self](), list[Self]()
        for entry in record.entries.values():
            verb = entry["verb"]
            if verb == "undo" and past:
                future.append(now)
                now = past.pop()
            elif verb == "redo" and future:
                past.append(now)
                now = future.pop()
            elif verb not in ("undo", "redo"):
                past.append(now)
                future.clear()
                # What cannot be repeated changes nothing; opening the session says so.
                with contextlib.suppress(*UNREPEATABLE):
                    now = now.after(entry)
        return now

    @property
    def said(self) -> str:
        """The counts in words, without what there is none of."""
        verdicts = Counter(self.opinions.verdicts.values())
        counts = {
            "positive": len(self.templates.positives),
            "negative": len(self.templates.negatives),
            **{verdict: verdicts[verdict] for verdict in get_args(Verdict)},
            "notes": len(self.opinions.notes),
        }
        told = [f"{count:,} {what}" for what, count in counts.items() if count]
        return ", ".join([*told, f"round {self.rounds}"])

    def after(self, entry: Entry) -> Self:
        """Count a verb that is neither undo nor redo; what it does to the scores is left out."""
        templates, opinions, rounds = self.templates, self.opinions, self.rounds
        match entry["verb"]:
            case "mark":
                templates = templates.marked(entry["patch"], entry["sign"])
            case "unmark":
                templates = templates.without(entry["patch"])
            case "judge":
                verdict = entry["verdict"]
                if entry["mark"] and verdict in SIGN_OF:
                    templates = templates.marked(entry["patch"], SIGN_OF[verdict])
                verdicts = with_value(opinions.verdicts, entry["patch"], verdict)
                opinions = replace(opinions, verdicts=verdicts)
            case "note":
                notes = with_value(opinions.notes, [entry["patch"]], entry["text"].strip())
                opinions = replace(opinions, notes=notes)
            case "merge":
                templates, opinions = joined(templates, opinions, entry["said"])
            case "keep":
                rounds += 1
            case "back":
                rounds = entry["to"] + 1
        return replace(self, templates=templates, opinions=opinions, rounds=rounds)


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
