"""The map panel."""

from __future__ import annotations

from typing import Any

import ipyleaflet
import ipywidgets as w
import numpy as np

from rareearth_explorer.contrast import ScoreKind
from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.panels.map.bridge import MapBridge, mercator_offsets
from rareearth_explorer.panels.map.tiles import TileServer, native_zoom
from rareearth_explorer.rendering import palette_hex, palette_rgba
from rareearth_explorer.scene import Scene
from rareearth_explorer.session import Session, Sign

OUTLINES: dict[str, dict[str, Any]] = {
    "selection": {"color": "#00c8ff", "weight": 2, "casing": "#00303d"},
    "mines": {"color": "#1b7837", "weight": 2, "casing": "#d9f0d3"},
    "in hand": {"color": "#ff3df2", "weight": 3, "casing": "#3d003a"},
    "positive": {"color": "#ffd400", "weight": 3, "casing": "#000000"},
    "negative": {"color": "#ffffff", "weight": 3, "casing": "#000000", "dashArray": "5 6"},
}
"""How groups of patches are outlined, from below to above; each differs in lightness too."""


class MapPanel:
    """Shows where the patches are and how they score; clicks mark templates.

    Parameters
    ----------
    session
        What is shown and changed.
    scene
        Imagery to lay beneath, or None.
    """

    def __init__(self, session: Session, scene: Scene | None = None) -> None:
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
            # Both would also be clicks: a double click is two, shift-drag begins with one.
            double_click_zoom=False,
            box_zoom=False,
            attribution_control=False,
            layout=w.Layout(flex="1 1 auto", min_height="200px"),
        )
        self.map.add(ipyleaflet.ScaleControl(position="bottomright", imperial=False))
        self.bridge = MapBridge(
            map=self.map,
            bounds=session.table.bounds,
            origin=origin,
            corners=corners,
            imagery=int(scene is not None),
            imagery_zoom=native_zoom(scene.gsd) if scene else 18,
            layout=w.Layout(display="none"),
        )
        self._tiles = TileServer(self.bridge, scene) if scene else None
        self.legend = w.HTML()
        self.map.add(ipyleaflet.WidgetControl(widget=self.legend, position="bottomleft"))
        self._build_controls()
        self.widget = w.VBox(
            [self.controls, self.map, self.bridge], layout=w.Layout(height="100%", width="100%")
        )
        self._link()

    def _build_controls(self) -> None:
        self.sign = w.ToggleButtons(
            options=[("+ positive", "positive"), ("− negative", "negative")],
            tooltips=["A click marks an example of what you seek", "A click marks a look-alike"],
            style=w.ToggleButtonsStyle(button_width="98px"),
        )
        self.opacity = w.FloatSlider(
            description="Scores",
            tooltip="How strongly the score colours cover the imagery",
            min=0,
            max=1,
            step=0.05,
            readout=False,
            layout=w.Layout(width="140px"),
            style={"description_width": "46px"},
        )
        self.grid = w.Checkbox(
            description="Grid", tooltip="Lines between patches", indent=False,
            layout=w.Layout(width="58px"),
        )  # fmt: skip
        self.imagery = w.Checkbox(
            value=self._tiles is not None,
            description="Imagery",
            tooltip="The scene beneath the scores",
            disabled=self._tiles is None,
            indent=False,
            layout=w.Layout(width="80px"),
        )
        self.bands = w.Dropdown(
            options=band_combinations(self._tiles.scene if self._tiles else None),
            tooltip="Which bands the imagery shows as red, green and blue",
            disabled=self._tiles is None,
            layout=w.Layout(width="110px"),
        )
        self.mines = w.Checkbox(
            value=self.session.truth is not None,
            description="Mines",
            tooltip="Outline the patches with known pools, from the labels",
            disabled=self.session.truth is None,
            indent=False,
            layout=w.Layout(width="66px"),
        )
        self.controls = w.HBox(
            [self.sign, self.opacity, self.grid, self.imagery, self.bands, self.mines],
            layout=w.Layout(flex="0 0 auto", align_items="center", flex_flow="row wrap"),
        )
        self.controls.add_class("rareearth-bar")

    def _link(self) -> None:
        self._links = [
            w.link((self.session, "sign"), (self.sign, "value")),
            w.link((self.bridge, "opacity"), (self.opacity, "value")),
            w.link((self.bridge, "grid"), (self.grid, "value")),
            w.link((self.session, "bands"), (self.bands, "value")),
        ]
        self.imagery.observe(lambda change: self._show_imagery(change.new), "value")
        self.mines.observe(lambda _: self._outline(), "value")
        self.session.observe(lambda _: self._show_state(), "state")
        self.session.observe(lambda _: self._outline(), "selection")
        self.session.observe(lambda _: self._fly(), "in_hand")
        self.session.observe(lambda change: self._show_bands(change.new), "bands")
        self.session.observe(lambda _: self._describe_hovered(), ["hovered", "state"])
        self.bridge.on_msg(lambda _widget, message, _buffers: self.receive(message))
        self._show_state()

    def receive(self, message: dict[str, Any]) -> None:
        """Act on a message from the browser; see `MapBridge` for what they hold."""
        kind = message.get("kind")
        if kind == "click":
            self._click(int(message["patch"]), other=bool(message["other"]))
        elif kind == "hover":
            self.session.hovered = message["patch"]
        elif kind in ("tile", "cancel") and self._tiles is not None:
            self._tiles.request(message)

    def _click(self, patch: int, *, other: bool) -> None:
        plain_is_positive = self.session.sign == "positive"
        sign: Sign = "positive" if plain_is_positive != other else "negative"
        try:
            self.session.toggle(patch, sign)
        except ExplorerError as error:
            self.session.message = str(error)

    def _show_imagery(self, shown: bool) -> None:
        self.bridge.imagery = int(shown)

    def _show_bands(self, bands: tuple[str, ...] | None) -> None:
        if self._tiles is not None:
            self._tiles.bands = bands
            self.bridge.imagery += int(self.imagery.value)  # asks for all tiles again

    def _fly(self) -> None:
        patch = self.session.in_hand
        lon, lat = self.session.table.centroids[0 if patch is None else patch]
        self.bridge.focus = () if patch is None else (float(lat), float(lon))
        self._outline()

    def _show_state(self) -> None:
        state = self.session.state
        with self.bridge.hold_sync():
            self.bridge.levels = state.scale.levels(state.scores, state.active).tobytes()
            self.bridge.palette = palette_rgba(state.scale.palette)
            self._outline()
        self.legend.value = legend(self.session)

    def _outline(self) -> None:
        templates = self.session.state.templates
        mines = self.session.truth if self.mines.value else None
        groups = {
            "mines": [] if mines is None else np.flatnonzero(mines).tolist(),
            "selection": list(self.session.selection),
            "in hand": [] if self.session.in_hand is None else [self.session.in_hand],
            "positive": list(templates.positives),
            "negative": list(templates.negatives),
        }
        self.bridge.outlines = {
            name: {"patches": groups[name], **style} for name, style in OUTLINES.items()
        }

    def _describe_hovered(self) -> None:
        patch = self.session.hovered
        self.bridge.tooltip = "" if patch is None else describe_patch(self.session, patch)


