"""`rareearth-explorer info`: describe a file, and suggest the next command."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.label_options import add_layer
from rareearth_explorer.cli.pixel_options import add_nodata, add_one_date
from rareearth_explorer.data.storage.remote_files import Address, place_of
from rareearth_explorer.errors import ExplorerError, LabelsError

if TYPE_CHECKING:
    from rareearth_explorer.data.labels import Labels
    from rareearth_explorer.data.recipes import Recipe
    from rareearth_explorer.data.table import PatchTable
    from rareearth_explorer.embedding.array_facts import ArrayFacts
    from rareearth_explorer.embedding.scene_facts import SceneFacts

Lines = Iterator[tuple[str, str]]
"""Lines of output as (name, value); a line without a name continues the previous one."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("info", help="describe a scene, a patch table or labels")
    parser.add_argument(
        "file",
        type=place_of,
        help="a file, a folder from Planet, or the https:// or s3:// address of a table",
    )
    add_nodata(parser)
    add_one_date(parser)
    add_layer(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the facts, one per line."""
    lines = [*_lines(options)]
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        print(f"{name:<{width}}  {value}")


def _lines(options: argparse.Namespace) -> Lines:
    from rareearth_explorer.data.file_kinds import (
        is_imagery,
        is_pixel_arrays,
        is_table,
        require_no_database,
    )

    path: Path | Address = options.file
    kinds = (is_pixel_arrays, is_imagery, is_table)
    if options.layer is not None and (
        isinstance(path, Address) or any(is_kind(path) for is_kind in kinds)
    ):
        raise LabelsError(f"{path}: it has no layers; leave --layer out.")
    if isinstance(path, Address):
        return _of_remote(path)
    require_no_database(path)
    if is_pixel_arrays(path):
        from rareearth_explorer.embedding.array_facts import ArrayFacts

        return _of_arrays(ArrayFacts.of(path))
    if is_imagery(path):
        from rareearth_explorer.embedding.scene_facts import SceneFacts

        return _of_scene(SceneFacts.of(path, nodata=options.nodata, one_date=options.one_date))
    if is_table(path):
        from rareearth_explorer.data.table import open_table

        return _of_table(open_table(path), path)
    return _of_labels(_labels(path, options.layer), path)


def _labels(path: Path, layer: str | None) -> Labels:
    """Open labels; if the suffix of the file is unknown, the error lists the known kinds."""
    from rareearth_explorer.data.file_kinds import LABEL_SUFFIXES, kinds
    from rareearth_explorer.data.labels import open_labels

    try:
        return open_labels(path, layer=layer)
    except LabelsError as error:
        if path.suffix.lower() in LABEL_SUFFIXES or not path.is_file():
            raise
        raise ExplorerError(
            f"{path}: this kind of file is not supported; supported are {kinds()}."
        ) from error


def _of_scene(facts: SceneFacts) -> Lines:
    yield "imagery", str(facts.path)
    yield from _files(facts)
    kilometres = f"{facts.width * facts.gsd / 1000:.1f} x {facts.height * facts.gsd / 1000:.1f}"
    yield "extent", f"{_extent(facts.bounds)}, {kilometres} km"
    yield "size", f"{facts.width:,} x {facts.height:,} pixels of {facts.gsd:.4g} m"
    yield "pixels", f"{facts.dtype}, in {facts.crs}"
    yield "units", facts.units
    yield "valid", f"{100 * facts.valid:.1f} % of the pixels"
    yield "", f"empty pixels are told by {facts.valid_by}"
    yield from _listed("", facts.questions)
    yield "date", _date(facts)
    yield from _listed("notes", facts.notes)
    yield from _bands(facts)
    yield from _patches(facts)
    yield "next", shlex.join(_embed(facts))


def _of_arrays(facts: ArrayFacts) -> Lines:
    yield "embeddings", str(facts.path)
    yield from _listed("files", facts.files)
    yield "extent", _extent(facts.bounds)
    yield "size", f"{facts.width:,} x {facts.height:,} pixels of {facts.gsd:.4g} m"
    yield "pixels", f"{facts.dimensions} numbers, in {facts.crs}"
    yield "valid", f"{100 * facts.valid:.1f} % of the pixels"
    yield from _recipe(facts.recipe, facts.coding)
    if facts.years:
        yield "years", ", ".join(map(str, facts.years))
    yield "patches", f"{facts.patches:,} of {facts.patch_size:g} m"
    date = ["--date", f"{max(facts.years)}"] if len(facts.years) > 1 else []
    command = ["rareearth-explorer", "import", str(facts.path)]
    yield "next", shlex.join([*command, "-o", f"{facts.path.stem}.parquet", *date])


def _recipe(recipe: Recipe | None, coding: str) -> Lines:
    if recipe is None:
        yield "recipe", "not recognised; name the product with --recipe"
    else:
        yield "recipe", f"{recipe.name}: {recipe.title} ({recipe.licence})"
    decoded = f", decoded as {coding}" if coding else ""
    yield "", f"a patch gets the mean of its pixels' embeddings{decoded}"


def _date(facts: SceneFacts) -> str:
    if facts.time is None:
        return "not known"
    if facts.months:
        return f"{facts.months}, a basemap of months; its middle is {facts.time:%Y-%m-%d}"
    return f"{facts.time:%Y-%m-%d %H:%M} UTC"


def _files(facts: SceneFacts) -> Lines:
    """List the masks for embedding and, for a folder, which GeoTIFFs are used and which are not."""
    if not facts.path.is_dir():
        yield from _listed("mask for embed", map(str, facts.masks))
        return
    for title, files in (
        ("used", facts.taken),
        ("masks for embed", facts.masks),
        ("not used", facts.not_taken),
    ):
        yield from _listed(title, (str(file.relative_to(facts.path)) for file in files))


def _listed(title: str, lines: Iterable[str]) -> Lines:
    for number, line in enumerate(lines):
        yield "" if number else title, line


def _bands(facts: SceneFacts) -> Lines:
    from rareearth_explorer.embedding.scene_facts import known_bands

    yield "bands", ", ".join(facts.bands)
    if facts.recipe is not None:
        coding = facts.recipe.coding
        yield from _recipe(facts.recipe, coding.formula if coding else "")
        return
    if facts.unknown_bands:
        yield (
            "",
            f"not known: {', '.join(facts.unknown_bands)}; name all with --bands, in this order; "
            "_ leaves a band out",
        )
        yield "", f"names: {', '.join(known_bands())}"
    yield "means", ", ".join(f"{mean:,.4g}" for mean in facts.means)


def _patches(facts: SceneFacts) -> Lines:
    if facts.grid is None:
        yield "patches", f"the scene is smaller than one patch of {facts.patch_size:g} m"
        return
    pixels = facts.grid.patch_px
    size = f"{facts.patch_size:g} m, each {pixels} x {pixels} pixels"
    yield "patches", f"{len(facts.grid):,} of {size}"
    if facts.is_coarse and facts.recipe is None:
        yield "", f"warning: {pixels} pixels are few to recognise a mine; use larger patches"


def _embed(facts: SceneFacts) -> list[str]:
    """Return the command that makes a patch table, with a suitable patch size."""
    path = facts.path
    name = f"{path.resolve().name if path.is_dir() else path.stem}.parquet"
    size = [] if facts.advised_size is None else ["--patch-size", f"{facts.advised_size}"]
    given = [] if facts.given_nodata is None else [f"--nodata={facts.given_nodata}"]
    given += ["--one-date"] if facts.given_one_date else []
    verb = "embed" if facts.recipe is None else "import"
    return ["rareearth-explorer", verb, str(path), "-o", name, *size, *given]


def _of_table(table: PatchTable, path: Path) -> Lines:
    grid, encoder = table.grid, table.metadata.get("encoder", {})
    scenes = ", ".join(scene["name"] for scene in table.metadata.get("scenes", []))
    yield "patch table", str(path)
    yield "patches", f"{len(table):,}"
    yield "embedding", f"{table.dim} numbers by {encoder.get('name', 'an unrecorded encoder')}"
    yield from _listed("dropped", (f"{n:,} rows {why}" for why, n in table.left_out.items()))
    yield from _listed("note", table.notes)
    yield "extent", _extent(table.bounds)
    laid = grid and f"{grid.rows} x {grid.columns} patches of {grid.patch_px} x {grid.patch_px} px"
    yield "grid", laid or "not recorded"
    yield "scenes", scenes or "not recorded"
    if "imported" in table.metadata:
        imported = table.metadata["imported"]
        how = f", as {table.recipe} ({imported.get('licence')})" if table.recipe else ""
        yield "imported", f"{imported['name']}{how}"
    yield "projection", "UMAP" if table.umap is not None else "none"
    verb = "explore" if table.umap is not None else "project"
    command = ["rareearth-explorer", verb, str(path)]
    if table.dropped or path.is_dir():
        command = ["rareearth-explorer", "import", str(path), "-o", f"{path.stem}_table.parquet"]
    yield "next", shlex.join(command)


def _of_remote(address: Address) -> Lines:
    """Describe a remote table by its footer and its first rows."""
    import tempfile

    from rareearth_explorer.data.table import open_table
    from rareearth_explorer.data.table.parquet_source import ParquetSource
    from rareearth_explorer.data.table.row_selection import first_rows

    source = ParquetSource.open_remote(address)
    with tempfile.TemporaryDirectory() as folder, first_rows(source, Path(folder)) as path:
        table = open_table(path)
        yield "remote table", f"{address}"
        yield "rows", f"{source.rows:,} in {len(source.files):,} files, {source.packed:,} bytes"
        yield "", f"the rest is told by the first {len(table) + table.dropped:,} rows"
        yield "embedding", f"{table.dim} numbers"
        yield from _listed("dropped", (f"{n:,} rows {why}" for why, n in table.left_out.items()))
        yield from _listed("note", table.notes)
        yield "extent", _extent(table.bounds)
    command = ["rareearth-explorer", "import", address.url, "-o", f"{path.stem}_table.parquet"]
    yield "next", f"{shlex.join(command)} --bbox W S E N"


def _of_labels(labels: Labels, path: Path) -> Lines:
    yield "labels", str(path)
    yield "number", f"{len(labels):,}"
    yield from _listed("left out", (f"{n:,} {what}" for what, n in labels.left_out.items()))
    yield from _listed("note", labels.notes)


def _extent(bounds: tuple[tuple[float, float], tuple[float, float]]) -> str:
    from rareearth_explorer.data.grid import written

    return " to ".join(written(lat, lon) for lat, lon in bounds)
