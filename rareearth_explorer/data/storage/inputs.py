"""Protect input files from being overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rareearth_explorer.errors import ExplorerError


def require_other(output: Path, inputs: Iterable[Path | None]) -> None:
    """Check that no output overwrites an input, however its path is spelled or linked.

    Raises
    ------
    ExplorerError
        The output is one of the inputs.
    """
    for path in inputs:
        if path is not None and _is_same(output, path):
            raise ExplorerError(
                f"{output}: this is one of the files that are read, and writing there would "
                "destroy it; choose another name for what is written."
            )


def _is_same(one: Path, other: Path) -> bool:
    if one.resolve() == other.resolve():
        return True
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist yet, or is not accessible
        return False
