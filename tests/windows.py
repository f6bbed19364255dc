"""Sessions open in other processes, as in other windows of a browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from processes import running

from rareearth_explorer.data.table import PatchTable


class Window:
    """A program that answers every line with a line.

    Attributes
    ----------
    opened
        The line that it writes once the session is open.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.opened = self._read()

    def do(self, what: object) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self._read()

    def kill(self) -> None:
        self.process.kill()  # signal 9
        self.process.wait()

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@contextmanager
def windows(program: str, table: PatchTable) -> Iterator[Callable[[str], Window]]:
    """Lend a function that runs a program for a session by name; all end with the block."""
    with ExitStack() as stack:

        def open_it(name: str) -> Window:
            command = [sys.executable, "-c", program, str(table.path), name]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            return Window(stack.enter_context(running(command, **pipes)))

        yield open_it