def band_combinations(scene: Scene | None) -> list[tuple[str, tuple[str, ...] | None]]:
    """Band combinations that a scene can show, by what remote sensing calls them."""
    combinations: list[tuple[str, tuple[str, ...] | None]] = [("true colour", None)]
    if scene is not None and {"nir", "red", "green"} <= set(scene.bands):
        combinations.append(("infrared", ("nir", "red", "green")))
    return combinations


def describe_patch(session: Session, patch: int) -> str:
    """Say which patch it is and what is known of it, and below how it scores and ranks."""
    state = session.state
    known = [f"patch {patch}"]
    if sign := state.templates.sign_of(patch):
        known.append(f"{sign} template")
    if session.pools is not None and session.pools[patch]:
        known.append(f"{session.pools[patch]} pool{'s' if session.pools[patch] > 1 else ''}")
    if not state.active[patch]:
        known.append("discarded")
    if state.kind is ScoreKind.NONE:
        return " · ".join(known)
    return f"{' · '.join(known)}\nscore {state.scores[patch]:+.3f} · rank {state.ranks[patch]:,}"


def legend(session: Session) -> str:
    """Explain the colours, as HTML: which number, from where to where, which end is mine-like."""
    state = session.state
    if state.kind is ScoreKind.NONE:
        return "<div class='rareearth-legend'>Click a patch that shows what you seek.</div>"
    stops = ",".join(palette_hex(state.scale.palette, 9))
    middle = "0" if state.kind is ScoreKind.CONTRAST else ""
    return (
        f"<div class='rareearth-legend'><b>{state.score_name}</b>"
        f"<div class='rareearth-ramp' style='background:linear-gradient(to right,{stops})'></div>"
        f"<div class='rareearth-ends'><span>{state.scale.low:.3g}</span><span>{middle}</span>"
        f"<span>{state.scale.high:.3g}</span></div>"
        "<div class='rareearth-ends'><span>less</span><span>mine-like</span><span>more</span></div>"
        "</div>"
    )
