"""`rareearth-explorer info`: say what a file is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rareearth_explorer.cli.files import SCENE_SUFFIXES, TABLE_SUFFIXES


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("info", help="say what a scene, patch table or label file holds")
    parser.add_argument("file", type=Path, help="a file, or a folder as Planet delivers it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the facts, one a line."""
    suffix = options.file.suffix.lower()
    if suffix in SCENE_SUFFIXES or options.file.is_dir():
        facts = _scene(options.file)
    elif suffix in TABLE_SUFFIXES:
        facts = _table(options.file)
    else:
        facts = _labels(options.file)
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:<{width}}  {value}")


def _scene(path: Path) -> dict[str, Any]:
    from rareearth_explorer.scene import open_scene

    with open_scene(path) as scene:
        files = [source.path.name for source in scene.sources]
        return scene.describe() | ({"files": files} if len(files) > 1 else {})


def _table(path: Path) -> dict[str, Any]:
    from rareearth_explorer.table import open_table

    table = open_table(path)
    (south, west), (north, east) = table.bounds
    grid, encoder = table.grid, table.metadata.get("encoder", {})
    origin = table.metadata.get("imported", {"name": "not imported"})
    return {
        "file": path,
        "patches": f"{len(table):,}",
        "embedding": f"{table.dim} numbers by {encoder.get('name', 'an unrecorded encoder')}",
        "dropped": f"{table.dropped:,} rows without an embedding",
        "extent": f"{west:.4f} to {east:.4f} E, {south:.4f} to {north:.4f} N",
        "grid": f"{grid.rows} x {grid.columns} of {grid.patch_px} px" if grid else "not recorded",
        "scenes": ", ".join(s["name"] for s in table.metadata.get("scenes", [])) or "not recorded",
        "imported": origin["name"],
        "projection": "UMAP" if table.umap is not None else "none; add one with 'project'",
    }


def _labels(path: Path) -> dict[str, Any]:
    from rareearth_explorer.labels import open_labels

    labels = open_labels(path)
    return {"file": path, "labels": f"{len(labels):,}"}
