"""TESSERA's tiles of `.npy` files: codes, a scale for each pixel, and the land mask of the tile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import CRS
from rasterio.windows import Window

from rareearth_explorer.data.arrays.array_scene import ArrayFile, ArrayScene, Numbers, Tile
from rareearth_explorer.data.arrays.scaled_codes import SCALED, decode_scaled
from rareearth_explorer.data.file_kinds import NPY, NPY_SCALES
from rareearth_explorer.data.recipes import recipe_called
from rareearth_explorer.data.scene.raster import Raster
from rareearth_explorer.data.storage.file_identity import file_identity
from rareearth_explorer.errors import SceneError

MASK_SUFFIXES = (".tiff", ".tif")

LEVELS = 4
"""Folders above a tile in which its land mask is sought, each with the folders in it."""

YEAR = re.compile(r"(19|20)\d\d")


def open_npy_tiles(paths: Sequence[Path]) -> ArrayScene:
    """Open tiles of TESSERA as one scene.

    Parameters
    ----------
    paths
        Files of codes, `grid_LON_LAT.npy`, or folders of them; all of one year, UTM zone and grid.

    Raises
    ------
    SceneError
        A file of scales or a land mask is missing, the files do not fit together, or they are of
        several years; the message names the file.
    """
    codes = [code for path in paths for code in _codes_in(path)]
    year = _year_of(codes)
    files = [_TileFiles.beside(path) for path in codes]
    said = {} if year is None else {"year": year}
    sources = [ArrayFile(path, file_identity, said) for each in files for path in each.all]
    tiles = [_tile(each) for each in files]
    (dimensions,) = recipe_called("tessera").dimensions
    bands = [f"Tessera_Band_{number}" for number in range(dimensions)]
    return ArrayScene(tiles, bands, sources, SCALED)


@dataclass(frozen=True)
class _TileFiles:
    codes: Path
    scales: Path
    mask: Path

    @classmethod
    def beside(cls, codes: Path) -> _TileFiles:
        """Find the scales and the land mask of a tile."""
        scales = codes.with_name(f"{codes.stem}{NPY_SCALES}")
        if not scales.is_file():
            raise SceneError(
                f"{codes}: the scales that decode it are not beside it; download {scales.name} "
                "into the same folder."
            )
        mask = next(_masks(codes), None)
        if mask is None:
            raise SceneError(
                f"{codes}: its land mask, {codes.stem}.tiff, which says where the tile lies, is "
                "neither beside it nor in a folder near it; download it from TESSERA's land masks "
                "into the same folder."
            )
        return cls(codes, scales, mask)

    @property
    def all(self) -> tuple[Path, ...]:
        """The files."""
        return self.codes, self.scales, self.mask


def _codes_in(path: Path) -> list[Path]:
    """List the files of codes of a folder, or take the file; a file of scales stands for both."""
    if not path.is_dir():
        return [path.with_name(path.name.replace(NPY_SCALES, NPY))]
    scales = sorted(path.rglob(f"*{NPY_SCALES}"))
    return [each.with_name(each.name.replace(NPY_SCALES, NPY)) for each in scales]


def _year_of(codes: Sequence[Path]) -> int | None:
    """Return the year that the folders of all tiles are named by, None if there is none."""
    years = {
        max((part for part in path.absolute().parts if YEAR.fullmatch(part)), default=None)
        for path in codes
    }
    if len(years) > 1 or len({path.name for path in codes}) < len({*codes}):
        raise SceneError(
            f"{codes[-1]}: the tiles are of several years, "
            f"{' and '.join(sorted(str(year or 'unknown') for year in years))}; make one table of "
            "each."
        )
    (year,) = years
    return None if year is None else int(year)


def _masks(codes: Path) -> Iterator[Path]:
    """Find files with the name of the tile's land mask, the nearest first."""
    for folder in codes.absolute().parents[:LEVELS]:
        for near in (folder, *sorted(each for each in folder.iterdir() if each.is_dir())):
            for suffix in MASK_SUFFIXES:
                if (mask := near / f"{codes.stem}{suffix}").is_file():
                    yield mask


def _tile(files: _TileFiles) -> Tile:
    codes, scales = _mapped(files.codes), _mapped(files.scales)
    (dimensions,) = recipe_called("tessera").dimensions
    if codes.dtype != np.int8 or codes.ndim != 3 or codes.shape[2] != dimensions:
        raise SceneError(
            f"{files.codes}: it holds {_described(codes)}, and a tile of TESSERA holds int8 of "
            f"rows x columns x {dimensions}; download it again."
        )
    if scales.dtype.kind != "f" or scales.shape not in (codes.shape[:2], codes.shape):
        raise SceneError(
            f"{files.scales}: it holds {_described(scales)}, which does not fit the "
            f"{_described(codes)} of {files.codes.name}; download both again."
        )
    mask = Raster(files.mask, "none", colours=False)
    if (mask.height, mask.width) != codes.shape[:2] or len(mask.indexes) != 1:
        raise SceneError(
            f"{files.mask}: the land mask has {len(mask.indexes)} band(s) of {mask.height} x "
            f"{mask.width} pixels, which does not fit the {_described(codes)} of "
            f"{files.codes.name}; download it again."
        )
    crs = CRS.from_wkt(mask.dataset.crs.to_wkt())
    reading = _Reading(codes, scales, mask, upside_down=mask.dataset.transform.e > 0)
    return Tile(files.codes, crs, mask.transform, mask.width, mask.height, reading.read)


@dataclass(frozen=True, eq=False)
class _Reading:
    codes: npt.NDArray[Any]
    scales: npt.NDArray[Any]
    mask: Raster
    upside_down: bool

    def read(self, rows: slice, columns: slice) -> Numbers:
        """Read and decode rows and columns, counted from the north; water is NaN."""
        stored = rows
        if self.upside_down:
            stored = slice(len(self.codes) - rows.stop, len(self.codes) - rows.start)
        numbers = decode_scaled(self.codes[stored, columns], self.scales[stored, columns])
        if self.upside_down:
            numbers = numbers[::-1]
        size = columns.stop - columns.start, rows.stop - rows.start
        land, _ = self.mask.read(self.mask.indexes, Window(columns.start, rows.start, *size))
        numbers[land[0] == 0] = np.nan
        return numbers


def _mapped(path: Path) -> npt.NDArray[Any]:
    """Map an array, of which only what is asked for is read."""
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError as error:
        raise SceneError(f"{path}: there is no such file; check the path.") from error
    except (ValueError, OSError, EOFError) as error:
        raise SceneError(
            f"{path}: this is not a complete array; copy or download it again."
        ) from error


def _described(array: npt.NDArray[Any]) -> str:
    return f"{array.dtype} of {' x '.join(map(str, array.shape)) or 'one number'}"
