"""`rareearth-explorer activity`: how much each pixel, pool and patch varies over time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.label_options import add_layer, require_labels
from rareearth_explorer.cli.masks import add_masks, udm2_of
from rareearth_explorer.cli.pixel_options import add_nodata, add_one_date

if TYPE_CHECKING:
    from rareearth_explorer.change import Normalisation, Pools, Stack


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "activity",
        help="measure change over time, and find the pools in use",
        description="Measure the standard deviation of every pixel over the scenes of two or more "
        "dates, and write it as a Cloud-Optimized GeoTIFF. The dates are read from the metadata or "
        "names of the files; all scenes are resampled to the pixels of the first.",
    )
    parser.add_argument(
        "scenes",
        nargs="+",
        type=Path,
        metavar="SCENE",
        help="GeoTIFF, or a folder from Planet; several of one date form a mosaic",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TIF")
    parser.add_argument(
        "--index",
        help="blue-white, ndvi, ndwi, brightness, or two bands such as nir,red (default: "
        "blue-white if there are blue and red bands, else brightness)",
    )
    parser.add_argument(
        "--pools",
        type=Path,
        metavar="LABELS",
        help="labels; files beside TIF then list which pools are in use",
    )
    add_layer(parser)
    parser.add_argument(
        "--threshold",
        type=float,
        metavar="STD",
        help="standard deviation of the blue-white index from which a pool counts as in use "
        "(default: 0.035, a swing of 0.1)",
    )
    parser.add_argument(
        "--table", type=Path, help="patch table to which the column 'activity' is added"
    )
    parser.add_argument(
        "--normalise",
        action="store_true",
        help="adjust all dates to the units of the first scene, by pixels that did not change",
    )
    parser.add_argument(
        "--bands", metavar="ROLE,ROLE", help="roles of the bands, if the files do not name them"
    )
    parser.add_argument(
        "--reflectance", action="store_true", help="convert Planet's radiance to reflectance"
    )
    add_nodata(parser)
    add_one_date(
        parser,
        "files of two days (UTC) less than 12 hours apart are one date, as of a pass over midnight",
    )
    add_masks(parser, without="use pixels under clouds too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, write the files, and print a summary."""
    from rareearth_explorer.change.activity_run import open_activity
    from rareearth_explorer.data.labels import listed

    require_labels(options, "pools")
    with open_activity(
        options.scenes,
        options.output,
        index=options.index,
        pools=options.pools,
        layer=options.layer,
        threshold=options.threshold,
        table=options.table,
        bands=options.bands.split(",") if options.bands else None,
        udm2=udm2_of(options),
        reflectance=options.reflectance,
        nodata=options.nodata,
        one_date=options.one_date,
        normalise=options.normalise,
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
    if activity.labels is not None and activity.labels.left_out:
        print(f"{options.pools}: left out: {listed(activity.labels.left_out)}.")
    if report.pools is not None:
        _print_pools(report.pools, report.pools_file, report.series_file)
    if activity.table is not None:
        print(
            f"{options.table}: the activity of {report.stored:,} of {len(activity.table):,} "
            "patches is stored as the column 'activity'."
        )


def _print_normalisation(stack: Stack, normalisation: Normalisation) -> None:
    """Print the adjustment of each date, and by how much it reduced the variation over time."""
    for number, day in enumerate(stack.dates):
        if stack.scenes[number] is stack.first:
            continue
        gain = normalisation.gain[number]
        related = normalisation.correlation[number]
        doubt = "; low, so the adjustment is unreliable" if related < 0.8 else ""
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
    print(f"Median standard deviation of the other pixels: {effect}.")


def _print_pools(pools: Pools, listed: Path, series: Path) -> None:
    frame = pools.to_geodataframe()
    used, unknown = (sum(use is state for use in pools.in_use) for state in (True, None))
    print(
        f"{listed}: {len(frame):,} pools, {used:,} in use, {len(frame) - used - unknown:,} not, "
        f"{unknown:,} seen on too few dates to tell."
    )
    found = int(frame["period_days"].notna().sum())
    reasons = frame["no_period"].dropna()
    usual = "" if reasons.empty else f" (usual reason for none: {reasons.mode().iloc[0]})"
    print(f"{series}: the time series of each pool; a period was found for {found:,}{usual}.")
