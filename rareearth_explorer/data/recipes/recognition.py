"""Which recipe a file follows, by its columns, metadata and names of bands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rareearth_explorer.data.recipes.recipe import Recipe, known_recipes

if TYPE_CHECKING:
    import pyarrow as pa


def recipe_of_table(schema: pa.Schema) -> Recipe | None:
    """Find the recipe that a table follows; None if it follows none.

    Parameters
    ----------
    schema
        Columns of the table, with the metadata of its file.
    """
    return next((each for each in known_recipes().values() if _is_table(each, schema)), None)


def recipe_of_bands(names: Sequence[str | None]) -> Recipe | None:
    """Find the recipe that a raster follows by the names of its bands; None if it follows none."""
    for each in known_recipes().values():
        if each.bands and len(numbered(names, each.bands)) == len(names):
            return each if len(names) in each.dimensions else None
    return None


def recipes_of_codes(code_type: str, dimensions: int | None) -> list[Recipe]:
    """List the recipes whose codes have this type and number, to be suggested.

    Parameters
    ----------
    code_type
        Such as "int8".
    dimensions
        Numbers in an embedding; None if not known.
    """
    return [
        each
        for each in known_recipes().values()
        if each.code_type == code_type and not each.wide.endswith("_#")
        if dimensions is None or dimensions in each.dimensions
    ]


def numbered(names: Sequence[str | None], pattern: str) -> list[str]:
    """List the names that follow a pattern with # for a number, in the order of the numbers.

    Examples
    --------
    >>> numbered(["B1", "A01", "A00"], "A#")
    ['A00', 'A01']
    """
    form = re.compile(re.escape(pattern).replace(r"\#", r"(\d+)"), re.IGNORECASE)
    found = [(int(match[1]), name) for name in names if name and (match := form.fullmatch(name))]
    return [name for _, name in sorted(found)]


def _is_table(recipe: Recipe, schema: pa.Schema) -> bool:
    if recipe.wide:
        return len(numbered(schema.names, recipe.wide)) in recipe.dimensions
    if not recipe.columns or not set(recipe.columns) <= set(schema.names):
        return False
    return not recipe.footer or recipe.footer.encode() in (schema.metadata or {})
