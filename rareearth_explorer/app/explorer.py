"""The explorer: one session, and every panel that observes it."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args
from weakref import WeakSet

import ipywidgets as w
import numpy.typing as npt

from rareearth_explorer.app.keys import keys_of
from rareearth_explorer.data.labels import Labels, open_labels
from rareearth_explorer.data.scene import Nodata, Scene
from rareearth_explorer.data.table import PatchTable, open_own_scene, open_table, shows
from rareearth_explorer.demo.prepare import prepare_demo
from rareearth_explorer.errors import ExplorerError, LabelsError, SceneError
from rareearth_explorer.hunt import Session, Workspace
from rareearth_explorer.hunt.next_step import Step
from rareearth_explorer.hunt.review_order import Order
from rareearth_explorer.serving import DashboardFiles
from rareearth_explorer.widgets.alike_sheet import AlikeSheet
from rareearth_explorer.widgets.check_panel import CheckPanel
from rareearth_explorer.widgets.dates import DatesPanel
from rareearth_explorer.widgets.export_panel import ExportPanel
from rareearth_explorer.widgets.guide import Guide
from rareearth_explorer.widgets.header import Header
from rareearth_explorer.widgets.keyboard import KeyboardPanel
from rareearth_explorer.widgets.map import MapPanel
from rareearth_explorer.widgets.merge_panel import MergePanel
from rareearth_explorer.widgets.narrow import NarrowPanel
from rareearth_explorer.widgets.review import ReviewPanel
from rareearth_explorer.widgets.roc_panel import RocPanel
from rareearth_explorer.widgets.rounds_tab import RoundsTab
from rareearth_explorer.widgets.scoring_panel import ScoringPanel
from rareearth_explorer.widgets.selection_bar import SelectionBar
from rareearth_explorer.widgets.session_panel import SessionPanel
from rareearth_explorer.widgets.stages import Stages
from rareearth_explorer.widgets.status_line import StatusLine
from rareearth_explorer.widgets.step_tabs import StepTabs
from rareearth_explorer.widgets.tasks import Deferred
from rareearth_explorer.widgets.templates_panel import TemplatesPanel
from rareearth_explorer.widgets.umap_panel import UmapPanel

NOTEBOOK_HEIGHT = "clamp(520px, calc(100vh - 210px), 900px)"
"""Height in a notebook: the part of the window that JupyterLab leaves, to avoid scrolling."""

PAGE_HEIGHT = "100vh"
"""Height on a page of its own, served by Voila."""

STEPS = get_args(Step)
"""The steps of a hunt, in the order of their tabs."""

SETTLED = 0.2
"""Seconds after which every panel shows the opened session."""

_shown: WeakSet[Explorer] = WeakSet()
"""The explorers that this kernel shows."""

STYLE = Path(__file__).with_name("app.css")


class Explorer:
    """The interactive explorer of one patch table; it displays itself in a notebook.

    Parameters
    ----------
    table
        A patch table or its path.
    scene
        Imagery beneath the scores: a scene, the path of a GeoTIFF, or None.
    labels
        Labels, their path, the pool count of each patch (N,), or None.
    dates
        Scenes of other dates to show beside it, or paths of GeoTIFFs.
    nodata
        Value of empty pixels in the imagery that is given by its path, or `none` if every pixel is
        data. None takes the value that the table was embedded with for its own scene, and what the
        files declare for others.
    one_date
        Whether the files of a folder may be of two days, as of a pass over midnight.
    name
        Name of the session. Every step is saved under this name in the user's data folder, and
        the session continues when this table is next opened with the name. None saves nothing.
        If this kernel already shows an explorer with this session, for example because a cell is
        run again, that explorer is closed.
    layer
        Name of the layer of the labels to read, if they are a file with several; None reads all.
    height
        CSS height of the explorer.

    Attributes
    ----------
    session
        The session, which panels and scripts change; every panel observes it.
    workspace
        Saves the session on disk, opens others, saves and imports them as files.

    Raises
    ------
    TableError
        The table cannot be opened. If a scene or the labels cannot be used, the explorer opens
        without them, and the status line gives the reason.
    """

    def __init__(
        self,
        table: PatchTable | str | Path,
        scene: Scene | str | Path | None = None,
        labels: Labels | npt.ArrayLike | str | Path | None = None,
        *,
        dates: Sequence[Scene | str | Path] = (),
        nodata: Nodata = None,
        one_date: bool = False,
        layer: str | None = None,
        name: str | None = "default",
        height: str = NOTEBOOK_HEIGHT,
    ) -> None:
        table = open_table(table) if isinstance(table, (str, Path)) else table
        problems: list[str] = []
        opened = partial(_opened, table=table, nodata=nodata, one_date=one_date)
        try:
            self.scene = None if scene is None else opened(scene)
        except SceneError as error:
            self.scene = None
            problems.append(str(error))
        if self.scene is not None and not shows(self.scene, table):
            problems.append(f"{self.scene.path.name} shows none of the patches.")
        self.other_dates: list[Scene] = []
        for other in dates:
            try:
                self.other_dates.append(opened(other))
            except SceneError as error:
                problems.append(str(error))
        try:
            if isinstance(labels, (str, Path)):
                labels = open_labels(labels, layer=layer)
            self.workspace = Workspace(table, labels)
            self.labels = labels if isinstance(labels, Labels) else None
        except LabelsError as error:
            self.workspace, self.labels = Workspace(table), None
            problems.append(str(error))
        self.session = self.workspace.session
        for earlier in [each for each in _shown if each._keeps(table, name)]:
            earlier.close()
        self._build(height)
        self._built = _parts(self.widget)  # the browser replaces one of the map's styles
        _shown.add(self)
        if name is not None and "VOILA_PREHEAT" in os.environ:
            # Voila runs the notebook before a page is there. A kernel that waits for its page, or
            # whose page never comes, must not lock the session of another page.
            self.map.bridge.observe(lambda _: self._open(name, problems), "shown")
        else:
            self._open(name, problems)

    @classmethod
    def from_environment(cls) -> Explorer | w.HTML:
        """Open the files given to `explore`, or the demo; return a message if that fails."""
        height = PAGE_HEIGHT if "VOILA_BASE_URL" in os.environ else NOTEBOOK_HEIGHT
        try:
            files = DashboardFiles.from_environment()
            if files is None:
                demo = prepare_demo()
                return cls(
                    demo.table, demo.scene, demo.labels, dates=demo.other_dates, height=height
                )
            return cls(
                files.table,
                files.scene,
                files.labels,
                dates=files.dates,
                nodata=files.nodata,
                one_date=files.one_date,
                layer=files.layer,
                height=height,
            )
        except ExplorerError as error:
            message = w.HTML(html.escape(str(error)))
            message.add_class("rareearth-error")
            return message

    def close(self) -> None:
        """Release the session, end the process for projections, and close every widget.

        Raises
        ------
        SessionError
            The last steps cannot be written; nothing is closed.
        """
        self.session_panel.close()
        self.umap.worker.stop()
        for part in (*self._built, *_parts(self.widget), self.map.base_map.credit):
            part.close()
        _shown.discard(self)

    def __repr__(self) -> str:
        """Say what is explored."""
        scene = self.scene.path.name if self.scene else "no scene"
        name = self.workspace.name or "not saved"
        return f"<Explorer: {scene}, session {name!r}, {self.session!r}>"

    def _keeps(self, table: PatchTable, name: str | None) -> bool:
        mine = self.session.table
        return name == self.workspace.name and mine.identity == table.identity

    def _open(self, name: str | None, problems: list[str]) -> None:
        """Open the session, and report problems with it and with the files."""
        if name is not None:
            self.session_panel.open(name)
        self.session.message = " ".join(filter(None, [*problems, self.session.message]))
        self.session.notice = " ".join(filter(None, [self.session.notice, *_news(self.session)]))
        Deferred(self._reveal, SETTLED)()

    def _reveal(self) -> None:
        self.map.bridge.opened = True

    def _build(self, height: str) -> None:
        session, scene = self.session, self.scene
        self.stages = stages = Stages(session, front=STEPS[0])
        self.selection = SelectionBar(session, self._review_selected, self._export_selected)
        self.map = MapPanel(session, scene, self.other_dates, [self.selection.widget], stages)
        self.templates = TemplatesPanel(session, scene, stages)
        self.alike = AlikeSheet(session, scene, stages)
        self.scoring = ScoringPanel(session, stages)
        self.narrow = NarrowPanel(session, stages)
        self.review = ReviewPanel(session, scene, stages, self.other_dates)
        self.check = CheckPanel(session, self._review_sample, stages)
        self.umap = UmapPanel(
            session, stages=stages, height=240 if height != NOTEBOOK_HEIGHT else 170
        )
        self.roc = RocPanel(session, stages=stages)
        self.rounds_tab = RoundsTab(session, stages)
        self.dates = DatesPanel(session, scene, self.other_dates, self.labels, stages)
        self.session_panel = SessionPanel(self.workspace, stages)
        self.merge_panel = MergePanel(self.workspace, stages)
        self.export_panel = ExportPanel(
            session, scene, lambda: self.workspace.name or "unnamed", self.other_dates
        )
        self.status = StatusLine(session, stages)
        self.keyboard = KeyboardPanel(session, keys_of(self))
        self.tabs = StepTabs(
            {
                "Mark": w.VBox([self.templates.widget, self.alike.widget, self.scoring.widget]),
                "Narrow": self.narrow.widget,
                "Review": self.review.widget,
                "Check": self.check.widget,
                "Export": self.export_panel.widget,
            },
            {
                "Overview": w.VBox(
                    [self.umap.widget, self.roc.widget], layout=w.Layout(height="100%")
                ),
                "Rounds": self.rounds_tab.widget,
                "Dates": self.dates.widget,
            },
            self._open_tab,
        )
        self.guide = Guide(session, self.tabs.widget, STEPS, stages)
        menu = w.VBox([self.session_panel.widget, self.merge_panel.widget])
        self.header = Header(
            self.workspace,
            scene,
            menu,
            partial(self.turn_to, "Export"),
            self.keyboard.button,
            stages,
        )
        desk = w.VBox(
            [self.guide.widget, self.tabs.widget], layout=w.Layout(flex="2 1 0", min_width="330px")
        )
        left = w.VBox([self.map.widget], layout=w.Layout(flex="3 1 0", min_width="0"))
        self.widget = w.VBox(
            [
                w.HTML(f"<style>{STYLE.read_text()}</style>", layout=w.Layout(display="none")),
                self.header.widget,
                w.HBox([left, desk], layout=w.Layout(flex="1 1 auto", min_height="0")),
                w.HBox(
                    [self.status.widget, self.keyboard.widget], layout=w.Layout(flex="0 0 auto")
                ),
            ],
            layout=w.Layout(height=height, width="100%"),
        )
        self.widget.add_class("rareearth-explorer")

    @property
    def front(self) -> str:
        """Name of the step, or of the view of the analysis, that is in front."""
        return self.tabs.front

    def turn_to(self, name: str) -> None:
        """Show a step, or a view of the analysis."""
        self.tabs.turn_to(name)

    def _open_tab(self, name: str) -> None:
        self.stages.front = name
        if name == "Dates":
            self.dates.look()
        if name == "Review" and self.session.under_review is None:
            self.review.begin()

    def _review_sample(self) -> None:
        if self.review.order.value is Order.AUDIT:
            self.review.begin()
        self.review.order.value = Order.AUDIT
        self.turn_to("Review")

    def _review_selected(self) -> None:
        self.review.turn_to_selected()
        self.turn_to("Review")

    def _export_selected(self) -> None:
        self.export_panel.only_selected.value = True
        self.turn_to("Export")

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Display the widget."""
        return self.widget._repr_mimebundle_(**options)


def _opened(scene: Scene | str | Path, table: PatchTable, nodata: Nodata, one_date: bool) -> Scene:
    """Open a scene that is given by its path."""
    if isinstance(scene, Scene):
        return scene
    return open_own_scene(scene, table, nodata=nodata, one_date=one_date)


def _news(session: Session) -> list[str]:
    """Say what of the labels and of the table's file is not shown."""
    table, count = session.table, session.pool_count
    news = [f"{table.dropped:,} rows of the table were left out."] if table.dropped else []
    news += [f"The table: {note}." for note in table.notes]
    return news + ([f"{count}."] if count is not None and not count.whole else [])


def _parts(widget: w.Widget) -> list[w.Widget]:
    """List all parts of a widget, including itself and the layouts and styles."""
    found: dict[int, w.Widget] = {}
    waiting = [widget]
    while waiting:
        part = waiting.pop()
        found[id(part)] = part
        for name in filter(
            part.trait_has_value, part.trait_names()
        ):  # reading an unset trait would create a widget
            value = getattr(part, name)
            several = value if isinstance(value, (list, tuple)) else [value]
            waiting += [v for v in several if isinstance(v, w.Widget) and id(v) not in found]
    return list(found.values())
