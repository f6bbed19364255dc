"""Zarr stores with an embedding in each pixel, as TESSERA publishes them.

The conventions `geoemb`, `proj` and `spatial` describe their numbers and their place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.arrays.array_scene import ArrayFile, ArrayScene, Numbers, Tile
from rareearth_explorer.data.arrays.scaled_codes import SCALED, decode_scaled
from rareearth_explorer.data.arrays.zarr_attributes import attributes_of, coding_of, place_of
from rareearth_explorer.data.arrays.zarr_years import chosen_group, chosen_year
from rareearth_explorer.data.numbers.coding import Coding
from rareearth_explorer.data.recipes import recipe_called
from rareearth_explorer.errors import ExplorerError, SceneError


def open_zarr_store(path: Path, date: str | None = None) -> ArrayScene:
    """Open one group and year of a store as a scene.

    Parameters
    ----------
    path
        The store, if it has one group with an array `embeddings`, or a group in it.
    date
        The year, or `newest`; None if there is only one.

    Raises
    ------
    ExplorerError
        The package zarr is missing; the store cannot be read, does not say where it lies or what
        its numbers are, or holds several groups or years; the message names the store.
    """
    if find_spec("zarr") is None:
        raise ExplorerError(
            f"{path}: reading Zarr stores needs a package that is not installed here: run pip "
            'install "rareearth-explorer[zarr]".'
        )
    folder = chosen_group(path, date)
    attributes = attributes_of(folder)
    crs, transform = place_of(folder, attributes)
    arrays = _Arrays.of(folder)
    year = chosen_year(folder, arrays.time, arrays.steps, date)
    scaled = arrays.scales is not None
    coding = coding_of(folder, attributes, arrays.codes.dtype, scaled=scaled)
    height, width, dimensions = arrays.shape
    upside_down = transform.e > 0
    if upside_down:
        transform = transform @ transform.translation(0, height) @ transform.scale(1, -1)
    reading = _Reading(folder, arrays, year.index, coding, upside_down)
    reading.try_one()
    tile = Tile(folder, crs, transform, width, height, reading.read)
    said = {"year": year.year, "model": attributes.get("geoemb:model")}
    source = ArrayFile(folder, _identity, {key: value for key, value in said.items() if value})
    formula = SCALED if coding is None else coding.formula
    bands = _bands(dimensions, scaled=scaled)
    return ArrayScene([tile], bands, [source], formula, year.all)


def _bands(dimensions: int, *, scaled: bool) -> list[str]:
    """Name the numbers as TESSERA does, if they are stored as it stores them."""
    tessera = scaled and dimensions in recipe_called("tessera").dimensions
    return [f"{'Tessera_Band_' if tessera else 'b'}{number}" for number in range(dimensions)]


@dataclass(frozen=True, eq=False)
class _Arrays:
    """The arrays of a group; `first_band` if bands come before rows, `steps` along time or None."""

    codes: Any
    scales: Any
    time: npt.NDArray[Any] | None
    first_band: bool
    steps: int | None

    @classmethod
    def of(cls, folder: Path) -> _Arrays:
        import zarr

        with _reading(folder):
            group: Any = zarr.open_group(str(folder), mode="r")
            codes = group["embeddings"]
            scales = group.get("scales")
            time = np.asarray(group["time"][:]) if "time" in group else None
        names: Any = codes.metadata.dimension_names or ("",)
        timed = codes.ndim == 4
        first_band = timed or str(names[0]).lower() in ("band", "bands")
        found = cls(codes, scales, time, first_band, codes.shape[0] if timed else None)
        found._check(folder)
        return found

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and numbers in an embedding."""
        if self.first_band:
            bands, height, width = self.codes.shape[-3:]
            return height, width, bands
        height, width, bands = self.codes.shape
        return height, width, bands

    def _check(self, folder: Path) -> None:
        listed = " x ".join(map(str, self.codes.shape))
        if self.codes.ndim not in (3, 4) or 0 in self.codes.shape:
            raise SceneError(
                f"{folder}: its array 'embeddings' is {listed}, and time x band x row x column or "
                "row x column x band is read; give another group."
            )
        wanted = (() if self.steps is None else (self.steps,)) + self.shape[:2]
        if self.scales is not None and self.scales.shape != wanted:
            raise SceneError(
                f"{folder}: its array 'scales' is {' x '.join(map(str, self.scales.shape))}, which "
                f"does not fit 'embeddings' of {listed}; download it again."
            )


@dataclass(frozen=True, eq=False)
class _Reading:
    folder: Path
    arrays: _Arrays
    step: int
    coding: Coding | None
    upside_down: bool

    def try_one(self) -> None:
        """Decode one pixel, so that a coding that does not fit is found at once."""
        try:
            self.read(slice(0, 1), slice(0, 1))
        except ValueError as error:
            raise SceneError(
                f"{self.folder}: its quantization does not fit its {self.arrays.shape[2]} numbers "
                "in a pixel; download it again."
            ) from error

    def read(self, rows: slice, columns: slice) -> Numbers:
        """Read and decode rows and columns, counted from the north; NaN where there is no data."""
        if self.upside_down:
            height = self.arrays.shape[0]
            rows = slice(height - rows.stop, height - rows.start)
        step = () if self.arrays.steps is None else (self.step,)
        bands = (slice(None),)
        window = (*bands, rows, columns) if self.arrays.first_band else (rows, columns, *bands)
        with _reading(self.folder):
            codes = np.asarray(self.arrays.codes[*step, *window])
            scales = None
            if self.arrays.scales is not None:
                scales = np.asarray(self.arrays.scales[*step, rows, columns])
        if self.arrays.first_band:
            codes = np.moveaxis(codes, 0, -1)
        if scales is not None:
            numbers = decode_scaled(codes, scales)
        else:
            assert self.coding is not None
            numbers = self.coding.decode(codes)
        return numbers[::-1] if self.upside_down else numbers


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """Turn errors of a store into one sentence."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, MemoryError) as error:
        raise SceneError(
            f"{folder}: this Zarr store cannot be read to its end; copy or download it again."
        ) from error


def _identity(folder: Path) -> dict[str, Any]:
    """Identify a group by names, sizes and times of its files, which may be too large to read."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        facts = path.stat()
        name = path.relative_to(folder).as_posix()
        digest.update(json.dumps([name, facts.st_size, facts.st_mtime_ns]).encode())
    name = "/".join(folder.absolute().parts[-2:])
    return {"name": name, "files_sha256": digest.hexdigest()}
