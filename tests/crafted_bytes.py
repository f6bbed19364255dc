"""Damage to the bytes of any file, and values of JSON that a reader does not expect."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

DEEP = "[" * 100_000
"""Text that a recursive reader of JSON follows until its stack ends."""

ODD_JSON = (
    "null", "true", "-1", "0", "1.5", "1e400", "NaN", "-Infinity", '""', "[]", "{}", "[[]]",
    str(10**400), "9" * 5000, '"\\ud800"', '"a\\u0000b"', '"\\u001b[2J"', '"=1+1"',
    '"<img src=x onerror=alert(1)>"', '"../../x"', '"/dev/zero"', json.dumps("x" * 100_000),
    json.dumps("ထ" * 80), '{"a":{"a":{"a":[1]}}}', "[" * 500 + "]" * 500, "18446744073709551616",
)  # fmt: skip
"""Values, as JSON, for any member of an object."""

ODD_FILES = {
    "empty": b"",
    "one byte": b"\x00",
    "line feeds": b"\n" * 1000,
    "zeros": bytes(10_000),
    "deep": DEEP.encode(),
    "a page": b"<!doctype html><title>404</title>",
    "a pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "in UTF-16": "{}".encode("utf-16"),
    "a mark alone": b"\xef\xbb\xbf",
    "no text": b"\xff\xfe\xfd" * 100,
}
"""What people send in place of a file."""


def damaged(whole: bytes, rng: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield names of damages and the damaged bytes: flipped, cut, repeated, or overwritten."""
    for number in range(count):
        content = bytearray(whole)
        at = rng.randrange(len(content))
        kind = ("flipped", "cut", "longer", "zeroed", "high")[number % 5]
        match kind:
            case "flipped":
                for _ in range(rng.choice((1, 8, 64))):
                    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
            case "cut":
                del content[at:]
            case "longer":
                content[at:at] = content[at : at + rng.randrange(1, 2000)]
            case "zeroed":
                content[at : at + 64] = bytes(len(content[at : at + 64]))
            case "high":
                content[at : at + 4] = b"\xff" * len(content[at : at + 4])
        yield f"{kind} {number}", bytes(content)
