"""Session files that no version of the program writes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from crafted_bytes import DEEP, ODD_FILES, ODD_JSON, damaged

VERBS = (
    {"verb": "mark", "patch": [3], "sign": "positive"},
    {"verb": "unmark", "patch": 3},
    {"verb": "mute", "patch": 3, "muted": True},
    {"verb": "score_by", "scorer": "contrast", "weight": 0.5},
    {"verb": "judge", "patch": 4, "verdict": "confirmed", "mark": True},
    {"verb": "note", "patch": 4, "text": "a pool"},
    {"verb": "merge", "said": [[5, "note", "theirs"]], "source": "them"},
    {"verb": "keep", "threshold": 0.0, "rows": [3, 4, 5]},
    {"verb": "keep", "threshold": 0.0, "mask": "c-"},
    {"verb": "back", "to": 0},
    {"verb": "visit", "branch": 0},
    {"verb": "audit", "patches": [7], "pile": 1},
    {"verb": "undo"},
    {"verb": "redo"},
    {"verb": "aim", "threshold": 0.1},
    {"verb": "fly", "to": "the moon"},
)


def sessions(header: dict[str, object], rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of about 120 session files.

    Parameters
    ----------
    header
        The header of a session of the table that they are opened with.
    rng
        Chooses what is damaged.
    """
    first, lines = json.dumps(header), [json.dumps(verb) for verb in VERBS]
    whole = "\n".join((first, *lines)) + "\n"
    for name in header:
        for odd in rng.sample(ODD_JSON, 7):
            members = [
                f"{json.dumps(key)}: {odd if key == name else json.dumps(value)}"
                for key, value in header.items()
            ]
            yield f"header {name}", ("{" + ", ".join(members) + "}\n" + lines[0] + "\n").encode()
    for verb in VERBS:
        for name in verb:
            odd = rng.choice(ODD_JSON)
            members = [
                f"{json.dumps(key)}: {odd if key == name else json.dumps(value)}"
                for key, value in (*verb.items(), ("time", "2022-01-01T00:00:00+00:00"))
            ]
            line = "{" + ", ".join(members) + "}"
            yield f"{verb['verb']} {name}", f"{first}\n{lines[0]}\n{line}\n{lines[5]}\n".encode()
    for odd in ('"0001-01-01T00:00:00"', '"9999-12-31T23:59:59+00:00"', "5", '"now"', "[]"):
        line = f'{{"verb": "undo", "time": {odd}}}'
        yield "time", f"{first}\n{lines[0]}\n{line}\n".encode()
    for line in (DEEP, DEEP.replace("[", '{"a":'), "9" * 5000, '{"verb":' * 50_000, "\x00" * 50):
        yield "line", f"{first}\n{line}\n{lines[0]}\n".encode()
    yield "long header", (first[:-1] + ', "x": "' + "x" * 100_000 + '"}\n' + lines[0]).encode()
    yield "many steps", (first + "\n" + (lines[5] + "\n") * 100_001).encode()
    yield "many lines", (first + "\n" * 2_000_000).encode()
    for name, content in ODD_FILES.items():
        yield name, content
    yield from damaged(whole.encode(), rng, 30)
