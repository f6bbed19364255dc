"""What the stored numbers of a table stand for: as asked, as declared, as its recipe says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rareearth_explorer.data.arrow_kinds import is_bytes
from rareearth_explorer.data.numbers import Embeddings
from rareearth_explorer.data.numbers.coding import PLAIN, Coding
from rareearth_explorer.data.numbers.declared_coding import declared_coding
from rareearth_explorer.data.recipes.recipe import Recipe
from rareearth_explorer.data.recipes.recognition import recipes_of_codes
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa


def chosen_coding(
    schema: pa.Schema,
    found: Embeddings,
    path: Path,
    *,
    dtype: str | None,
    asked: Coding | None,
    recipe: Recipe | None,
    forced: bool,
) -> Coding:
    """Choose how to decode the embeddings of a table.

    What the user asks for goes first, then a recipe that is forced, then what the file declares,
    then the recipe that it is recognised to follow. Floating-point numbers without any of these
    are the embedding; whole numbers and bits are refused, because nothing says what they are.

    Parameters
    ----------
    schema, found
        Columns of the table, and those of the embeddings.
    path
        The file or folder, for its STAC metadata and for errors.
    dtype
        Type of the numbers in a binary column, as asked, or None.
    asked
        The coding as asked, or None.
    recipe
        Recipe of the table, or None.
    forced
        Whether the user named the recipe.

    Raises
    ------
    TableError
        The numbers are codes, and nothing says of what.
    """
    if asked is not None:
        return asked
    stored = stored_type(schema, found, dtype)
    if dtype == "bits":
        return Coding("bits", origin="--dtype")
    if not _may_be_codes(stored):
        return PLAIN
    for coding in _offered(schema, path, stored, recipe, forced):
        if coding is not None:
            return coding
    raise TableError(f"{path}: {_unexplained(schema, found, stored)}")


def stored_type(schema: pa.Schema, found: Embeddings, dtype: str | None = None) -> str:
    """Name the type of the stored numbers, such as "int8"; "bytes" if a binary does not say it."""
    import pyarrow.types as pat

    kind: Any = schema.field(found.names[0]).type
    while True:
        kind = getattr(kind, "storage_type", kind)
        if not pat.is_nested(kind) or kind.num_fields != 1:
            break
        kind = kind.field(0).type
    return (dtype or "bytes") if is_bytes(kind) else str(kind)


def _may_be_codes(stored: str) -> bool:
    return "int" in stored


def _offered(
    schema: pa.Schema, path: Path, stored: str, recipe: Recipe | None, forced: bool
) -> Iterator[Coding | None]:
    own = recipe.coding if recipe is not None and recipe.code_type == stored else None
    if forced:
        yield own
    yield declared_coding(path, schema.metadata)
    yield own


def _unexplained(schema: pa.Schema, found: Embeddings, stored: str) -> str:
    import pyarrow.types as pat

    kind = schema.field(found.names[0]).type
    length = kind.list_size if pat.is_fixed_size_list(kind) else None
    length = len(found.names) if found.wide else length
    options = [
        f"--recipe {each.name} if they are codes of {each.title.split(',')[0]}"
        for each in recipes_of_codes(stored, length)
    ]
    options.append("--scale and --offset for v * scale + offset (--scale 1: as they are)")
    if stored == "uint8":
        options.append("--dtype bits for packed signs")
    ways = ", or ".join(options)
    return (
        f"column {found.title!r} holds {stored}, and nothing says what these codes stand for; "
        f"use 'rareearth-explorer import' with {ways}."
    )
