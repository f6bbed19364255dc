"""`rareearth-explorer weights`: convert the weights of encoders."""

from __future__ import annotations

import argparse
from pathlib import Path

from rareearth_explorer.data.storage.inputs import require_other


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("weights", help="convert the weights of Clay")
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    convert = verbs.add_parser(
        "convert",
        help="keep only the encoder, a fifth of the published file",
        description="Write the encoder of a Clay checkpoint as a safetensors file: 0.37 of "
        "1.73 GB for v1, 1.25 of 5.16 GB for v1.5. The embeddings do not change by a bit.",
    )
    convert.add_argument("checkpoint", type=Path, help="for example clay-v1-base.ckpt")
    convert.add_argument("target", type=Path, help="for example clay-v1.safetensors")
    convert.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Convert the checkpoint and print a summary."""
    from rareearth_explorer.embedding.encoders import convert_checkpoint

    require_other(options.target, [options.checkpoint])
    name = convert_checkpoint(options.checkpoint, options.target)
    size = options.target.stat().st_size / 1e9
    print(f"{options.target}: the encoder {name}, {size:.2f} GB.")
