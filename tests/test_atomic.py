"""A file is there whole, or what was there before is."""

from __future__ import annotations

import pytest

from rareearth_explorer.data.storage.replacing import write_atomically


@pytest.mark.parametrize("synced", [False, True])
def test_writes_bytes_and_text_and_makes_the_folder(tmp_path, synced):
    path = tmp_path / "new" / "list.csv"
    write_atomically(path, "größer\n", synced=synced)
    assert path.read_bytes() == "größer\n".encode()
    write_atomically(path, b"\0\1", synced=synced)
    assert path.read_bytes() == b"\0\1"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_leaves_what_was_there(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("before")
    (tmp_path / ".list.csv.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, "after", synced=True)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
