"""Voila, serving the dashboard's notebook on this machine only."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rareearth_explorer.errors import ExplorerError

FIRST_PORT = 8866
PATIENCE = 300
"""Seconds the server may take to answer."""

ANNOUNCED = re.compile(r"running at:\s+(http[^\s?]+)\S*\s")
"""What Voila says in its log once it listens, with the address."""


def notebook() -> Path:
    """Find the dashboard's notebook: in the installed package, or in the checkout."""
    package = Path(__file__).parent.parent
    places = (package / "explorer.ipynb", package.parent / "notebooks" / "explorer.ipynb")
    return next(place for place in places if place.exists())


def free_port(wanted: int | None = None) -> int:
    """Return the wanted port if it is free, or else the first free one from `FIRST_PORT` on.

    Raises
    ------
    ExplorerError
        The wanted port is in use, or a hundred are.
    """
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ExplorerError(
        f"port {wanted or f'{FIRST_PORT} and the hundred after it'} is in use, or not for you to "
        "use; choose another with --port."
    )


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes
    ----------
    address
        Of the page.
    process
        Of Voila.
    """

    address: str
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Wait until the server ends."""
        self.process.wait()


@contextlib.contextmanager
def serve(port: int, environment: dict[str, str], *, preheat: int = 0) -> Iterator[Server]:
    """Run Voila on the notebook until the block is left; the block begins once it answers.

    Parameters
    ----------
    port
        Where to listen, on this machine only; on another one if it has been taken meanwhile.
    environment
        What the notebook shall open.
    preheat
        Kernels that have run the notebook before a page asks for one.

    Raises
    ------
    ExplorerError
        The server ended, or did not answer in time.
    """
    command = [
        *(sys.executable, "-m", "voila", str(notebook()), "--no-browser", f"--port={port}"),
        *("--Voila.ip=127.0.0.1", "--Voila.log_level=INFO", "--VoilaConfiguration.theme=light"),
        f"--VoilaConfiguration.preheat_kernel={preheat > 0}",
        f"--VoilaConfiguration.default_pool_size={preheat}",
    ]
    signal.signal(signal.SIGTERM, _interrupt)
    # The log goes to a file, because a pipe that nobody reads fills up and stops the server.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log = Path(folder, "log")
        with log.open("wb") as out:
            server = subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=out, stderr=out
            )
        try:
            address = _address(log, server)
            if address is None:
                last = log.read_text(errors="replace").strip().splitlines()[-1:]
                raise ExplorerError(
                    f"The dashboard's server did not start ({''.join(last) or 'no answer'}); try "
                    "again, or another port with --port."
                )
            yield Server(address, server)
        finally:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(10)
            server.kill()
            server.wait()


def _interrupt(*_: object) -> None:
    """Make a request to end what Ctrl-C is, so that the server ends too."""
    raise KeyboardInterrupt


def _address(log: Path, server: subprocess.Popen[bytes]) -> str | None:
    """Wait for the server to announce its address and to answer there; None if it does not.

    Only its own log tells the address: where it was started at the same moment as another one,
    the port that was free is the other's, and the other answers there.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        announced = ANNOUNCED.search(log.read_text(errors="replace"))
        if announced and _answers(f"{announced[1]}static/none"):
            return announced[1]
        time.sleep(0.1)
    return None


def _answers(address: str) -> bool:
    """Whether there is any answer, be it that there is no such page."""
    try:
        urllib.request.urlopen(address, timeout=2).close()
    except urllib.error.HTTPError as answer:
        answer.close()
    except OSError:
        return False
    return True
