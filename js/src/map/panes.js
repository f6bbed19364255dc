// Panes: the layers in which Leaflet stacks the contents of a map.

/** @import { Map as LeafletMap } from "leaflet" */

/** @typedef {keyof typeof HEIGHTS} PaneName */

/** z-index of our panes. Leaflet's own: tiles 200, shapes 400, markers 600, tooltips 650. */
const HEIGHTS = {
  "rareearth-imagery": 250,
  "rareearth-second": 260,
  "rareearth-scores": 350,
  "rareearth-outlines": 420,
  "rareearth-sketch": 460,
  "rareearth-pin": 470,
};

/**
 * Creates a pane that ignores the pointer, unless it exists; returns its name.
 *
 * @template {PaneName} Name
 * @param {LeafletMap} map
 * @param {Name} name
 */
export function pane(map, name) {
  const element = map.getPane(name) ?? map.createPane(name);
  Object.assign(element.style, { zIndex: HEIGHTS[name], pointerEvents: "none" });
  return name;
}
