"""Work that must not delay a click: done later, on another thread, or in another process."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection
from typing import Any, Self

from rareearth_explorer.serving.shared_process import answer

DELAY = 0.08
"""Seconds to wait before deferred work, so that the browser paints earlier messages first."""


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Deferred:
    """Calls a function a little later, once for any number of requests until then.

    In a kernel, the message to the map is sent before slower panels draw. Without a running
    event loop, as in a script or a test, the function is called at once.
    """

    def __init__(self, function: Callable[[], None], delay: float = DELAY) -> None:
        self._function = function
        self._delay = delay
        self._waiting: asyncio.TimerHandle | None = None

    def __call__(self) -> None:
        """Request a call of the function."""
        loop = _running_loop()
        if loop is None:
            self._function()
        elif self._waiting is None:
            self._waiting = loop.call_later(self._delay, self._run)

    def _run(self) -> None:
        self._waiting = None
        self._function()


@dataclass(frozen=True, eq=False)
class Failure:
    """The error that a function on another thread or in another process raised, as text."""

    reason: str

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Describe an exception."""
        return cls(f"{type(error).__name__}: {error}")


class Aside:
    """Another thread, for work on files that only one thread may use.

    Without a running event loop, as in a script or a test, the work is done at once.
    """

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._latest = 0

    def submit(
        self, done: Callable[[Any], None], function: Callable[..., Any], *arguments: object
    ) -> None:
        """Run `function(*arguments)` on that thread, then `done(result)` on this one.

        Only the latest request counts: an earlier one is not started, or its result is dropped.
        If the function raised, the result is a `Failure`.
        """
        self._latest += 1
        request, loop = self._latest, _running_loop()

        def deliver(result: object) -> None:
            if request == self._latest:
                done(result)

        def work() -> object:
            try:
                return function(*arguments)
            except Exception as error:  # noqa: BLE001 -- a thread's exception would be lost
                return Failure.of(error)

        def run() -> None:
            if request == self._latest:
                assert loop is not None
                loop.call_soon_threadsafe(deliver, work())

        if loop is None:
            deliver(work())
        else:
            self._pool.submit(run)


ENDED = Failure("the process ended before it was done")


def _serve(connection: Connection, prepare: Callable[[], None]) -> None:
    """Run jobs as they arrive; end when the parent process ends, even by kill -9."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    prepare()
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        connection.send(answer(function, arguments))


class Worker:
    """One process for heavy work, so that it never holds this process's interpreter lock.

    Parameters
    ----------
    prepare
        Called once in the process when it starts: imports that take seconds.
    shared
        Address of a process that other kernels use too, see `serving.shared_process`; empty, or
        if nothing answers there, a process of its own is started.
    """

    def __init__(self, prepare: Callable[[], None], shared: str = "") -> None:
        self._prepare = prepare
        self._shared = shared
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None
        self._job = 0
        self._pending = False

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return self._pending

    def start(self) -> None:
        """Start the process ahead of the first job."""
        if self._connect() or (self._process is not None and self._process.is_alive()):
            return
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._prepare), daemon=True)
        self._process.start()
        theirs.close()

    def _connect(self) -> bool:
        """Connect to the shared process; False if there is none."""
        if self._shared and self._process is None and self._connection is None:
            try:
                self._connection = Client(self._shared)
            except OSError:
                self._shared = ""  # it has ended, so this kernel starts its own
        return self._process is None and self._connection is not None

    def submit(
        self, done: Callable[[Any], None], function: Callable[..., Any], *arguments: object
    ) -> None:
        """Run `function(*arguments)` there, then `done(result)` here; a running job is dropped.

        `done` is called on this thread's event loop, with a `Failure` if the function raised or
        the process died; without a running loop the call waits for the result.
        """
        if self._pending:
            self.cancel()
        self.start()
        assert self._connection is not None
        connection, loop = self._connection, _running_loop()
        self._job += 1
        self._pending = True
        job = self._job

        def deliver(result: object) -> None:
            if job == self._job and self._pending:
                self._pending = False
                if result is ENDED:
                    self.stop()  # so that the next job starts a new process
                done(result)

        def wait() -> object:
            try:
                connection.send((function, arguments))
                result = connection.recv()
            except (EOFError, OSError):
                return ENDED
            return Failure(str(result)) if isinstance(result, Exception) else result

        if loop is None:
            deliver(wait())
            return
        threading.Thread(
            target=lambda: loop.call_soon_threadsafe(deliver, wait()), daemon=True
        ).start()

    def cancel(self) -> None:
        """Stop the running job, if there is one; `done` is not called."""
        self._pending = False
        self.stop()

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
