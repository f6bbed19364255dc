"""`rareearth-explorer activity`: how every pixel, pool and patch varies over time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.masks import add_masks, udm2_of

if TYPE_CHECKING:
    from rareearth_explorer.change import Normalisation, Pools, Stack


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
    from rareearth_explorer.change.activity_run import open_activity

    with open_activity(
        options.scenes,
        options.output,
        index=options.index,
        pools=options.pools,
        threshold=options.threshold,
        table=options.table,
        bands=options.bands.split(",") if options.bands else None,
        udm2=udm2_of(options),
        reflectance=options.reflectance,
    ) as activity:
        stack = activity.stack
        print(f"{len(stack)} dates: {', '.join(day.isoformat() for day in stack.dates)}.")
        print(*stack.notes, sep="\n", end="\n" if stack.notes else "")
        if options.normalise:
            _print_normalisation(stack, activity.normalise())
        report = activity.write()
        print(
            f"{report.raster}: standard deviation of {', '.join(stack.bands)}, of the index "
            f"{activity.index.name}, and the number of valid dates."
        )
    if report.pools is not None:
        _print_pools(report.pools, report.pools_file, report.series_file)
    if activity.table is not None:
        print(
            f"{options.table}: the activity of {report.stored:,} of {len(activity.table):,} "
            "patches is stored as the column 'activity'."
        )


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


def _print_pools(pools: Pools, listed: Path, series: Path) -> None:
    frame = pools.to_geodataframe()
    used, told = (sum(use is wanted for use in pools.in_use) for wanted in (True, None))
    print(
        f"{listed}: {len(frame):,} pools, {used:,} in use, {len(frame) - used - told:,} not, "
        f"{told:,} on too few dates to tell."
    )
    found = int(frame["period_days"].notna().sum())
    reasons = frame["no_period"].dropna()
    usual = "" if reasons.empty else f" (mostly: {reasons.mode().iloc[0]})"
    print(f"{series}: the series of each; the dates support a period for {found:,}{usual}.")
