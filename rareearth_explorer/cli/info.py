"""`rareearth-explorer info`: say what a file is, what will be made of it, and what to type next."""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.data.file_kinds import LABEL_SUFFIXES, TABLE_SUFFIXES, is_imagery, kinds
from rareearth_explorer.errors import ExplorerError, LabelsError, SceneError

if TYPE_CHECKING:
    from rareearth_explorer.data.scene import Scene

Facts = Iterator[tuple[str, str]]
"""What is told, a line each; a line without a name goes on with the one before."""

FEW_PIXELS = 16
"""Sides of patches below this, in pixels, show an encoder little."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("info", help="say what a scene, patch table or label file holds")
    parser.add_argument("file", type=Path, help="a file, or a folder as Planet delivers it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the facts, one a line."""
    if is_imagery(options.file):
        facts = [*_scene(options.file)]
    elif options.file.suffix.lower() in TABLE_SUFFIXES:
        facts = [*_table(options.file)]
    else:
        facts = [*_labels(options.file)]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        print(f"{name:<{width}}  {value}")


def _scene(path: Path) -> Facts:
    from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE
    from rareearth_explorer.data.scene import open_scene

    with open_scene(path) as scene:
        yield "imagery", str(path)
        yield from _files(path, [source.path for source in scene.sources])
        kilometres = f"{scene.width * scene.gsd / 1000:.1f} x {scene.height * scene.gsd / 1000:.1f}"
        yield "extent", f"{_extent(scene.bounds)}, {kilometres} km"
        yield "size", f"{scene.width:,} x {scene.height:,} pixels of {scene.gsd:.4g} m"
        nodata = "no value" if scene.nodata is None else f"{scene.nodata:g}"
        yield "pixels", f"{scene.dtype}, {nodata} for nodata, in {scene.crs.name}"
        yield "valid", f"{100 * scene.statistics.valid:.1f} % of the pixels"
        yield "date", f"{scene.time:%Y-%m-%d %H:%M} UTC" if scene.time else "not known"
        yield from _bands(scene.bands)
        yield from _patches(scene, DEFAULT_PATCH_SIZE)
        yield "next", shlex.join(_embed(scene, path, DEFAULT_PATCH_SIZE))


def _files(given: Path, taken: list[Path]) -> Facts:
    """Say which masks embedding applies and, of each GeoTIFF in a folder, whether it is taken."""
    from rareearth_explorer.data.scene.planet import udm2_beside

    masks = [mask for mask in map(udm2_beside, taken) if mask is not None]
    if not given.is_dir():
        yield from _listed("mask for embed", map(str, masks))
        return
    there = [p for p in sorted(given.rglob("*")) if p.suffix.lower() in (".tif", ".tiff")]
    rest = [path for path in there if path not in (*taken, *masks)]
    for title, files in (("taken", taken), ("masks for embed", masks), ("not taken", rest)):
        yield from _listed(title, (str(file.relative_to(given)) for file in files))


def _listed(title: str, lines: Iterable[str]) -> Facts:
    for number, line in enumerate(lines):
        yield "" if number else title, line


def _bands(bands: tuple[str, ...]) -> Facts:
    yield "bands", ", ".join(bands)
    known = known_bands()
    unknown = [band for band in bands if band not in known]
    if unknown:
        yield (
            "",
            f"not known: {', '.join(unknown)}; name all with --bands, in this order, _ for one to "
            "leave out",
        )
        yield "", f"names: {', '.join(known)}"


def known_bands() -> list[str]:
    """Names of bands that mean something here: those of sensors by wavelength, then others."""
    from rareearth_explorer.data.scene.bands import ROLES
    from rareearth_explorer.embedding.encoders import sensors

    waves: dict[str, float] = {}
    for sensor in sensors().values():
        for name, band in sensor.bands.items():
            waves.setdefault(name, band.wavelength)
    return sorted({*ROLES, *waves}, key=lambda name: (waves.get(name, math.inf), name))


def _patches(scene: Scene, patch_size: float) -> Facts:
    try:
        grid = scene.grid(patch_size)
    except SceneError:
        yield "patches", f"not one of {patch_size:g} m fits"
        return
    size = f"{patch_size:g} m, each {grid.patch_px} x {grid.patch_px} pixels"
    yield "patches", f"{len(grid):,} of {size}"
    if grid.patch_px < FEW_PIXELS:
        yield "", f"warning: {grid.patch_px} pixels are few to tell a mine by; make patches larger"


def _embed(scene: Scene, path: Path, patch_size: float) -> list[str]:
    """Write the command that makes a patch table, with patches as large as they should be."""
    from rareearth_explorer.data.grid import patch_pixels

    name = f"{path.resolve().name if path.is_dir() else path.stem}.parquet"
    command = ["rareearth-explorer", "embed", str(path), "-o", name]
    shorter = min(scene.width, scene.height) * scene.gsd
    if shorter < patch_size:
        patch_size = shorter
    elif patch_pixels(patch_size, scene.gsd) < FEW_PIXELS:
        patch_size = FEW_PIXELS * scene.gsd
    else:
        return command
    return [*command, "--patch-size", f"{math.ceil(patch_size)}"]


def _table(path: Path) -> Facts:
    from rareearth_explorer.data.table import open_table

    table = open_table(path)
    grid, encoder = table.grid, table.metadata.get("encoder", {})
    scenes = ", ".join(scene["name"] for scene in table.metadata.get("scenes", []))
    yield "patch table", str(path)
    yield "patches", f"{len(table):,}"
    yield "embedding", f"{table.dim} numbers by {encoder.get('name', 'an unrecorded encoder')}"
    if table.dropped:
        yield "dropped", f"{table.dropped:,} rows without an embedding"
    yield "extent", _extent(table.bounds)
    laid = grid and f"{grid.rows} x {grid.columns} patches of {grid.patch_px} x {grid.patch_px} px"
    yield "grid", laid or "not recorded"
    yield "scenes", scenes or "not recorded"
    if "imported" in table.metadata:
        yield "imported", table.metadata["imported"]["name"]
    yield "projection", "UMAP" if table.umap is not None else "none"
    verb = "explore" if table.umap is not None else "project"
    yield "next", shlex.join(["rareearth-explorer", verb, str(path)])


def _labels(path: Path) -> Facts:
    from rareearth_explorer.data.labels import open_labels

    try:
        labels = open_labels(path)
    except LabelsError as error:
        if path.suffix.lower() in LABEL_SUFFIXES or not path.is_file():
            raise
        raise ExplorerError(f"{path}: this is none of the files known here: {kinds()}.") from error
    yield "labels", str(path)
    yield "number", f"{len(labels):,}"


def _extent(bounds: tuple[tuple[float, float], tuple[float, float]]) -> str:
    from rareearth_explorer.data.grid import written

    # East of the antimeridian longitudes go on above 180.
    corners = [written(lat, (lon + 180) % 360 - 180) for lat, lon in bounds]
    return " to ".join(corners)
