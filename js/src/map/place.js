// The coordinates of the pointer, and a pin at the place that the user went to.

import { onChange } from "../model.js";
import { pane } from "./panes.js";

/**
 * @import { LeafletMouseEvent, Map as LeafletMap } from "leaflet"
 * @import { LatLng, Leaflet, MapTraits, Model } from "../types.js"
 */

/**
 * Formats a place for people, to about a metre.
 *
 * @param {LatLng} place
 */
export function written({ lat, lng }) {
  /** @type {(degrees: number, positive: string, negative: string) => string} */
  const axis = (degrees, positive, negative) =>
    `${Math.abs(degrees).toFixed(5)}° ${degrees < 0 ? negative : positive}`;
  return `${axis(lat, "N", "S")}, ${axis(lng, "E", "W")}`;
}

/**
 * @param {LeafletMap} map
 * @param {Leaflet} L
 */
export function coordinates(map, L) {
  const control = new L.Control({ position: "bottomright" });
  const line = L.DomUtil.create("div", "rareearth-coordinates");
  control.onAdd = () => line;
  const showPlace = (/** @type {LeafletMouseEvent} */ { latlng }) => {
    line.textContent = written(latlng.wrap());
  };
  const clear = () => {
    line.textContent = "";
  };
  const events = { mousemove: showPlace, mouseout: clear };
  control.addTo(map);
  map.on(events);
  return () => {
    map.off(events);
    control.remove();
  };
}

/**
 * @param {Model<MapTraits>} model
 * @param {LeafletMap} map
 * @param {Leaflet} L
 */
export function pin(model, map, L) {
  const look = { radius: 7, fill: false, interactive: false, pane: pane(map, "rareearth-pin") };
  const rings = [
    { color: "#3d003a", weight: 6 },
    { color: "#ff3df2", weight: 3 },
  ].map((style) => L.circleMarker([0, 0], { ...look, ...style }));
  const show = () => {
    const place = model.get("pin");
    for (const ring of rings) {
      if (place.length) ring.setLatLng(place).addTo(map);
      else ring.remove();
    }
  };
  show();
  const stop = onChange(model, ["pin"], show);
  return () => {
    stop();
    for (const ring of rings) ring.remove();
  };
}
