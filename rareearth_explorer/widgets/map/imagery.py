"""The bands or the index that the imagery shows."""

from __future__ import annotations

import ipywidgets as w

from rareearth_explorer.data.scene import INDICES, Scene, index_of
from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.map.bridge import MapBridge
from rareearth_explorer.widgets.map.imagery_tiles import TileServer

Bands = tuple[str, ...] | None
"""Roles of three bands for red, green and blue, or the name of an index; None is true colour."""

TRUE_COLOUR: tuple[str, ...] = ()
"""Replaces None among the options of a dropdown, because None would leave it blank."""


COLOURS = (
    "There is no scene. Patches have the colours of their three leading principal components: "
    "similar colours, similar embeddings"
)


class ImageryControls:
    """Controls for the scene beneath the scores: whether it is shown, and in which bands.

    Parameters
    ----------
    session
        Its `bands` apply to all pictures.
    bridge
        The map.
    tiles
        Draws the tiles of a scene, or of the patches' own colours.
    """

    def __init__(self, session: Session, bridge: MapBridge, tiles: TileServer) -> None:
        self.session = session
        self._bridge = bridge
        self._tiles = tiles
        self._own = scene = tiles.scene if isinstance(tiles.scene, Scene) else None
        self._choices = band_choices(scene)
        self.shown = w.Checkbox(
            value=True,
            description="Imagery",
            tooltip="Show the scene beneath the scores" if scene else COLOURS,
            indent=False,
            layout=w.Layout(width="78px"),
        )
        self.bands = w.Dropdown(
            options=self._choices,
            description="Bands",
            tooltip=_explain(scene),
            disabled=scene is None,
            layout=w.Layout(width="162px"),
            style={"description_width": "46px"},
        )
        self.channels = [
            w.Dropdown(
                options=scene.bands if scene else ["no scene"],
                description=colour[0],
                tooltip=f"Band that is shown as {colour.lower()}",
                disabled=scene is None,
                layout=w.Layout(width="130px"),
                style={"description_width": "16px"},
            )
            for colour in ("Red", "Green", "Blue")
        ]
        self._following = False
        self.shown.observe(lambda change: self._show(shown=change.new), "value")
        self.bands.observe(lambda change: self._choose(change.new), "value")
        for channel in self.channels:
            channel.observe(lambda _: self._combine(), "value")
        session.observe(lambda _: self._follow(), "bands")
        session.observe(lambda _: self._show_date(), "scene")
        self._follow()

    def _choose(self, bands: tuple[str, ...]) -> None:
        if not self._following:
            self.session.set_trait("bands", bands or None)

    def _combine(self) -> None:
        if not self._following:
            self.session.bands = tuple(channel.value for channel in self.channels)

    def _follow(self) -> None:
        """Show the session's bands, even if they are not among the usual choices."""
        if self._own is None:
            return
        bands, scene = self.session.bands, self._own
        chosen = TRUE_COLOUR if bands is None else bands
        self._following = True  # new options change the value, which must not count as a choice
        try:
            usual = chosen in [value for _, value in self._choices]
            own = [] if usual else [("-".join(chosen), chosen)]
            self.bands.options = [*self._choices, *own]
            self.bands.value = chosen
            if index_of(bands) is None:
                shown = bands or [scene.bands[place] for place in scene.rgb]
                for channel, band in zip(self.channels, shown, strict=False):
                    channel.value = band if band in scene.bands else None
        finally:
            self._following = False
        self._tiles.bands = bands
        self._bridge.imagery += int(self._bridge.imagery > 0)  # requests all tiles again

    def _show_date(self) -> None:
        if self._own is not None:
            self._tiles.scene = self.session.scene or self._own
            self._bridge.imagery += int(self._bridge.imagery > 0)

    def _show(self, *, shown: bool) -> None:
        self._bridge.imagery = int(shown)


def band_choices(scene: Scene | None) -> list[tuple[str, tuple[str, ...]]]:
    """List the band combinations and indices that a scene can show, as (name, bands)."""
    if scene is None:
        return [("components", TRUE_COLOUR)]
    usual = (
        "true colour"
        if _tells_colours(scene)
        else "-".join(scene.bands[place] for place in scene.rgb)
    )
    choices: list[tuple[str, tuple[str, ...]]] = [(usual, TRUE_COLOUR)]
    if {"nir", "red", "green"} <= set(scene.bands):
        choices.append(("infrared", ("nir", "red", "green")))
    choices += [
        (index.name, (name,))
        for name, index in INDICES.items()
        if set(index.bands) <= set(scene.bands)
    ]
    return choices


def _tells_colours(scene: Scene) -> bool:
    return {"red", "green", "blue"} <= set(scene.bands)


def _explain(scene: Scene | None) -> str:
    """Explain the choice, and why an index is missing from it."""
    if scene is None:
        return COLOURS
    text = "Bands that the imagery shows as red, green and blue, or an index of two bands"
    if not _tells_colours(scene):
        text += "; the file does not name its bands, use 'embed --bands'"
    for index in INDICES.values():
        if lacking := [band for band in index.bands if band not in scene.bands]:
            text += f"; {index.name} needs {' and '.join(lacking)}, which this scene lacks"
    return text
