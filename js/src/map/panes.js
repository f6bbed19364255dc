// Panes, the floors that Leaflet stacks what is drawn on a map on.

/** @import { Map as LeafletMap } from "leaflet" */

/** @typedef {keyof typeof HEIGHTS} PaneName */

/** The z-index of each of ours. Leaflet's own: tiles 200, shapes 400, markers 600, tooltips 650. */
const HEIGHTS = {
  "rareearth-imagery": 250,
  "rareearth-second": 260,
  "rareearth-scores": 350,
  "rareearth-outlines": 420,
  "rareearth-sketch": 460,
  "rareearth-pin": 470,
};

/**
 * Makes a pane that lets the pointer through, unless it is there; returns its name.
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
