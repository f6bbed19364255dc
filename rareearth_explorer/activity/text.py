"""Writing lists as text files, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.errors import ExplorerError


def write_text(path: Path, text: str) -> None:
    """Write a text beside its place and move it there.

    Raises
    ------
    ExplorerError
        It cannot be written there.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise ExplorerError(
            f"{path}: this cannot be written there ({error.strerror}); choose another place."
        ) from error
    finally:
        beside.unlink(missing_ok=True)
