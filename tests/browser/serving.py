"""Start Voila or JupyterLab for a browser test, and stop them with their kernels."""

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

PATIENCE = 90


@contextlib.contextmanager
def serve(
    kind: str, notebook: Path, environment: Mapping[str, str], base: str = "/"
) -> Iterator[str]:
    """Serve a notebook's folder; `kind` is 'voila' or 'lab'. Yields the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if kind == "voila":
        command = ["voila", str(notebook), "--no-browser", f"--port={port}", f"--base_url={base}"]
        command += ["--Voila.ip=127.0.0.1", "--show_tracebacks=True"]
        ready = base
    else:
        command = ["jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
        command += [
            "--ip=127.0.0.1",
            f"--ServerApp.base_url={base}",
            f"--ServerApp.root_dir={notebook.parent}",
            "--IdentityProvider.token=",
            # window.jupyterapp is the only reliable way to know that a kernel is ready.
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
        ready = f"{base}api"
    log = notebook.with_suffix(f".{kind}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
            start_new_session=True,  # so that killing the group takes the kernels along
        )
        address = f"http://127.0.0.1:{port}"
        try:
            if kind == "lab":
                _wait(process, address + ready, log)
            else:
                _wait(process, f"{address}{base}voila/static/none", log)
            yield address + base
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the server did not answer:\n{log.read_text()[-2000:]}")
