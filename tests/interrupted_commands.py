"""The commands that write files, each in a folder of its own in which it may be interrupted."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from forked_commands import Forks, Outcome

from rareearth_explorer.data.table import TableWriter, add_projection, open_table
from rareearth_explorer.embedding import embed
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal

SEED = 12

LEFT = re.compile(r"^\..+\.part$")
"""Hidden folders that a killed run may leave; see `replacing`."""

SIDE, ROWS, COLUMNS = 84, 6, 2

MANY = 60
"""Rows of a table that is large enough for UMAP."""


@dataclass(frozen=True)
class Work:
    """A command and the files that it writes.

    Attributes
    ----------
    arguments
        Of the command line, in the folder of the inputs.
    outputs
        Names of the files that it writes, there.
    unlike
        How the content of a file is compared, where each writing differs, by its suffix.
    """

    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    unlike: dict[str, Callable[[Path], Any]] = field(default_factory=dict)


def page(path: Path) -> str:
    """Read a report without the time of writing, and the numbers that matplotlib draws anew."""
    text = path.read_text("utf-8")
    assert text.rstrip().endswith("</html>")
    return re.sub(r"<svg.*?</svg>|Written .*? UTC", "", text, flags=re.S)


def layer(path: Path) -> str:
    """Read a GeoPackage, which holds the time of writing."""
    return pyogrio.read_dataframe(path).to_json()


def exported(suffix: str) -> Work:
    name = f"out{suffix}"
    arguments = ("export", "s.jsonl", "--table", "session.parquet", "-o", name)
    return Work(arguments, (name,), {".html": page, ".gpkg": layer})


WORKS = {
    "embed": Work(("embed", "b.tif", "-o", "t.parquet", "--no-projection"), ("t.parquet",)),
    "import": Work(("import", "foreign.parquet", "-o", "t.parquet"), ("t.parquet",)),
    "project": Work(("project", "t.parquet"), ("t.parquet",)),
    "activity": Work(
        (
            *("activity", "20220101.tif", "20220108.tif", "-o", "act.tif"),
            *("--pools", "pools.csv", "--table", "t.parquet"),
        ),
        ("act.tif", "act_pools.geojson", "act_pools.csv", "t.parquet"),
    ),
    "cache": Work(("info", "t.parquet"), ()),
    **{f"export {suffix}": exported(suffix) for suffix in (".csv", ".kml", ".gpkg", ".html")},
}


def make_inputs(folder: Path) -> Path:
    """Make the inputs of every command, and older outputs."""
    import rasterio
    from planet_grid import THREE_METRES, UTM_47N

    rng = np.random.default_rng(SEED)
    for name in ("a", "b", "20220101", "20220108"):
        pixels = rng.integers(200, 4000, (4, ROWS * SIDE, COLUMNS * SIDE), dtype=np.uint16)
        with rasterio.open(
            folder / f"{name}.tif", "w", driver="GTiff", count=4, dtype="uint16", crs=UTM_47N,
            width=COLUMNS * SIDE, height=ROWS * SIDE, transform=THREE_METRES,
        ) as dataset:  # fmt: skip
            dataset.write(pixels)
            dataset.descriptions = ("blue", "green", "red", "nir")
    embed(folder / "a.tif", folder / "t.parquet", projection=False, progress=False)
    shutil.copy(folder / "t.parquet", folder / "session.parquet")
    table = open_table(folder / "t.parquet")
    lon, lat = table.centroids[0]
    (folder / "pools.csv").write_text(f"lon,lat\n{lon},{lat}\n")
    session, journal = Session(table), Journal(folder / "s.jsonl")
    journal.attach(session)
    session.mark(0, "positive")
    session.mark(5, "negative")
    session.note(0, "a pool")
    journal.close()
    foreign = folder / "foreign.parquet"
    embed(folder / "b.tif", foreign, projection=False, progress=False)
    add_projection(foreign, rng.random((ROWS * COLUMNS, 2), np.float32), {})
    pq.write_table(pq.read_table(foreign).append_column("x", pa.array(range(12))), foreign)
    for name in ("act.tif", "act_pools.geojson", "act_pools.csv", "out.csv", "out.kml"):
        (folder / name).write_text("the old file")
    write_many_rows(folder / "many.parquet", rng)
    for lock in folder.glob("*.lock"):
        lock.unlink()
    return folder


def write_many_rows(path: Path, rng: np.random.Generator) -> None:
    """Write a table whose projection is a UMAP, not principal components."""
    west = 98 + np.arange(MANY) / 100
    steps = ((0, 0.01), (0.01, 0.01), (0.01, 0), (0, 0))
    corners = np.stack([np.stack([west + x, np.full(MANY, 25 + y)], -1) for x, y in steps], 1)
    with TableWriter(path, 16, {}, placed=False) as writer:
        writer.append(None, None, corners, rng.standard_normal((MANY, 16), np.float32))


@dataclass(frozen=True)
class Trial:
    """A folder of its own in which a command runs, with a cache of its own."""

    work: Work
    folder: Path
    forks: Forks

    @classmethod
    def of(cls, work: Work, inputs: Path, place: Path, forks: Forks) -> Trial:
        shutil.copytree(inputs, place / "here")
        return cls(work, place / "here", forks)

    def run(self, **how: Any) -> Outcome:
        home = self.folder.parent / "home"
        return self.forks.run(self.work.arguments, self.folder, home=home, **how)

    def state(self) -> dict[str, Any]:
        """Return what each output, and each entry of the cache, holds."""
        cache = self.folder.parent / "home" / "cache"
        files = [self.folder / name for name in self.work.outputs]
        files += [f for f in cache.rglob("*") if f.is_file() and not hidden(f.relative_to(cache))]
        return {
            path.name: self.work.unlike.get(path.suffix, Path.read_bytes)(path)
            for path in files
            if path.exists()
        }

    def holds(self, whole: dict[str, Any]) -> bool:
        """Whether all is there that a whole run leaves, perhaps beside the cache of older tables.

        Only the cached identity of a table may be missing: an interrupted run may have kept the
        embeddings and not the identity, which is then computed when it is needed.
        """
        state = self.state()
        return all(
            state.get(file, content if file.endswith(".txt") else None) == content
            for file, content in whole.items()
        )

    def others(self) -> set[str]:
        """Return the names in the folder that are neither hidden nor outputs."""
        names = {path.name for path in self.folder.iterdir() if not LEFT.match(path.name)}
        return names - set(self.work.outputs)


def hidden(path: Path) -> bool:
    return any(LEFT.match(part) for part in path.parts)
