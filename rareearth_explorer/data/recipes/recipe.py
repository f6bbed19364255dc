"""The recipes in `recipes.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rareearth_explorer.data.numbers.coding import Coding
from rareearth_explorer.errors import ExplorerError

RECIPES_FILE = Path(__file__).with_name("recipes.toml")


@dataclass(frozen=True)
class Recipe:
    """How to read one published product.

    Attributes
    ----------
    name
        What `import --recipe` calls it.
    title, licence, source
        The product, its licence, and the address of its description.
    dimensions
        Possible numbers in an embedding.
    columns, footer, wide, bands, files
        What its files are recognised by, see `recipes.toml`; empty where that says nothing.
    code_type
        Stored type of its codes; empty if its numbers are never codes.
    coding
        How to decode codes of that type.
    size, spacing
        Side of the square around a point, and the distance of neighbours, in metres; None if
        places are shapes.
    pixel
        Side of a pixel in metres, where each pixel has an embedding; else None.
    overviews
        Whether the overviews of its rasters hold means of pixels, of length 1.
    id, date, cell
        Names of the columns; empty where the product has none.
    """

    name: str
    title: str
    licence: str
    source: str
    dimensions: tuple[int, ...]
    columns: tuple[str, ...] = ()
    footer: str = ""
    wide: str = ""
    bands: str = ""
    files: str = ""
    code_type: str = ""
    coding: Coding | None = None
    size: float | None = None
    spacing: float | None = None
    pixel: float | None = None
    overviews: bool = False
    id: str = ""
    date: str = ""
    cell: str = ""


@cache
def known_recipes() -> Mapping[str, Recipe]:
    """Return all recipes by name."""
    with RECIPES_FILE.open("rb") as file:
        return MappingProxyType({k: _recipe(k, v) for k, v in tomllib.load(file).items()})


def recipe_called(name: str) -> Recipe:
    """Find a recipe by its name.

    Raises
    ------
    ExplorerError
        There is none; the message lists all.
    """
    if name not in known_recipes():
        raise ExplorerError(f"{name!r} is no recipe; choose one of {', '.join(known_recipes())}.")
    return known_recipes()[name]


def _recipe(name: str, record: Mapping[str, Any]) -> Recipe:
    recognised, place = record.get("recognised", {}), record.get("place", {})
    numbers = dict(record.get("numbers", {}))
    code_type = numbers.pop("type", "")
    return Recipe(
        name,
        record["title"],
        record["licence"],
        record["source"],
        tuple(record["dimensions"]),
        **{**recognised, "columns": tuple(recognised.get("columns", ()))},
        code_type=code_type,
        coding=Coding(**numbers, origin=f"the recipe {name!r}") if numbers else None,
        **place,
        **record.get("columns", {}),
    )
