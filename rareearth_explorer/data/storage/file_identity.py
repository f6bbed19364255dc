"""The identity of a file: its name and its content."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any


def file_identity(path: Path) -> dict[str, Any]:
    """Identify a file by its name and its whole content, as JSON types."""
    with path.open("rb") as file:
        return {"name": path.name, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
