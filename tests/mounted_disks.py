"""Small and read-only disks, mounted for a test; the test is skipped where that is not allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Disk:
    """A mounted disk."""

    place: Path

    @contextmanager
    def filled(self, but: int) -> Iterator[None]:
        """Leave only `but` bytes of room, rounded up to pages."""
        ballast = self.place / "ballast"
        room = os.statvfs(self.place)
        pages = room.f_bavail - -(-but // room.f_frsize)
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, pages * room.f_frsize)
        try:
            yield
        finally:
            ballast.unlink()


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Disk]:
    """Mount an empty disk of this size, in memory."""
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place))
    try:
        yield Disk(place)
    finally:
        _unmount(place)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder and what is in it read-only; permissions do not stop an administrator."""
    if os.geteuid() != 0:
        below = [folder, *(each for each in folder.rglob("*") if each.is_dir())]
        for each in below:
            each.chmod(0o555)
        try:
            yield
        finally:
            for each in below:
                each.chmod(0o755)
        return
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        _unmount(folder)


def _mount(*how: str) -> None:
    if shutil.which("mount") is None:
        pytest.skip("this system has no command mount")
    done = subprocess.run(["mount", *how], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")


def _unmount(place: Path) -> None:
    subprocess.run(["umount", "--lazy", str(place)], check=True)
