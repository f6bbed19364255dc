"""Start Voila, JupyterLab, Notebook, or a Jupyter server with Voila, and stop them with kernels."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

PATIENCE = 90


@contextlib.contextmanager
def serve(
    kind: str,
    notebook: Path,
    environment: Mapping[str, str],
    base: str = "/user/someone/",
    *,
    root: Path | None = None,
    python: str | Path = sys.executable,
) -> Iterator[str]:
    """Serve a notebook by 'voila', 'lab', 'notebook' or 'server', under a base URL as a hub does.

    'server' is a Jupyter server, in which Voila is an extension; `root` is the folder that all
    but 'voila' serve. Yields the address.
    """
    port = free_port()
    log = notebook.with_suffix(f".{kind}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, "-m", *_command(kind, notebook, port, base, root or notebook.parent)],
            # The theme that a test chooses shall not be the one of who runs it.
            env={
                **os.environ,
                "JUPYTER_CONFIG_DIR": str(notebook.parent / "jupyter"),
                **environment,
            },
            stdout=output,
            stderr=output,
            start_new_session=True,  # so that ending the group takes the kernels along
        )
        address = f"http://127.0.0.1:{port}{base}"
        try:
            _wait(process, address + ("static/none" if kind == "voila" else "api"), log)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def kernels() -> list[psutil.Process]:
    """Kernel processes among the descendants of this one."""
    below = psutil.Process(os.getpid()).children(recursive=True)
    below = [p for p in below if p.status() != psutil.STATUS_ZOMBIE]
    return [p for p in below if any("ipykernel_launcher" in part for part in p.cmdline())]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(kind: str, notebook: Path, port: int, base: str, root: Path) -> list[str]:
    if kind == "voila":
        return [
            *("voila", str(notebook), "--no-browser", f"--port={port}", f"--base_url={base}"),
            *("--Voila.ip=127.0.0.1", "--show_tracebacks=True"),
        ]
    common = [
        *("--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1"),
        *(f"--ServerApp.base_url={base}", f"--ServerApp.root_dir={root}"),
        "--IdentityProvider.token=",
    ]
    if kind == "server":
        return ["jupyter_server", *common]
    module, app = {"lab": ("jupyterlab", "LabApp"), "notebook": ("notebook", "JupyterNotebookApp")}[
        kind
    ]
    return [
        *(module, *common),
        # window.jupyterapp is the only reliable way to know that a kernel is ready.
        f"--{app}.expose_app_in_browser=True",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError as answer:  # any answer means that it is up
            answer.close()
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the server did not answer:\n{log.read_text()[-2000:]}")
