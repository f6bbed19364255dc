"""Kernels forked from one process that has imported everything, whose memory they share.

The imports of a kernel take about 170 MB and some seconds. A forked kernel shares these pages
until it writes to them. Elsewhere than on Linux kernels start as usual: Windows cannot fork, and
frameworks of macOS do not survive a fork.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

PRELOADED = (
    "ipykernel.kernelapp",
    "rareearth_explorer.app",
    "geopandas",
    "pyarrow.csv",
    "pyarrow.parquet",
    "pyogrio",
)
"""Modules that the kernels share, with all that these import; none may take a lock or compute."""

LAUNCHER = "ipykernel_launcher"


class ForkedKernelProvisioner(LocalProvisioner):
    """Starts a Python kernel by a fork of a process in which `PRELOADED` is imported."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; one of another kind or Python starts as usual."""
        arguments = _arguments(cmd)
        if arguments is None or sys.platform != "linux":
            return await super().launch_kernel(cmd, **kwargs)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        folder = kwargs.get("cwd") or os.getcwd()  # noqa: PTH109
        # Some of Voila's names are members of an enumeration: each kernel would import Voila.
        plain = {os.fsdecode(os.fsencode(name)): text for name, text in kwargs["env"].items()}
        process = context.Process(target=_run_kernel, args=(arguments, plain, folder))
        # Beside the event loop: the first fork waits for the imports.
        await asyncio.to_thread(process.start)
        assert process.pid is not None
        self.process, self.cwd = _Started(process), folder  # type: ignore[assignment]
        self.pid = self.pgid = process.pid
        return self.connection_info


class _Started:
    """A forked process in the words of `subprocess.Popen`, which the provisioner uses."""

    stdin = stdout = stderr = None

    def __init__(self, process: BaseProcess) -> None:
        assert process.pid is not None
        self._process, self.pid = process, process.pid

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """Wait for its end and return the exit code."""
        self._process.join()
        return self._process.exitcode

    def send_signal(self, signum: int) -> None:
        """Send a signal to the process."""
        if self._process.exitcode is None:
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End the process."""
        self._process.kill()


def _arguments(command: Sequence[str]) -> list[str] | None:
    """Return the kernel's arguments; None if this Python cannot be forked to run it."""
    python, *rest = command
    ours = Path(python).resolve() == Path(sys.executable).resolve()
    return list(rest[2:]) if ours and rest[:2] == ["-m", LAUNCHER] else None


def _run_kernel(arguments: list[str], environment: Mapping[str, str], folder: str) -> None:
    """Run a kernel in this process, which has just been forked, until it ends."""
    # The collector would write into every object that was imported, and so copy its page.
    gc.freeze()
    os.setsid()  # signals to the kernel's group reach the processes that it starts, and no other
    os.environ.clear()
    os.environ.update(environment)
    # The kernel ends with the process that forks, and with the server.
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    os.chdir(folder)
    sys.argv = [LAUNCHER, *arguments]
    from ipykernel.kernelapp import IPKernelApp

    # ipywidgets registers with the kernel when it is imported, and then there was none yet.
    IPKernelApp.launch_instance([*arguments, "--ext=ipywidgets"])


def _end_with_the_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(1)
