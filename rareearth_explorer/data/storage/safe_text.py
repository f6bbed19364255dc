"""Text from strangers' files, made safe for files and programs that open it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

REPLACEMENT = "\ufffd"
"""Stands for every character that was taken out, as in a decoder."""

_UNSAFE = re.compile(
    # Control characters but tab, line feed and carriage return; half surrogates; and the two
    # code points that are no characters: what XML 1.0 cannot hold, and UTF-8 or a terminal must
    # not get.
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
)

_FORMULA = re.compile(
    # At the beginning of a cell, or where a spreadsheet whose separator is a semicolon or a tab
    # lets a cell begin, whatever the quotes; full-width signs count in East Asian settings.
    r"((?:^|[;\t\r\n])[\s\"']*)([=+\-@|%\uff1d\uff0b\uff0d\uff20])"
)

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


def plain(text: str) -> str:
    """Replace characters that XML, UTF-8 or a terminal cannot hold; tabs and new lines stay.

    Examples
    --------
    >>> plain("a" + chr(27) + "[31m" + chr(0xD800) + "b")
    'a�[31m�b'
    """
    return _UNSAFE.sub(REPLACEMENT, text)


def cell(text: str) -> str:
    """Make text safe for a cell of a CSV file, also where a spreadsheet would run a formula.

    A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, which
    may read files or call programs; an apostrophe before it makes it text. A number stays. Every
    end of a line becomes a line feed, as writers of CSV do not quote a carriage return.

    Examples
    --------
    >>> cell("=1+1"), cell("-3.5"), cell("a - b")
    ("'=1+1", '-3.5', 'a - b')
    """
    text = plain(text).replace("\r\n", "\n").replace("\r", "\n")
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(r"\1'\2", text)


def csv_of(frame: pd.DataFrame) -> str:
    """Write a table as CSV that is safe to open in a spreadsheet; see `cell`.

    Numbers, dates and booleans are written as they are.
    """
    import pandas as pd

    safe = frame.rename(columns=lambda name: cell(str(name)))
    for name in safe:
        column = safe[name]
        if pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column):
            safe[name] = column.map(lambda each: cell(each) if isinstance(each, str) else each)
    return str(safe.to_csv(index=False))
