"""Tables as text: CSV from Excel, KoboToolbox, GPS units and GIS."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.data.places.column_names import (
    place_columns,
    require_single,
    rival_pairs,
    whole_place_columns,
)
from rareearth_explorer.data.places.declared_crs import SHAPE_NAMES
from rareearth_explorer.errors import LabelsError

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATORS = ",;\t|"

NO_SEPARATOR = "\x1f"
"""A character that stands in no cell."""

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""First bytes of a file -> its encoding; those of UTF-32 before their beginning, UTF-16."""

LONGEST_CELL = 100_000_000
"""Characters in a cell: outlines as WKT are long."""

COMMENT = "#"


def read_text_table(path: Path) -> pa.Table:
    """Read a table of text cells, whatever its encoding and separator.

    Lines before the header that begin with # are comments, and `sep=;` of Excel names the
    separator. Rows without any text are skipped. Rows may end early, and may end in empty cells.

    Raises
    ------
    LabelsError
        There is no header, a row has more cells than it, or two columns share a name that matters.
    """
    import pyarrow as pa

    text = _decode(path.read_bytes())
    lines, separator = _body(text)
    csv.field_size_limit(LONGEST_CELL)
    if separator is None:
        separator = _separator(lines)
    try:
        rows = [*_rows(csv.reader(io.StringIO(lines, newline=""), delimiter=separator))]
    except csv.Error as error:
        raise LabelsError(
            f"{path}: this is not a complete CSV file ({error}); save it again."
        ) from error
    if not rows:
        raise LabelsError(f"{path}: it contains no points or polygons; give a file with some.")
    (_, header), *body = rows
    header = _named(header)
    _check_names(header, path)
    for line, row in body:
        if len(row) > len(header):
            raise LabelsError(
                f"{path}: this is not a complete CSV file: line {line} has {len(row)} cells and "
                f"the header {len(header)}; mend that line."
            )
    columns = itertools.zip_longest(header, *(row for _, row in body), fillvalue="")
    return pa.Table.from_arrays([pa.array(c[1:], pa.string()) for c in columns], names=header)


def _decode(raw: bytes) -> str:
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace")
    if raw[1:200:2].count(0) > len(raw[1:200:2]) / 2:  # UTF-16 without a mark
        return raw.decode("utf-16-le", errors="replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _body(text: str) -> tuple[str, str | None]:
    """Text from the header on, and the separator if the first line names it."""
    separator = None
    lines = text.replace("\x00", "").splitlines(keepends=True)
    for at, line in enumerate(lines):
        plain = line.strip().strip('"')
        if plain.lower().startswith("sep=") and len(plain) <= 5:
            separator = plain[4:] or "\t"
        elif plain and not line.lstrip().startswith(COMMENT):
            return "".join(lines[at:]), separator
        elif plain and _separates(plain.lstrip(COMMENT)):  # a header behind a mark
            rest = "".join(lines[at + 1 :])
            return line.lstrip().lstrip(COMMENT).lstrip() + rest, separator
    return "", separator


def _separates(line: str) -> bool:
    return any(place_columns(_named(_first_row(line, each))) for each in SEPARATORS)


def _separator(text: str) -> str:
    """Separator with which the header names places; otherwise the one that it holds most often."""
    for each in SEPARATORS:
        header = _named(_first_row(text, each))
        places = place_columns(header) or rival_pairs(header)
        shapes = {name.lower() for name in header} & {*SHAPE_NAMES}
        # A name such as "Lat, Lon" may hold a comma, but none holds another separator.
        whole = [name for name in whole_place_columns(header) if not {*name} & {*SEPARATORS[1:]}]
        if places or ((shapes or whole) and len(header) > 1):
            return each
    first = text.partition("\n")[0]
    likely = max(SEPARATORS, key=first.count)
    # Of a single column, commas belong to the cells.
    return likely if first.count(likely) else NO_SEPARATOR


def _first_row(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error:
        return []


def _named(header: Sequence[str]) -> list[str]:
    names = [name.strip().strip("\ufeff") for name in header]
    while names and not names[-1]:  # each line ends with a separator
        names.pop()
    return names


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield rows with some text, each with its number, without empty cells at the end."""
    for number, row in enumerate(reader, start=1):
        cells = [cell.strip() for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells and not (number > 1 and cells[0].startswith(COMMENT)):
            yield number, cells


def _check_names(header: list[str], path: Path) -> None:
    shapes = [name for name in header if name.lower() in SHAPE_NAMES]
    require_single(header, [*(place_columns(header) or ()), *shapes], path, LabelsError)
