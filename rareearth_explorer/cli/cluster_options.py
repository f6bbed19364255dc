"""Options that spread work over several processes or machines."""

from __future__ import annotations

import argparse

from rareearth_explorer.cli.numbers import whole


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add `--scheduler` and `--local-workers`."""
    several = parser.add_argument_group("several processes or machines, with Dask")
    cluster = several.add_mutually_exclusive_group()
    cluster.add_argument(
        "--scheduler",
        dest="cluster",
        metavar="ADDRESS",
        help="address of a running cluster; its workers must find the files under the same paths",
    )
    cluster.add_argument(
        "--local-workers",
        dest="cluster",
        type=whole(1),
        metavar="N",
        help="start N worker processes on this machine",
    )
