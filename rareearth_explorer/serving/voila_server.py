"""Serves the notebook of the dashboard with Voila, on this machine only."""

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
from importlib.metadata import entry_points
from pathlib import Path

from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.serving.kernel_connection import SIGNS_OF_LIFE
from rareearth_explorer.serving.shared_process import shared_process

FIRST_PORT = 8866
PATIENCE = 300
"""Seconds to wait for the server to answer."""

FRUGAL = {
    "GDAL_CACHEMAX": "64",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
}
"""Variables that keep the kernels small, unless the user has set them: megabytes of pixels that
GDAL keeps, by default 5 % of the machine's memory in each kernel; memory that glibc gives back."""

HERE = __name__.rpartition(".")[0]

FORKED = "rareearth-forked"
"""Name under which Jupyter knows `ForkedKernelProvisioner`; see pyproject.toml."""

ANNOUNCED = re.compile(r"running at:\s+(http[^\s?]+)\S*\s")
"""Line in the log of Voila that gives the address once it listens."""


def notebook() -> Path:
    """Find the dashboard's notebook: in the installed package, or in the checkout."""
    package = Path(__file__).parent.parent
    places = (package / "explorer.ipynb", package.parent / "notebooks" / "explorer.ipynb")
    return next(place for place in places if place.exists())


def free_port(requested: int | None = None) -> int:
    """Return the requested port, or by default the first free one from `FIRST_PORT` on.

    Raises
    ------
    ExplorerError
        The requested port, or each of the hundred default ports, is in use.
    """
    for port in [requested] if requested else range(FIRST_PORT, FIRST_PORT + 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ExplorerError(
        f"port {requested or f'{FIRST_PORT} and the hundred after it'} is in use or not permitted; "
        "choose another with --port."
    )


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes
    ----------
    address
        Address of the page.
    process
        Process of Voila.
    """

    address: str
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Wait until the server ends."""
        self.process.wait()


@contextlib.contextmanager
def serve(port: int, environment: dict[str, str], *, preheat: int = 0) -> Iterator[Server]:
    """Run Voila on the notebook: the block starts once it answers, and Voila stops at its end.

    Parameters
    ----------
    port
        Port to listen on, on this machine only; another one if it was taken meanwhile.
    environment
        Environment variables for the notebook.
    preheat
        Number of kernels that run the notebook before a page needs them.

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
        *for_visitors(),
    ]
    signal.signal(signal.SIGTERM, _interrupt)
    # The log goes to a file, because an unread pipe fills up and blocks the server.
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        shared_process() as shared,
    ):
        log = Path(folder, "log")
        with log.open("wb") as out:
            server = subprocess.Popen(
                command,
                env={**FRUGAL, **os.environ, **environment, **shared},
                stdout=out,
                stderr=out,
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


def for_visitors() -> list[str]:
    """Options of Voila for several visitors: ended kernels, guarded connections, shared memory."""
    options = [
        f"--VoilaConfiguration.multi_kernel_manager_class={HERE}.visitor_kernels.VisitorKernels",
        f"--Voila.kernel_websocket_connection_class={HERE}.kernel_connection.GuardedConnection",
        f"--Voila.tornado_settings={SIGNS_OF_LIFE}",
    ]
    # A checkout that was updated and not installed again has no such entry point.
    if entry_points(group="jupyter_client.kernel_provisioners", name=FORKED):
        options.append(f"--KernelProvisionerFactory.default_provisioner_name={FORKED}")
    return options


def _interrupt(*_: object) -> None:
    """Treat a termination signal like Ctrl-C, so that the server is stopped too."""
    raise KeyboardInterrupt


def _address(log: Path, server: subprocess.Popen[bytes]) -> str | None:
    """Wait until the server announces its address and answers there; None if it does not.

    The address is read from the server's log: if two servers start at the same moment, the free
    port may belong to the other, which would answer there.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        announced = ANNOUNCED.search(log.read_text(errors="replace"))
        if announced and _answers(f"{announced[1]}static/none"):
            return announced[1]
        time.sleep(0.1)
    return None


def _answers(address: str) -> bool:
    """Whether the server answers, even with an error page."""
    try:
        urllib.request.urlopen(address, timeout=2).close()
    except urllib.error.HTTPError as answer:
        answer.close()
    except OSError:
        return False
    return True
