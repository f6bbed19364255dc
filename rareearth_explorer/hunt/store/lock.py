"""The lock on a session's file: only one window writes to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from filelock import BaseFileLock

_held: WeakValueDictionary[Path, SessionLock] = WeakValueDictionary()
"""The locks that this process holds, by file."""


class SessionLock:
    """A process's lock on a file; it ends with the process, even by kill -9.

    Within one process the newest lock wins: if a notebook cell is run again, its previous run must
    not block the session.

    Parameters
    ----------
    path
        The file; the lock is another file beside it, which ends in ".lock".
    """

    def __init__(self, path: Path) -> None:
        self._key = path.resolve()
        self._place = path.with_name(f"{path.stem}.lock")
        self._lock: BaseFileLock | None = None

    @property
    def held(self) -> bool:
        """Whether this lock is held, so that the file may be written."""
        return self._lock is not None and self._lock.is_locked

    def take(self) -> bool:
        """Lock the file; False if another process holds it.

        Raises
        ------
        OSError
            The folder of the file cannot be written to.
        """
        from filelock import FileLock, Timeout

        earlier = _held.pop(self._key, None)
        if earlier is not None:
            earlier.release()
        # One lock for all threads, because widgets may run on another thread.
        lock = FileLock(self._place, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        self._lock = lock
        _held[self._key] = self
        return True

    def release(self) -> None:
        """Release the lock; do nothing if it is not held."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def is_locked(path: Path) -> bool:
    """Whether any process, including this one, has locked a file.

    Raises
    ------
    OSError
        The lock beside it cannot be opened.
    """
    from filelock import FileLock, Timeout

    try:
        with FileLock(path.with_name(f"{path.stem}.lock"), blocking=False, thread_local=False):
            return False
    except Timeout:
        return True
