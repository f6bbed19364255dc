"""A file is there whole, or what was there before is, whoever else writes it or is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE
from processes import running

from rareearth_explorer.data.storage.replacing import (
    ABANDONED,
    SUFFIX,
    replacing,
    write_atomically,
)
from rareearth_explorer.data.table import TableWriter
from rareearth_explorer.data.table.unit_cache import cached_array
from rareearth_explorer.hunt.store.format import write_record


@pytest.mark.parametrize("synced", [False, True])
def test_writes_bytes_and_text_and_makes_the_folder(tmp_path, synced):
    path = tmp_path / "new" / "list.csv"
    write_atomically(path, "größer\n", synced=synced)
    assert path.read_bytes() == "größer\n".encode()
    write_atomically(path, b"\0\1", synced=synced)
    assert path.read_bytes() == b"\0\1"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_leaves_what_was_there(tmp_path, full_disk):
    path = tmp_path / "list.csv"
    path.write_text("before")
    with full_disk("list.csv"), pytest.raises(OSError, match="No space left"):
        write_atomically(path, "after", synced=True)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_any_exception_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "list.csv"
    path.write_text("before")

    def write_half() -> None:
        with replacing(path) as beside:
            beside.write_text("half")
            beside.with_suffix(".csv.aux.xml").write_text("another file, as GDAL writes")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_writer_leaves_what_was_there_and_what_is_recognised(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("before")
    program = (
        "import sys, time\nfrom pathlib import Path\n"
        "from rareearth_explorer.data.storage.replacing import replacing\n"
        f"with replacing(Path({str(path)!r})) as beside:\n"
        "    beside.write_text('half')\n    print('written', flush=True)\n    sys.stdin.read()\n"
    )
    with running(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout.readline() == b"written\n"
        writer.kill()
        writer.wait()
    assert path.read_text() == "before"
    (left,) = set(tmp_path.iterdir()) - {path}
    assert left.name.startswith(".list.csv.")
    assert left.suffix == SUFFIX

    write_atomically(path, "young, so another process may be writing into it")
    assert left.exists()
    (other := tmp_path / ".other.csv.x.part").mkdir()
    old = time.time() - ABANDONED - 60
    for each in (left / path.name, left, other):
        os.utime(each, (old, old))
    write_atomically(path, "after")
    assert {*tmp_path.iterdir()} == {path, other}


def test_two_writers_at_once_do_not_mix(tmp_path):
    path, both = tmp_path / "list.csv", threading.Barrier(2, timeout=PATIENCE)

    def write(letter: str) -> None:
        with replacing(path) as beside, beside.open("w") as file:
            file.write(letter * 1000)
            both.wait()
            file.write(letter * 1000)
            file.flush()
            both.wait()

    writers = [threading.Thread(target=write, args=letter) for letter in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_text() in ("a" * 2000, "b" * 2000)
    assert list(tmp_path.iterdir()) == [path]


def write_table(path: Path) -> None:
    with TableWriter(path, 2, {}, placed=False) as writer:
        writer.append(None, None, np.zeros((1, 4, 2)), np.ones((1, 2), np.float32))


def write_cache(path: Path) -> None:
    array = cached_array("key", lambda: np.ones((2, 2), np.float32))
    path.hardlink_to(array.base.filename)


def write_for_me_only(path: Path) -> None:
    with replacing(path) as beside:
        beside.touch(0o600)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no umask")
@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_atomically(path, "text"),
        lambda path: write_record(path, {"format": 1}, []),
        write_table,
        write_cache,
        write_for_me_only,
    ],
    ids=["text", "session", "table", "cache", "one that a library makes private"],
)
def test_permissions_follow_the_umask(tmp_path, write, mask):
    before = os.umask(mask)
    try:
        write(path := tmp_path / "file")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask
