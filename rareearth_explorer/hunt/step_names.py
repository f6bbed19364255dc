"""What a step is called on a button: "reject 586", "refine at 0.120"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

UNKNOWN = "step of a newer version"
"""Name of a step that this version does not know."""

VERDICTS = {"confirmed": "confirm", "rejected": "reject", "skipped": "skip"}


def step_name(verb: str, arguments: Mapping[str, Any]) -> str:
    """Name a step by its verb and its arguments, which are those of a journal.

    Examples
    --------
    >>> step_name("judge", {"patch": [586], "verdict": "rejected"})
    'reject 586'
    >>> step_name("mark", {"patch": [3, 4, 9], "sign": "positive"})
    'mark 3 patches as positive'
    """
    return _NAMES[verb](arguments) if verb in _NAMES else UNKNOWN


def _patches(arguments: Mapping[str, Any]) -> str:
    given = arguments["patch"]
    rows = list(given) if isinstance(given, Iterable) else [given]
    return str(rows[0]) if len(rows) == 1 else f"{len(rows):,} patches"


def _judge(arguments: Mapping[str, Any]) -> str:
    verdict = arguments["verdict"]
    if verdict is None:
        return f"withdraw the verdict on {_patches(arguments)}"
    return f"{VERDICTS[verdict]} {_patches(arguments)}"


_NAMES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "mark": lambda given: f"mark {_patches(given)} as {given['sign']}",
    "unmark": lambda given: f"remove template {_patches(given)}",
    "mute": lambda given: f"{'mute' if given.get('muted', True) else 'unmute'} {_patches(given)}",
    "score_by": lambda _: "change the scorer",
    "judge": _judge,
    "note": lambda given: f"note on {_patches(given)}",
    "merge": lambda given: f"merge {given.get('source') or 'a session'}",
    "keep": lambda given: f"refine at {float(given['threshold']):.3f}",
    "back": lambda given: f"return to round {int(given['to']) + 1}",
    "visit": lambda given: f"resume branch {int(given['branch']) + 1}",
    "audit": lambda _: "sample the discarded",
}
