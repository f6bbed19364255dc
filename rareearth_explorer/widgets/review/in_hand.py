"""The patch under review: its pictures, what is known of it, its note."""

from __future__ import annotations

import html

import ipywidgets as w

from rareearth_explorer.data.grid import written
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.hunt import Session
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.widgets.kit import note
from rareearth_explorer.widgets.review.review_pictures import CHIP, LARGE, Bands, Pictures
from rareearth_explorer.widgets.review.sheet import ChipSheet
from rareearth_explorer.widgets.tasks import Aside, Failure

STRIP = 72
"""Side of the picture of another date, pixels on the screen."""


class InHand:
    """Shows the patch under review large and untinted, and small with the patches around it.

    Parameters
    ----------
    session
        Its `under_review` is shown, on the date of its `scene`, in its `bands`.
    scene
        The scene of the table; without it, there are no pictures.
    other_dates
        Scenes of other dates, shown as a strip; a click shows the date on the map and here.
    """

    def __init__(self, session: Session, scene: Scene | None, other_dates: list[Scene]) -> None:
        self.session = session
        self.scene = scene
        dated = [each for each in ([scene] if scene else []) + other_dates if each.time]
        self.dates = sorted(dated, key=_time) if len(dated) > 1 else []
        table = session.table
        self.pictures = Pictures(table, scene, LARGE)
        self._around = Pictures(table, scene, CHIP, margin=1)
        self._small = Pictures(table, scene, STRIP)
        self._aside = Aside("strip")
        self._shown: tuple[int, Bands] | None = None
        self.large = w.Image(format="webp", layout=w.Layout(width="100%"))
        self.around = w.Image(format="webp", layout=w.Layout(width="100%"))
        self.facts = w.HTML()
        self.strip = ChipSheet()
        self.strip.add_class("rareearth-strip")
        self.note = w.Text(
            description="Note",
            placeholder="w writes a note on this patch; Enter saves it, Esc leaves it",
            tooltip="Note on the patch under review; saved with the session and exported",
            continuous_update=False,
            layout=w.Layout(width="auto"),
            style={"description_width": "40px"},
        )
        framed = w.Box([self.around], layout=w.Layout(overflow="hidden"))
        framed.add_class("rareearth-around")
        beside = w.VBox([framed, self.facts], layout=w.Layout(flex="1 1 0", min_width="96px"))
        close = w.Box([self.large], layout=w.Layout(flex="3 1 0", max_width=f"{LARGE}px"))
        close.add_class("rareearth-large")
        self.view = w.HBox([close, beside], layout=w.Layout(width="100%", flex="0 0 auto"))
        self.view.add_class("rareearth-in-hand")
        self.strip.observe(lambda change: self._choose_date(change.new), "place")
        self.note.observe(lambda change: self._write(change.new), "value")

    def show(self) -> None:
        """Show the patch under review as it is now."""
        session, patch = self.session, self.session.under_review
        shown = self.scene is not None and patch is not None
        self.view.layout.display = None if patch is not None else "none"
        self.strip.layout.display = None if shown and self.dates else "none"
        self.note.disabled = patch is None
        if patch is None:
            self.facts.value = self.note.value = ""
            return
        self.note.value = session.decisions.notes.get(patch, "")
        self.facts.value = self._facts(patch)
        bands, scene = session.bands, session.scene
        self.large.value = self.pictures.of(patch, bands, scene)
        self.around.value = self._around.of(patch, bands, scene)
        for each in (self.large, self.around):
            each.layout.display = None if each.value else "none"
        self.strip.place = self._place()
        if self.dates and (patch, bands) != self._shown:
            self._shown = (patch, bands)
            self._aside.submit(self._show_dates, self._dated, patch, bands)

    def _dated(self, patch: int, bands: Bands) -> tuple[int, list[bytes]]:
        """Draw the patch on every date; the first picture of a scene measures its statistics."""
        return patch, [self._small.of(patch, bands, each) for each in self.dates]

    def _show_dates(self, drawn: tuple[int, list[bytes]] | Failure) -> None:
        if isinstance(drawn, Failure):
            return
        patch, pictures = drawn
        with self.strip.hold_sync():
            self.strip.chips = [{"patch": patch, "caption": _day(each)} for each in self.dates]
            self.strip.pictures = pictures
            self.strip.place = self._place()

    def _facts(self, patch: int) -> str:
        session, state = self.session, self.session.state
        lon, lat = session.table.centroids[patch]
        lines = [f"<b>patch {patch}</b>"]
        if state.kind is not ScoreKind.NONE:
            lines += [f"score {state.scores[patch]:+.3f}", f"rank {state.ranks[patch]:,}"]
        given = state.decisions.verdicts.get(patch) or state.decisions.templates.sign_of(patch)
        lines += [f"<b>{html.escape(given)}</b>"] if given else []
        lines += [written(lat, lon).replace(", ", ",<br>")]
        return note("<br>".join(lines))

    def _place(self) -> int:
        shown = self.session.scene or self.scene
        return self.dates.index(shown) if shown in self.dates else -1

    def _choose_date(self, place: int) -> None:
        if 0 <= place < len(self.dates) and place != self._place():
            self.session.scene = self.dates[place]

    def _write(self, text: str) -> None:
        patch = self.session.under_review
        if patch is not None and text != self.session.decisions.notes.get(patch, ""):
            self.session.note(patch, text)


def _time(scene: Scene) -> float:
    return scene.time.timestamp() if scene.time else 0.0


def _day(scene: Scene) -> str:
    return f"{scene.time:%Y-%m-%d}" if scene.time else ""
