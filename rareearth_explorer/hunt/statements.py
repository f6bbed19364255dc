"""Statements of decisions about single patches: the sign of a template, a verdict, a note.

Two sessions of one table are merged by their statements. Rounds, scorer and audit sample are not
statements about a patch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, cast, get_args

from rareearth_explorer.data.storage.safe_text import plain
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.decisions import Decisions, Sign, Verdict, with_value

Subject = Literal["template", "verdict", "note"]

Key = tuple[int, Subject]
"""Row number of a patch, and the subject of a statement about it."""

Statement = tuple[int, Subject, str]
"""Row number, subject, and the statement: a sign, a verdict or a text."""

MUTED = ", off"
"""Follows the sign of a muted template."""

SIGNS = tuple(sign + muted for sign in get_args(Sign) for muted in ("", MUTED))
SUBJECTS: tuple[Subject, ...] = get_args(Subject)


def statements(decisions: Decisions) -> dict[Key, str]:
    """Collect all statements about patches."""
    found: dict[Key, str] = {}
    for sign, patches in decisions.templates.by_sign.items():
        for patch in patches:
            found[patch, "template"] = sign + (MUTED if patch in decisions.muted else "")
    found |= {(patch, "verdict"): verdict for patch, verdict in sorted(decisions.verdicts.items())}
    return found | {(patch, "note"): note for patch, note in sorted(decisions.notes.items())}


def with_statements(decisions: Decisions, stated: Iterable[Statement]) -> Decisions:
    """Replace the statements of the decisions about the same patches and subjects.

    Raises
    ------
    SessionError
        A session cannot hold one of the statements.
    """
    templates, muted = decisions.templates, set(decisions.muted)
    texts: dict[str, Any] = {"verdict": decisions.verdicts, "note": decisions.notes}
    for patch, subject, text in stated:
        if not _is_valid(subject, text):
            raise SessionError(f"Patch {patch} cannot have the {subject} {text!r}.")
        if subject == "template":
            templates = templates.with_sign([patch], cast(Sign, text.removesuffix(MUTED)))
            muted -= {patch}
            muted |= {patch} if text.endswith(MUTED) else set()
        else:
            texts[subject] = with_value(texts[subject], [patch], plain(text))
    return decisions.with_(
        templates=templates, verdicts=texts["verdict"], notes=texts["note"], muted=frozenset(muted)
    )


def _is_valid(subject: str, text: str) -> bool:
    if subject == "note":
        return isinstance(text, str) and bool(text.strip())
    return text in {"template": SIGNS, "verdict": get_args(Verdict)}.get(subject, ())
