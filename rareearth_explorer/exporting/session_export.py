"""Export of a session: the suffix of the file determines what is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, cast

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.storage.replacing import explained, replacing
from rareearth_explorer.errors import ExportError
from rareearth_explorer.exporting.figures import (
    curve_figure,
    encode_figure,
    map_figure,
    umap_figure,
)
from rareearth_explorer.exporting.html_page import html_page
from rareearth_explorer.exporting.patch_list import (
    LIST_SUFFIXES,
    Listed,
    list_patches,
    write_listing,
)
from rareearth_explorer.exporting.pdf_page import pdf_page
from rareearth_explorer.exporting.report import Report
from rareearth_explorer.hunt import Session

REPORT_SUFFIXES, FIGURE_SUFFIXES = (".html", ".pdf"), (".png", ".svg")
SUFFIXES = (*LIST_SUFFIXES, *REPORT_SUFFIXES, *FIGURE_SUFFIXES)
"""Suffixes of the files that a session can be exported to."""

Subject = Literal["candidates", "verdicts", "map", "umap", "curve"]
"""Contents of a list or report, or of a figure."""

FIGURES = {"map": map_figure, "umap": umap_figure, "curve": curve_figure}


def export(
    session: Session,
    path: str | Path,
    *,
    what: Subject | None = None,
    top: int | None = None,
    name: str = "unnamed",
    scene: Scene | None = None,
    dates: Sequence[Scene] = (),
    within: Collection[int] | None = None,
) -> None:
    """Write a list of patches, a report or a figure, completely or not at all.

    Parameters
    ----------
    session
        The session to export.
    path
        The file; its suffix, one of `SUFFIXES`, determines the format. An existing file is
        replaced.
    what
        For a list or report "candidates" (the default) or "verdicts", which `list_patches`
        explains; a report lists new candidates first. For a figure "map" (the
        default), "umap" or "curve".
    top
        Largest number of patches; by default all, or in a report 6, which fit on one page.
    name
        Name of the session in a report.
    scene
        The scene of the session's table, for the map and the pictures of a report.
    dates
        Scenes of other dates, for the dates on which a report says that a patch is seen.
    within
        Row numbers of the patches to choose from, such as `session.selection`; None for all.
        Figures show all patches.

    Raises
    ------
    ExportError
        The suffix is unknown, `what` does not fit it, `top` is below 1, the scene is not the
        table's, or the file cannot be written.
    SessionError
        There are no patches to list yet.
    SceneError
        The scene cannot be read.
    """
    path = Path(path)
    about = partial(Report.of, session, name=name, scene=scene, dates=dates, top=top, within=within)
    write = _writer(session, path, what, top, within, about)
    problem = "this cannot be written there"
    with (
        explained(path, problem, ExportError, also=(RuntimeError,)),  # from pyarrow and GDAL
        replacing(path) as part,
    ):
        write(part)


def _writer(
    session: Session,
    path: Path,
    what: Subject | None,
    top: int | None,
    within: Collection[int] | None,
    about: Callable[..., Report],
) -> Callable[[Path], object]:
    """Prepare the contents; return a function that writes them."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ExportError(
            f"{path}: this suffix is not supported; use one of {', '.join(SUFFIXES)}."
        )
    drawn = suffix in FIGURE_SUFFIXES
    what = what or ("map" if drawn else "candidates")
    if drawn != (what in FIGURES):
        rest = FIGURE_SUFFIXES if what in FIGURES else (*LIST_SUFFIXES, *REPORT_SUFFIXES)
        raise ExportError(f"{path}: for {what}, use a file that ends in {', '.join(rest)}.")
    if drawn:
        content = encode_figure(FIGURES[what](session), suffix[1:])
        return lambda part: part.write_bytes(content)
    listed = cast(Listed, what)
    if suffix in LIST_SUFFIXES:
        frame = list_patches(session, listed, top, within)
        return lambda part: write_listing(frame, part, listed)
    page = (html_page if suffix == ".html" else pdf_page)(about(what=listed))
    return lambda part: part.write_bytes(page)
