"""What a page of the documentation holds: commands, code, links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Document:
    """A Markdown file of the repository."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text()

    def blocks(self, language: str) -> list[str]:
        """Text of the fenced blocks in a language."""
        return re.findall(rf"^```{language}\n(.*?)^```", self.text, re.S | re.M)

    @property
    def commands(self) -> list[str]:
        """Commands of the console blocks; where a prompt is shown, other lines are output."""
        found: list[str] = []
        for block in self.blocks("console"):
            lines = [line.split(" #")[0].strip() for line in block.splitlines()]
            typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
            found += typed or lines
        return found

    @property
    def links(self) -> list[str]:
        """Relative links to files, without the place inside them."""
        return re.findall(r"\]\((?!http)([^)#\s]+)", self.text)

    def __str__(self) -> str:
        return str(self.path.relative_to(REPOSITORY))


def pages() -> list[Document]:
    """The README, CONTRIBUTING and everything in `docs/`."""
    docs = sorted((REPOSITORY / "docs").rglob("*.md"))
    return [Document(REPOSITORY / "README.md"), Document(REPOSITORY / "CONTRIBUTING.md")] + [
        Document(path) for path in docs if "build" not in path.parts
    ]
