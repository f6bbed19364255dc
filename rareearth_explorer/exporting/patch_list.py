"""Lists of patches, and files of them for any GIS."""

from __future__ import annotations

import html
import io
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rareearth_explorer.data.storage.safe_text import csv_of
from rareearth_explorer.errors import ExportError, SessionError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.views.standing import candidates
from rareearth_explorer.score.contrast import ScoreKind

if TYPE_CHECKING:
    import geopandas as gpd

Listed = Literal["candidates", "verdicts"]

GDAL_FORMATS: dict[str, tuple[str, dict[str, str]]] = {
    ".geojson": ("GeoJSON", {"RFC7946": "YES"}),
    ".gpkg": ("GPKG", {}),
    ".kml": ("LIBKML", {}),
}
"""Suffix of a file -> driver of GDAL and its layer creation options."""

LIST_SUFFIXES = (*GDAL_FORMATS, ".parquet", ".csv")


def list_patches(
    session: Session,
    what: Listed = "candidates",
    top: int | None = None,
    within: Collection[int] | None = None,
) -> gpd.GeoDataFrame:
    """List patches, best first, with the columns of `Session.to_geodataframe`.

    Parameters
    ----------
    session
        The session.
    what
        "candidates" are the active patches that the analyst has neither rejected nor marked as a
        negative template; the column `template` tells those marked as positive ones, which are
        known already. "verdicts" are all patches with a verdict or a note.
    top
        Largest number of patches; None for all.
    within
        Row numbers of the patches to choose from, such as a selection; None for all.

    Raises
    ------
    SessionError
        There are no such patches yet, or none of them is in `within`.
    ExportError
        `top` is below 1.
    """
    check_top(top)
    frame = session.to_geodataframe()
    if what == "verdicts":
        frame = frame[frame.verdict.notna() | frame.note.notna()]
        if frame.empty:
            raise SessionError(
                "There is neither a verdict nor a note yet; confirm or reject patches first."
            )
    else:
        if session.state.kind is ScoreKind.NONE:
            raise SessionError("There are no candidates yet; mark a positive template first.")
        frame = frame[candidates(session.decisions)]
        if frame.empty:
            raise SessionError("No candidate is left: every patch that was kept is rejected.")
    if within is not None:
        frame = frame[frame.patch.isin(list(within))]
        if frame.empty:
            raise SessionError(f"None of the {what} is selected; select others, or export all.")
    return frame.sort_values("rank").head(top or len(frame)).reset_index(drop=True)


def check_top(top: int | None) -> None:
    """Require that at least one patch is asked for.

    Raises
    ------
    ExportError
        `top` is below 1.
    """
    if top is not None and top < 1:
        raise ExportError(f"The best {top} patches cannot be listed; ask for 1 or more.")


def write_listing(frame: gpd.GeoDataFrame, path: Path, what: Listed = "candidates") -> None:
    """Write a list of patches to a file.

    Parameters
    ----------
    frame
        From `list_patches`.
    path
        Its suffix, one of `LIST_SUFFIXES`, determines the format. A CSV file holds the footprint
        as WKT in its last column, which GDAL and QGIS can draw; longitude and latitude in
        EPSG:4326. A note that a spreadsheet would run as a formula begins with an apostrophe
        there.
    what
        Name of the layer.
    """
    match path.suffix.lower():
        case ".parquet":
            frame.to_parquet(path, index=False, compression="zstd")
        case ".csv":
            footprint = frame.geometry.to_wkt(rounding_precision=7)
            listed = frame.drop(columns="geometry").assign(WKT=footprint)
            path.write_bytes(csv_of(listed).encode())
        case suffix:
            driver, options = GDAL_FORMATS[suffix]
            described = f"{what.capitalize()}, best first; the score is {frame.attrs['score']}."
            frame = _named(frame) if driver == "LIBKML" else frame
            # Into memory, because on a full disk GDAL leaves a part of the file and says nothing.
            content = io.BytesIO()
            frame.to_file(content, driver=driver, layer=what, DESCRIPTION=described, **options)
            path.write_bytes(content.getvalue())


def _named(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add the two columns that KML shows: a name on the map, and a text after a click."""
    names = [f"{row.rank}: patch {row.patch}" for row in frame.itertuples()]
    described = [_described(row, frame.attrs["score"]) for row in frame.itertuples()]
    return _as_kml_has_it(frame).assign(Name=names, description=described)


def _as_kml_has_it(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Change what KML cannot hold: it has no whole numbers above 32 bits, and no times."""
    import pandas as pd

    changed: dict[str, Any] = {}
    for name, column in frame.drop(columns="geometry").items():
        if pd.api.types.is_string_dtype(column):
            # LIBKML writes text as CDATA, which these three characters would end.
            changed[str(name)] = column.str.replace("]]>", "]] >", regex=False)
        elif pd.api.types.is_datetime64_any_dtype(column) or (
            pd.api.types.is_integer_dtype(column) and column.dtype != "int32"
        ):
            changed[str(name)] = column.astype("string")
    return frame.assign(**changed)


def _described(row: Any, score: str) -> str:
    """Describe a patch in HTML, for Google Earth."""
    parts = [f"{score} {row.score:.3f}, rank {row.rank:,}, round {row.round}"]
    if getattr(row, "pools", 0):
        parts.append(f"labelled pools: {row.pools}")
    if isinstance(row.template, str):
        parts.append(f"{row.template} template")
    parts += [html.escape(text) for text in (row.verdict, row.note) if isinstance(text, str)]
    return "<br>".join(parts).replace("\n", "<br>")
