"""The map panel: imagery, scores, patch grid, outlines, and their controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipyleaflet
import ipywidgets as w

from rareearth_explorer.data.rendering import palette_rgba
from rareearth_explorer.data.scene import Scene, index_of
from rareearth_explorer.data.table import ComponentColours
from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Session, Sign
from rareearth_explorer.hunt.views.group_looks import LOOKS, groups_of
from rareearth_explorer.hunt.views.layers import score_layer
from rareearth_explorer.widgets.kit import bar, toggle
from rareearth_explorer.widgets.map.base_map import BaseMapChoice
from rareearth_explorer.widgets.map.bridge import MapBridge, mercator_offsets
from rareearth_explorer.widgets.map.drawing import DrawingTools
from rareearth_explorer.widgets.map.imagery import ImageryControls
from rareearth_explorer.widgets.map.imagery_tiles import TileServer, native_zoom
from rareearth_explorer.widgets.map.legend import describe_patch, legend
from rareearth_explorer.widgets.map.place import PlaceBox
from rareearth_explorer.widgets.map.swipe import DateSwipe
from rareearth_explorer.widgets.stages import Stages

OUTLINES: dict[str, dict[str, Any]] = {
    group: {
        "color": look.colour,
        "weight": look.weight,
        "casing": look.casing,
        **({"dashArray": " ".join(map(str, look.dashes))} if look.dashes else {}),
    }
    for group, look in LOOKS.items()
}
"""Looks of the groups of patches as Leaflet has them, the lowest first."""

OVER_A_SCENE, OVER_COLOURS = 0.6, 0.9
"""Opacity of the scores at first: imagery shows through; the colours of components would mix."""


class MapPanel:
    """Shows the patches and their scores on a map; clicks mark templates.

    Parameters
    ----------
    session
        What is shown and changed.
    scene
        Imagery beneath the scores; None shows the patches in the colours of their components.
    other_dates
        Scenes of other dates, shown beside it.
    over
        Widgets of other panels to show on the map, below its own tools.
    stages
        Decides when the panel is updated; new ones if None.
    """

    def __init__(
        self,
        session: Session,
        scene: Scene | None = None,
        other_dates: Sequence[Scene] = (),
        over: Sequence[w.Widget] = (),
        stages: Stages | None = None,
    ) -> None:
        self.session = session
        origin, corners = mercator_offsets(session.table.corners)
        (south, west), (north, east) = session.table.bounds
        self.map = ipyleaflet.Map(
            layers=(),
            center=((south + north) / 2, (west + east) / 2),
            zoom=12,
            max_zoom=22,
            zoom_snap=0.5,
            scroll_wheel_zoom=True,
            # Both would also mark patches: they begin with a click.
            double_click_zoom=False,
            box_zoom=False,
            attribution_control=False,
            layout=w.Layout(width="100%", height="100%"),
        )
        self.map.add(ipyleaflet.ScaleControl(position="bottomright", imperial=False))
        self.bridge = MapBridge(
            map=self.map,
            bounds=session.table.bounds,
            origin=origin,
            corners=corners,
            imagery=1,
            opacity=OVER_A_SCENE if scene else OVER_COLOURS,
            imagery_zoom=native_zoom(scene.gsd) if scene else 18,
            layout=w.Layout(display="none"),
        )
        tiles = TileServer(self.bridge, scene or ComponentColours(session.table))
        self.imagery = ImageryControls(session, self.bridge, tiles)
        self.bands = self.imagery.bands
        self.swipe = DateSwipe(session, self.bridge, scene, other_dates)
        self._tiles = {"imagery": tiles, "second": self.swipe.tiles}
        self.base_map = BaseMapChoice(self.map)
        self.place = PlaceBox(session, self.bridge)
        self.drawing = DrawingTools(session, self.bridge)
        self.legend = w.HTML()
        self.map.add(ipyleaflet.WidgetControl(widget=self.legend, position="bottomleft"))
        self._build_controls()
        self._build_drawer()
        above = w.VBox([self.drawing.hint, *over, self.drawer])
        above.add_class("rareearth-over")
        stage = w.Box([self.map, above], layout=w.Layout(flex="1 1 auto", min_height="200px"))
        stage.add_class("rareearth-stage")
        self.widget = w.VBox(
            [self.controls, stage, self.bridge], layout=w.Layout(height="100%", width="100%")
        )
        self._link(stages or Stages(session))

    def _build_controls(self) -> None:
        self.sign = w.ToggleButtons(
            options=[("+ positive", "positive"), ("− negative", "negative")],
            description="Click",
            tooltip="Sign that a click marks; shift-click and right-click mark the other sign",
            tooltips=[
                "A click marks an example of a mine",
                "A click marks an example of something else",
            ],
            style=w.ToggleButtonsStyle(button_width="93px", description_width="36px"),
            layout=w.Layout(width="auto"),
        )
        self.opacity = w.FloatSlider(
            description="Scores",
            tooltip="Opacity of the score colours over the imagery",
            min=0,
            max=1,
            step=0.05,
            readout=False,
            layout=w.Layout(width="160px"),
            style={"description_width": "46px"},
        )
        self.grid = w.Checkbox(
            description="Grid", tooltip="Show lines between patches", indent=False,
            layout=w.Layout(width="58px"),
        )  # fmt: skip
        self.mines = w.Checkbox(
            value=self.session.mines is not None,
            description="Mines",
            tooltip="Outline the patches with labelled pools",
            disabled=self.session.mines is None,
            indent=False,
            layout=w.Layout(width="66px"),
        )
        self.more = toggle("Layers ▾", "Imagery, bands, scores, grid, mines, dates, base maps")
        self.controls = bar(
            [self.sign, self.place.text, self.more], flex="0 0 auto", align_items="center"
        )

    def _build_drawer(self) -> None:
        self.drawer = w.VBox(
            [
                bar([self.imagery.shown, self.bands]),
                bar(self.imagery.channels),
                bar([self.opacity, self.grid, self.mines], align_items="center"),
                self.swipe.date,
                self.base_map.choice,
                self.base_map.note,
            ],
            layout=w.Layout(display="none"),
        )
        self.drawer.add_class("rareearth-drawer")
        self.more.observe(lambda change: self._open_drawer(opened=change.new), "value")

    def _open_drawer(self, *, opened: bool) -> None:
        self.drawer.layout.display = None if opened else "none"

    def _link(self, stages: Stages) -> None:
        self._links = [
            w.link((self.session, "sign"), (self.sign, "value")),
            w.link((self.bridge, "opacity"), (self.opacity, "value")),
            w.link((self.bridge, "grid"), (self.grid, "value")),
        ]
        self.mines.observe(lambda _: self._outline(), "value")
        stages.now(self._show_state, "state", "layer")
        stages.now(self._outline, "selection")
        stages.now(self._fly, "under_review")
        stages.now(self._explain, "bands")
        stages.now(self._describe_hovered, "hovered")
        stages.after(self._describe_hovered, "state")
        self.bridge.on_msg(lambda _widget, message, _buffers: self.receive(message))
        self._show_state()

    def receive(self, message: dict[str, Any]) -> None:
        """Handle a message from the browser; `MapBridge` describes the messages."""
        kind = message.get("kind")
        if kind == "click":
            self._click(int(message["patch"]), other=bool(message["other"]))
        elif kind == "hover":
            self.session.hovered = message["patch"]
        elif kind == "drawn":
            self.drawing.select(message["ring"])
        elif kind == "measure":
            self.drawing.measure(message["path"])
        elif kind in ("tile", "cancel") and (tiles := self._tiles[message["layer"]]):
            tiles.request(message)

    def _click(self, patch: int, *, other: bool) -> None:
        plain_is_positive = self.session.sign == "positive"
        sign: Sign = "positive" if plain_is_positive != other else "negative"
        self.bridge.pin = ()  # the place from *Go to* is found
        try:
            self.session.toggle(patch, sign)
        except ExplorerError as error:
            self.session.message = str(error)

    def _fly(self) -> None:
        patch = self.session.under_review
        lon, lat = self.session.table.centroids[0 if patch is None else patch]
        self.bridge.focus = () if patch is None else (float(lat), float(lon))
        self.bridge.pin = ()
        self._outline()

    def _show_state(self) -> None:
        layer = self.session.layer or score_layer(self.session.state)
        with self.bridge.hold_sync():
            self.bridge.levels = layer.levels.tobytes()
            self.bridge.palette = palette_rgba(layer.scale.palette)
            self._outline()

    def _explain(self) -> None:
        shown = [group for group, outline in self.bridge.outlines.items() if outline["patches"]]
        self.legend.value = legend(self.session, index_of(self.session.bands), shown)

    def _outline(self) -> None:
        session = self.session
        groups = groups_of(session.state, session.selection, session.under_review)
        if not self.mines.value:
            groups["mines"] = []
        self.bridge.outlines = {
            group: {"patches": patches, **OUTLINES[group]} for group, patches in groups.items()
        }
        self._explain()

    def _describe_hovered(self) -> None:
        patch = self.session.hovered
        self.bridge.tooltip = "" if patch is None else describe_patch(self.session, patch)
