"""`rareearth-explorer activity`: how every pixel, pool and patch varies over time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rareearth_explorer.cli.files import images_of, require_other
from rareearth_explorer.cli.masks import add_masks, masks_of
from rareearth_explorer.cli.text import write_text
from rareearth_explorer.errors import ExplorerError

if TYPE_CHECKING:
    from rareearth_explorer.change import Index, Normalisation, Pools, Stack
    from rareearth_explorer.data.labels import Labels
    from rareearth_explorer.data.table import PatchTable


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "activity",
        help="measure change over time, and which pools are in use",
        description="From scenes of two dates or more, measure the standard deviation of every "
        "pixel over time, and write it as a Cloud-Optimized GeoTIFF. Dates come from the files' "
        "metadata or names; all scenes are read on the pixels of the first.",
    )
    parser.add_argument(
        "scenes",
        nargs="+",
        type=Path,
        metavar="SCENE",
        help="GeoTIFF, or a folder as Planet delivers it; several of one date are a mosaic",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TIF")
    parser.add_argument(
        "--index",
        help="blue-white, ndvi, ndwi, brightness, or two bands such as nir,red (default: "
        "blue-white where there are blue and red, else brightness)",
    )
    parser.add_argument(
        "--pools",
        type=Path,
        metavar="LABELS",
        help="labelled pools; says which are in use, in files beside TIF",
    )
    parser.add_argument(
        "--threshold",
        type=float,
        metavar="STD",
        help="standard deviation of the blue-white index from which a pool is in use "
        "(default: 0.035, a swing by 0.1)",
    )
    parser.add_argument(
        "--table", type=Path, help="patch table that gets the activity of each patch as a column"
    )
    parser.add_argument(
        "--normalise",
        action="store_true",
        help="bring all dates to the first scene's units by pixels that did not change",
    )
    parser.add_argument(
        "--bands", metavar="ROLE,ROLE", help="roles of the bands, where the files do not tell"
    )
    parser.add_argument(
        "--reflectance", action="store_true", help="turn Planet's radiance into reflectance"
    )
    add_masks(parser, without="count what lies under clouds too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, write, and say what came out."""
    from rareearth_explorer.change import Index, normalise, open_stack, write_activity

    images = images_of(options.scenes)
    given = [*images, *masks_of(options, images), options.pools, options.table]
    for output in (options.output, *(_pools_files(options.output) if options.pools else ())):
        require_other(output, given)
    # Whatever else is given is opened first: nobody waits for a raster to learn of a wrong path.
    labels, table = _labels(options), _table(options)
    with open_stack(
        images,
        bands=options.bands.split(",") if options.bands else None,
        udm2=options.udm2 or ("none" if options.no_udm2 else "beside"),
        reflectance=options.reflectance,
    ) as stack:
        index = Index.named(options.index, stack.bands)
        print(f"{len(stack)} dates: {', '.join(day.isoformat() for day in stack.dates)}.")
        print(*stack.notes, sep="\n", end="\n" if stack.notes else "")
        normalisation = normalise(stack) if options.normalise else None
        if normalisation is not None:
            _print_normalisation(stack, normalisation)
        pools = None if labels is None else _pools(stack, labels, normalisation, options)
        write_activity(stack, options.output, index, normalisation)
        print(
            f"{options.output}: standard deviation of {', '.join(stack.bands)}, of the index "
            f"{index.name}, and the number of valid dates."
        )
        if pools is not None:
            _write_pools(pools, options.output)
        if table is not None:
            _store(table, options.output, stack, index, normalisation)


def _labels(options: argparse.Namespace) -> Labels | None:
    from rareearth_explorer.data.labels import open_labels

    if options.threshold is not None and not options.threshold > 0:
        raise ExplorerError(
            f"A threshold of {options.threshold:g} means nothing; give one above 0."
        )
    return open_labels(options.pools) if options.pools else None


def _table(options: argparse.Namespace) -> PatchTable | None:
    from rareearth_explorer.data.table import open_table
    from rareearth_explorer.errors import TableError

    table = open_table(options.table) if options.table else None
    if table is not None and table.dropped:
        raise TableError(
            f"{table.path}: {table.dropped} rows have no embedding, so their activity cannot be "
            "stored; write the table without these rows."
        )
    return table


def _pools(
    stack: Stack, labels: Labels, normalisation: Normalisation | None, options: argparse.Namespace
) -> Pools:
    from rareearth_explorer.change import Index, Pools, series_at
    from rareearth_explorer.change.pools_in_use import LEAST_STD

    index = Index.named("blue-white", stack.bands)
    series = series_at(stack, labels.centres, index=index, normalisation=normalisation)
    return Pools.of(series, LEAST_STD if options.threshold is None else options.threshold)


def _print_normalisation(stack: Stack, normalisation: Normalisation) -> None:
    """Print what was done to each date, and what it took away of the variation over time."""
    for number, day in enumerate(stack.dates):
        if stack.scenes[number] is stack.first:
            continue
        gain = normalisation.gain[number]
        related = normalisation.correlation[number]
        doubt = "; hardly related, so that it is a guess" if related < 0.8 else ""
        print(
            f"{day}: multiplied by {gain.min():.3f} to {gain.max():.3f}, by "
            f"{normalisation.unchanged[number]:,} unchanged pixels (correlation at least "
            f"{related:.2f}{doubt})."
        )
    effect = ", ".join(
        f"{band} {before:.4g} -> {after:.4g}"
        for band, before, after in zip(
            stack.bands, normalisation.before, normalisation.after, strict=True
        )
    )
    print(f"Median standard deviation of pixels not used for it: {effect}.")


def _pools_files(output: Path) -> tuple[Path, Path]:
    """Name the files beside the raster: the pools, and the series of each."""
    return (
        output.with_name(f"{output.stem}_pools.geojson"),
        output.with_name(f"{output.stem}_pools.csv"),
    )


def _write_pools(pools: Pools, output: Path) -> None:
    listed, series = _pools_files(output)
    frame = pools.to_geodataframe()
    write_text(listed, frame.to_json(drop_id=True))
    write_text(series, pools.to_long_dataframe().to_csv(index=False))
    used, told = (sum(use is wanted for use in pools.in_use) for wanted in (True, None))
    print(
        f"{listed}: {len(frame):,} pools, {used:,} in use, {len(frame) - used - told:,} not, "
        f"{told:,} on too few dates to tell."
    )
    found = int(frame["period_days"].notna().sum())
    reasons = frame["no_period"].dropna()
    usual = "" if reasons.empty else f" (mostly: {reasons.mode().iloc[0]})"
    print(f"{series}: the series of each; the dates support a period for {found:,}{usual}.")


def _store(table: PatchTable, output: Path, stack: Stack, index: Index, normalisation: Any) -> None:
    from rareearth_explorer.change import store_activity

    assert table.path is not None  # it was opened from a file
    known = store_activity(table.path, output, stack, index, normalised=normalisation is not None)
    print(
        f"{table.path}: the activity of {known:,} of {len(table):,} patches is stored as the "
        "column 'activity'."
    )
