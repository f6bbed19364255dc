// Drawing on the map. The drawn shape is sent to Python, which selects patches and measures. While a
// tool is in use, clicks do not mark patches.

import { onChange } from "../model.js";
import { pane } from "./panes.js";
import { Sketch } from "./sketch.js";

/**
 * @import { LeafletMouseEvent, Map as LeafletMap } from "leaflet"
 * @import { LatLng, Leaflet, MapTraits, Model } from "../types.js"
 */

/**
 * @param {Model<MapTraits>} model
 * @param {LeafletMap} map
 * @param {Leaflet} L
 */
export function drawing(model, map, L) {
  const renderer = L.canvas({ pane: pane(map, "rareearth-sketch"), padding: 0.3 });
  const shapes = [
    { color: "#00303d", weight: 5 },
    { color: "#00c8ff", weight: 2 },
  ].map((style) => {
    const look = { renderer, interactive: false, ...style };
    return L.polyline([], { ...look, lineJoin: "miter" }).addTo(map);
  });
  const sketch = new Sketch({
    tool: () => model.get("tool"),
    show: (places) => {
      for (const shape of shapes) shape.setLatLngs(places);
    },
    drawn: (ring) => model.send({ kind: "drawn", ring }),
    measured: (path) => model.send({ kind: "measure", path }),
  });

  const change = () => {
    sketch.clear();
    // With the rectangle tool, dragging draws; with the others it still moves the map.
    if (model.get("tool") === "rectangle") map.dragging.disable();
    else map.dragging.enable();
  };
  const pointed = (/** @type {LeafletMouseEvent} */ { latlng, containerPoint }) => ({
    latlng,
    pixelsTo: (/** @type {LatLng} */ place) =>
      map.latLngToContainerPoint(place).distanceTo(containerPoint),
  });
  const events = {
    mousedown: (/** @type {LeafletMouseEvent} */ event) =>
      sketch.press(event.latlng, event.originalEvent.button),
    mouseup: (/** @type {LeafletMouseEvent} */ event) => sketch.release(pointed(event)),
    mousemove: (/** @type {LeafletMouseEvent} */ event) => sketch.move(event.latlng),
    click: (/** @type {LeafletMouseEvent} */ event) =>
      sketch.click(pointed(event), event.originalEvent.detail),
    dblclick: () => sketch.finish(),
  };
  const cancel = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !model.get("tool")) return;
    model.set("tool", "");
    model.save_changes();
  };

  map.on(events);
  document.addEventListener("keydown", cancel, true);
  const stop = onChange(model, ["tool"], change);
  change();
  return () => {
    map.off(events);
    document.removeEventListener("keydown", cancel, true);
    stop();
    for (const shape of shapes) shape.remove();
  };
}
