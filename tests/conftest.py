"""Fixtures that several test modules share: real files, and small GeoTIFFs built on the spot."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from affine import Affine
from planet_grid import THREE_METRES, UTM_47N
from processes import alive, children
from pyproj import CRS
from rasterio.enums import ColorInterp, Resampling

from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.table import PatchTable, TableWriter, open_table

# Tests never judge by the clock: on a busy machine any example may take long.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.register_profile("brief", deadline=None, max_examples=20)  # of `make check`
hypothesis.settings.load_profile("patient")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep each test's cache and user data apart from everybody's."""
    folder = tmp_path_factory.mktemp(f"home-{uuid4().hex}", numbered=False)  # numbering is slow
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))


@pytest.fixture(autouse=True)
def processes_end() -> Iterator[None]:
    """Fail the test that leaves a process behind, not one that is slowed or warned by it later."""
    before = children()
    yield
    left = [process for process in children() - before if alive(process)]
    # Python starts this one once, for all that spawn.
    assert [p.cmdline() for p in left if "resource_tracker" not in " ".join(p.cmdline())] == []


@pytest.fixture(scope="session")
def small_table() -> PatchTable:
    """60 patches in two loose clusters, non-negative embeddings of 12 numbers, on a 6 x 10 grid."""
    grid = PatchGrid.for_raster(CRS(UTM_47N), THREE_METRES, width=840, height=504)
    row, column = np.divmod(np.arange(60, dtype=np.int32), 10)
    rng = np.random.default_rng(0)
    embeddings = rng.random((60, 12), np.float32)
    embeddings[::2, :6] += 1
    return PatchTable.from_arrays(
        embeddings,
        grid.corners(row, column),
        row=row,
        column=column,
        metadata={"grid": grid.to_metadata()},
    )


@pytest.fixture
def stored_table(small_table: PatchTable, tmp_path: Path) -> PatchTable:
    """The small table, in a file that other processes open."""
    path = tmp_path / "t.parquet"
    with TableWriter(path, small_table.dim, small_table.metadata) as writer:
        writer.append(
            small_table.row, small_table.column, small_table.corners, small_table.embeddings
        )
    return open_table(path)


@pytest.fixture
def real_data() -> Path:
    """Folder with the real files, see the `realdata` marker; skips where there is none."""
    default = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("RAREEARTH_TEST_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}; set RAREEARTH_TEST_DATA to a folder that has them")
    return folder


@pytest.fixture
def cases() -> Path:
    """Folder of small odd files, see the `realdata` marker; skips where there is none."""
    default = REPOSITORY.parent / "shared" / "cases"
    folder = Path(os.environ.get("RAREEARTH_TEST_CASES", default))
    if not folder.is_dir():
        pytest.skip(f"no odd files in {folder}; set RAREEARTH_TEST_CASES to a folder of them")
    return folder


@pytest.fixture
def full_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], AbstractContextManager[None]]:
    """Fill the disk for files of one name: beside their place, every write finds no room."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")

    @contextmanager
    def fill(name: str) -> Iterator[None]:
        make = tempfile.mkdtemp

        def make_full(*given: Any, **named: Any) -> str:
            folder = make(*given, **named)
            if Path(folder).name.startswith(f".{name}."):
                (Path(folder) / name).symlink_to("/dev/full")
            return folder

        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "mkdtemp", make_full)
            yield

    return fill


@pytest.fixture
def make_geotiff(tmp_path: Path) -> Callable[..., Path]:
    """Build a small GeoTIFF from (C, H, W) pixels; by default at Pang War."""

    def make(
        pixels: npt.NDArray[Any] | None = None,
        name: str = "scene.tif",
        *,
        crs: str | None = UTM_47N,
        transform: Affine | None = THREE_METRES,
        nodata: float | None = None,
        descriptions: Sequence[str] = (),
        colorinterp: Sequence[ColorInterp] = (),
        tags: dict[str, str] | None = None,
        overviews: Sequence[int] = (),
        **creation: Any,
    ) -> Path:
        if pixels is None:
            pixels = np.random.default_rng(0).integers(200, 4000, (4, 200, 180), dtype=np.uint16)
        count, height, width = pixels.shape
        path = tmp_path / name
        profile: dict[str, Any] = {"driver": "GTiff", "count": count, "dtype": pixels.dtype}
        profile |= {"width": width, "height": height, "nodata": nodata, "crs": crs} | creation
        if transform is not None:
            profile["transform"] = transform
        with rasterio.open(path, "w", **profile) as dataset:
            dataset.write(pixels)
            dataset.update_tags(**(tags or {}))
            for band, description in enumerate(descriptions, start=1):
                dataset.set_band_description(band, description)
            if colorinterp:
                dataset.colorinterp = colorinterp
        if overviews:
            with rasterio.open(path, "r+") as dataset:
                dataset.build_overviews(list(overviews), Resampling.average)
        return path

    return make
