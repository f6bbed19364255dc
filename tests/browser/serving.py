"""Start Voila, JupyterLab, Notebook, or a Jupyter server with Voila, and stop them with kernels."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
from patience import PATIENCE, eventually
from processes import descendants, running


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
    with (
        log.open("wb") as output,
        running(
            [python, "-m", *_command(kind, notebook, port, base, root or notebook.parent)],
            # The theme that a test chooses shall not be the one of who runs it.
            env={
                **os.environ,
                "JUPYTER_CONFIG_DIR": str(notebook.parent / "jupyter"),
                **environment,
            },
            stdout=output,
            stderr=output,
        ) as process,
    ):
        address = f"http://127.0.0.1:{port}{base}"
        wait_for_answer(process, address + ("static/none" if kind == "voila" else "api"), log)
        yield address


def enable_extension(folder: Path) -> None:
    """Enable our extension of Jupyter servers whose JUPYTER_CONFIG_DIR this is.

    An installed package is enabled by `jupyter server extension enable --sys-prefix`; a checkout
    that was updated and not installed again is not listed there.
    """
    folder.mkdir(exist_ok=True)
    enabled = {"ServerApp": {"jpserver_extensions": {"rareearth_explorer": True}}}
    (folder / "jupyter_server_config.json").write_text(json.dumps(enabled))


def kernels() -> list[psutil.Process]:
    """Kernel processes among the descendants of this one."""
    return [process for process in descendants(os.getpid()) if _is_kernel(process)]


def _is_kernel(process: psutil.Process) -> bool:
    try:
        command = " ".join(process.cmdline())
        if "multiprocessing.forkserver" not in command:
            return "ipykernel_launcher" in command
        # A forked kernel bears the command of the process that it was forked from.
        return "multiprocessing.forkserver" in " ".join(process.parent().cmdline())
    except psutil.NoSuchProcess:  # it has just ended
        return False


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


def wait_for_answer(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Wait until a server answers, whatever it says."""

    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended:\n{log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(address, timeout=PATIENCE).close()
        except urllib.error.HTTPError as answer:
            answer.close()
        except OSError:
            return False
        return True

    eventually(answers, f"no answer from {address}; see {log}")
