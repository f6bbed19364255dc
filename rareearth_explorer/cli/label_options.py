"""The options that say which labels are read."""

from __future__ import annotations

import argparse

from rareearth_explorer.errors import LabelsError


def add_layer(parser: argparse.ArgumentParser, of: str = "the labels") -> None:
    """Add `--layer`; `of` is the file whose layer it names."""
    parser.add_argument(
        "--layer",
        metavar="NAME",
        help=f"read only this layer, or sheet, of {of}; 'info' lists them (default: all)",
    )


def require_labels(options: argparse.Namespace, *names: str) -> None:
    """Check that there are labels of which `--layer` names a layer.

    Raises
    ------
    LabelsError
        None of the options of these names is given.
    """
    if options.layer is not None and not any(getattr(options, name) for name in names):
        which = " or ".join(f"--{name}" for name in names)
        raise LabelsError(
            f"--layer {options.layer}: there are no labels to read it from; give them with {which}."
        )
