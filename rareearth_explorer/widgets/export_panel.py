"""The export panel: exports the session as a file that the browser downloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import ipywidgets as w

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.exporting import export
from rareearth_explorer.exporting.session_export import Subject
from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.download import download_link
from rareearth_explorer.widgets.kit import bar, button, note

CHOICES: dict[str, tuple[Subject, str]] = {
    "candidates (GeoJSON)": ("candidates", ".geojson"),
    "candidates (GeoPackage)": ("candidates", ".gpkg"),
    "candidates (GeoParquet)": ("candidates", ".parquet"),
    "candidates (CSV)": ("candidates", ".csv"),
    "candidates (KML)": ("candidates", ".kml"),
    "verdicts (GeoJSON)": ("verdicts", ".geojson"),
    "verdicts (GeoPackage)": ("verdicts", ".gpkg"),
    "verdicts (GeoParquet)": ("verdicts", ".parquet"),
    "verdicts (CSV)": ("verdicts", ".csv"),
    "verdicts (KML)": ("verdicts", ".kml"),
    "report on candidates (HTML)": ("candidates", ".html"),
    "report on candidates (PDF)": ("candidates", ".pdf"),
    "report on verdicts (HTML)": ("verdicts", ".html"),
    "report on verdicts (PDF)": ("verdicts", ".pdf"),
    "map (PNG)": ("map", ".png"),
    "map (SVG)": ("map", ".svg"),
    "UMAP (PNG)": ("umap", ".png"),
    "UMAP (SVG)": ("umap", ".svg"),
    "ROC or histogram (PNG)": ("curve", ".png"),
    "ROC or histogram (SVG)": ("curve", ".svg"),
}


class ExportPanel:
    """Exports a list, a report or a figure of the session and offers it for download.

    The file is part of the page, so the download works with a remote Jupyter too.

    Parameters
    ----------
    session, scene
        What is exported, and the scene that the pictures of a report are taken from.
    name
        Returns the name of the session, for the file's name.
    dates
        Scenes of other dates, on which a report says that a patch is seen.
    """

    def __init__(
        self,
        session: Session,
        scene: Scene | None,
        name: Callable[[], str],
        dates: Sequence[Scene] = (),
    ) -> None:
        self.session = session
        self.scene = scene
        self.dates = dates
        self._name = name
        self.choice = w.Dropdown(
            options=list(CHOICES),
            description="Export",
            tooltip="Contents and format of the file, best patches first. Candidates: kept and not "
            "rejected. Verdicts: all patches with a verdict or a note",
            layout=w.Layout(width="272px"),
            style={"description_width": "52px"},
        )
        self.only_selected = w.Checkbox(
            description="only the selected",
            tooltip="List only the selected patches; figures show all patches",
            disabled=True,
            indent=False,
            layout=w.Layout(width="auto"),
        )
        tooltip = "Write the file; a download link appears"
        self.export = button("export", tooltip, lambda: self.write())
        self.link = w.HTML()
        session.observe(lambda _: self._on_selection(), "selection")
        controls = bar([self.choice, self.only_selected, self.export])
        self.widget = w.VBox([controls, self.link], layout=w.Layout(width="100%"))

    def _on_selection(self) -> None:
        self.only_selected.disabled = not self.session.selection
        self.only_selected.value &= bool(self.session.selection)

    def write(self) -> None:
        """Write the chosen file and show a link to it, or an error in the status line."""
        what, suffix = CHOICES[self.choice.value]
        limited = self.only_selected.value and what in ("candidates", "verdicts")
        name = f"{self._name()}-{'selected-' if limited else ''}{what}{suffix}"
        self.link.value = note("Writing …")
        try:
            with TemporaryDirectory() as folder:
                path = Path(folder) / name
                export(
                    self.session,
                    path,
                    what=what,
                    name=self._name(),
                    scene=self.scene,
                    dates=self.dates,
                    within=self.session.selection if limited else None,
                )
                content = path.read_bytes()
        except Exception as error:  # noqa: BLE001 # ipywidgets would only log it
            self.link.value = ""
            known = isinstance(error, ExplorerError)
            self.session.message = str(error) if known else _unforeseen(name, error)
            return
        self.link.value = download_link(name, content)


def _unforeseen(name: str, error: Exception) -> str:
    reason = f"{type(error).__name__}: {error}"
    return f"{name} was not written ({reason}); choose another format, and report this error."
