"""Base maps from the internet; off by default."""

from __future__ import annotations

import ipyleaflet
import ipywidgets as w

from rareearth_explorer.widgets.kit import note

BASE_MAPS = {
    "OpenStreetMap": ipyleaflet.basemaps.OpenStreetMap.Mapnik,
    "Esri imagery": ipyleaflet.basemaps.Esri.WorldImagery,
}
NOTE = "A base map needs the internet, and its server learns which places you view."


class BaseMapChoice:
    """Shows a base map beneath everything else; nothing is fetched until one is chosen.

    Parameters
    ----------
    leaflet
        The map.
    """

    def __init__(self, leaflet: ipyleaflet.Map) -> None:
        self._map = leaflet
        self._layers: dict[str, ipyleaflet.TileLayer] = {}
        # The licences of base maps require a credit on the map.
        self.credit = ipyleaflet.AttributionControl(position="bottomright", prefix="")
        self.choice = w.Dropdown(
            options=["none", *BASE_MAPS],
            description="Base map",
            tooltip=NOTE,
            layout=w.Layout(width="244px"),
            style={"description_width": "100px"},
        )
        self.note = w.HTML(note(NOTE))
        self.choice.observe(lambda change: self._show(change.new), "value")

    def _show(self, name: str) -> None:
        for layer in self._map.layers:
            self._map.remove(layer)
        if self.credit in self._map.controls:
            self._map.remove(self.credit)
        if name in BASE_MAPS:
            if name not in self._layers:
                layer = ipyleaflet.basemap_to_tiles(BASE_MAPS[name])
                layer.max_native_zoom, layer.max_zoom = layer.max_zoom, int(self._map.max_zoom)
                self._layers[name] = layer
            self._map.add(self._layers[name])
            self._map.add(self.credit)
