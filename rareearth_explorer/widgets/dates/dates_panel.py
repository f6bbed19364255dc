"""The dates panel."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import UTC, date, datetime

import ipywidgets as w
import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.change import Stack, stack_of
from rareearth_explorer.data.labels import Labels
from rareearth_explorer.data.places import near_frame
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.views.layers import activity_layer
from rareearth_explorer.widgets.dates.patch_dates import PatchHistory, history_of
from rareearth_explorer.widgets.kit import bar, note, toggle
from rareearth_explorer.widgets.review.sheet import ChipSheet
from rareearth_explorer.widgets.stages import Stages
from rareearth_explorer.widgets.tasks import Aside, Failure

PACE = 1500
"""Milliseconds that each date is shown while playing; loading its tiles takes most of it."""


class DatesPanel:
    """Shows the imagery of any date, the activity on the map, and the patch under review over time.

    Parameters
    ----------
    session
        What is shown.
    scene
        The scene of the table, or None.
    other_dates
        Scenes of other dates; scenes without a date are left out.
    labels
        Labelled pools, whose time series are drawn; or None.
    """

    def __init__(
        self,
        session: Session,
        scene: Scene | None = None,
        other_dates: Sequence[Scene] = (),
        labels: Labels | None = None,
        stages: Stages | None = None,
    ) -> None:
        self.session = session
        self.scene = scene
        own, dated = [scene] if scene else [], [other for other in other_dates if other.time]
        self._dated = [each for each in (*own, *dated) if each.time]
        # The table's scene is on the slider even if its date is unknown.
        self.scenes = sorted(
            (*own, *dated), key=lambda each: each.time or datetime.min.replace(tzinfo=UTC)
        )
        self._pools = np.empty((0, 2)) if labels is None else labels.centres
        (_, west), (_, east) = session.table.bounds
        lon = near_frame(self._pools[:, 0], west, east)
        self._points = shapely.points(lon, self._pools[:, 1])
        self._stack: Stack | ExplorerError | None = None
        self._aside = Aside("dates")
        self._shown: tuple[int, tuple[str, ...] | None] | None = None
        self._days: tuple[date, ...] = ()
        self._build()
        # While the tab is hidden, no file is read.
        stages = stages or Stages(session)
        stages.in_front("Dates", self.look, "state", "under_review", "bands")
        session.observe(lambda _: self._follow_date(), "scene")
        session.observe(lambda _: self._follow_layer(), "layer")

    def _build(self) -> None:
        several = self.scene is not None and len(self.scenes) > 1
        table_date = self.scenes.index(self.scene) if self.scene else 0
        self.date = w.SelectionSlider(
            options=[(_name(scene), n) for n, scene in enumerate(self.scenes)] or [("none", 0)],
            value=table_date,
            description="Date",
            tooltip="Date of the imagery on the map; the scores always belong to the table's date",
            disabled=not several,
            layout=w.Layout(width="280px"),
            style={"description_width": "40px"},
        )
        self.play = w.Play(
            min=0,
            max=max(len(self.scenes) - 1, 0),
            value=table_date,
            interval=PACE,
            description="Play",
            show_repeat=True,
            tooltip="Show the dates one after the other",
            disabled=not several,
        )
        self._link = w.link((self.play, "value"), (self.date, "value"))
        self.date.observe(lambda change: self._choose(change.new), "value")
        activity = self.session.table.activity
        self.activity = toggle(
            "activity on the map",
            "Colour each patch by how much its most variable pixels changed over the dates"
            if activity is not None
            else "This table has no activity; 'rareearth-explorer activity --table' adds it",
        )
        self.activity.disabled = activity is None
        self.activity.observe(lambda _: self._paint(), "value")
        self.sheet = ChipSheet()
        self.sheet.observe(lambda change: self._take(change.new), "place")
        self.plot = w.Image(format="png", layout=w.Layout(object_fit="contain", display="none"))
        self.note = w.HTML()
        controls = bar([self.date, self.play, self.activity], align_items="center")
        self.widget = w.VBox(
            [controls, self.sheet, self.plot, self.note], layout=w.Layout(width="100%")
        )
        self.widget.add_class("rareearth-dates")
        self._say(
            "Press <b>t</b> over a patch on the map, or review a patch, to see it on every date."
            if len(self._dated) > 1
            else "There is only one date; add others with --dates, or dates=[...] in Python."
        )

    # The map ---------------------------------------------------------------------------------

    def _choose(self, number: int) -> None:
        if len(self.scenes) > 1:
            self.session.scene = self.scenes[number]

    def _take(self, place: int) -> None:
        """Show the date of the picture that was clicked."""
        day = self._days[place] if place < len(self._days) else None
        for number, scene in enumerate(self.scenes):
            if scene.time is not None and scene.time.date() == day:
                self.date.value = number

    def _follow_date(self) -> None:
        shown = self.session.scene or self.scene
        if shown in self.scenes:
            self.date.value = self.scenes.index(shown)
            if shown.time is not None and shown.time.date() in self._days:
                self.sheet.place = self._days.index(shown.time.date())

    def _paint(self) -> None:
        layer = activity_layer(self.session.table)
        if self.activity.value:
            self.session.layer = layer
        elif _is_activity(self.session):
            self.session.layer = None

    def _follow_layer(self) -> None:
        if not _is_activity(self.session):
            self.activity.value = False

    # The patch under review ------------------------------------------------------------------

    @property
    def patch(self) -> int | None:
        """Row number of the patch under review, or else of the template marked last."""
        session = self.session
        marked = [*session.negatives[-1:], *session.positives[-1:]]
        patch = session.under_review
        return next(iter(marked), None) if patch is None else patch

    def look(self) -> None:
        """Show the patch under review on every date, unless it is shown already."""
        patch, bands = self.patch, self.session.bands
        if len(self._dated) < 2 or patch is None or self._shown == (patch, bands):
            return
        self._shown = (patch, bands)
        self._say(f"Reading {len(self._dated)} dates of patch {patch} …")
        inside = shapely.contains(self.session.table.footprints[patch], self._points)
        corners = self.session.table.corners[patch]
        self._aside.submit(self._show, self._history, patch, corners, self._pools[inside], bands)

    def _history(
        self,
        patch: int,
        corners: npt.NDArray[np.float64],
        pools: npt.NDArray[np.float64],
        bands: tuple[str, ...] | None,
    ) -> PatchHistory:
        """Read on the other thread, the only one that uses the files of the stack."""
        if self._stack is None:
            try:
                self._stack = stack_of(self._dated)
            except ExplorerError as error:
                self._stack = error
        if isinstance(self._stack, ExplorerError):
            return PatchHistory(patch, text=str(self._stack))
        return history_of(self._stack, patch, corners, pools, bands)

    def _show(self, history: PatchHistory | Failure) -> None:
        if isinstance(history, Failure):
            self._shown = None  # so that the same patch is read again
            reason = html.escape(history.reason)
            self._say(f"The dates could not be read ({reason}); choose the patch again to retry.")
            return
        with self.sheet.hold_sync():
            self.sheet.chips = [
                {"patch": history.patch, "caption": day.isoformat()} for day in history.dates
            ]
            self.sheet.pictures = list(history.chips)
        self._days = history.dates
        self._follow_date()
        self.plot.value = history.plot
        self.plot.layout.display = None if history.plot else "none"
        self._say(f"<b>patch {history.patch}</b>: {html.escape(history.text)}")

    def _say(self, text: str) -> None:
        self.note.value = note(text)


def _name(scene: Scene) -> str:
    return f"{scene.time:%Y-%m-%d}" if scene.time else "no date"


def _is_activity(session: Session) -> bool:
    return session.layer is not None and session.layer.values is session.table.activity
