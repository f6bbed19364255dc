// Clicks that mark patches, and the tooltip of the patch under the pointer.

import { onChange } from "../model.js";

/**
 * @import { LeafletMouseEvent, Map as LeafletMap } from "leaflet"
 * @import { LatLng, Leaflet, MapTraits, Model, Tool } from "../types.js"
 * @import { Footprints } from "./footprints.js"
 */

const UNUSED_EVENTS = [
  "click",
  "contextmenu",
  "dblclick",
  "mousedown",
  "mousemove",
  "mouseout",
  "mouseover",
  "mouseup",
  "preclick",
];

/**
 * Returns the message of a click to Python, or null if it marks nothing: a drawing tool handles
 * clicks while it is in use, and the second click of a double click is ignored.
 *
 * @param {{ type: string, detail: number, shiftKey: boolean }} event of the page: "click", or
 *   "contextmenu" of the right button; `detail` counts clicks on one spot
 * @param {Tool} tool
 * @param {number | null} patch under the pointer
 * @returns {{ kind: "click", patch: number, other: boolean } | null}
 */
export function marking({ type, detail, shiftKey }, tool, patch) {
  const right = type === "contextmenu";
  if (tool || patch === null || (!right && detail > 1)) return null;
  return { kind: "click", patch, other: right || shiftKey };
}

/**
 * Reports clicks and hovering, and shows the tooltip that Python returns.
 *
 * @param {Model<MapTraits>} model
 * @param {LeafletMap} map
 * @param {Leaflet} L
 * @param {Footprints} footprints
 */
export function mouse(model, map, L, footprints) {
  // jupyter-leaflet sends every move and every part of a click to the kernel. Nothing uses them, and
  // a click that marks would have to wait until the kernel has processed four of these messages.
  for (const name of UNUSED_EVENTS) map.off(name);
  const tooltip = L.tooltip({
    sticky: true,
    direction: "auto",
    offset: [14, 0],
    className: "rareearth-tooltip",
  });
  /** @type {number | null} */
  let hovered = null;
  /** @type {LatLng} */
  let place = { lat: 0, lng: 0 };

  /** @param {number | null} patch */
  const hover = (patch) => {
    if (patch === hovered) return;
    hovered = patch;
    if (patch === null) map.closeTooltip(tooltip);
    model.send({ kind: "hover", patch });
  };
  const move = (/** @type {LeafletMouseEvent} */ event) => {
    place = event.latlng;
    const { target } = event.originalEvent;
    // What lies under a button of the map is not what the pointer is on.
    const covered = target instanceof Element && target.closest(".leaflet-control") !== null;
    hover(model.get("tool") || covered ? null : footprints.at(place));
    if (hovered !== null && tooltip.isOpen()) tooltip.setLatLng(place);
  };
  const out = () => hover(null);
  const click = (/** @type {LeafletMouseEvent} */ { latlng, originalEvent }) => {
    const message = marking(originalEvent, model.get("tool"), footprints.at(latlng));
    if (message) model.send(message);
  };
  const context = (/** @type {LeafletMouseEvent} */ event) => {
    L.DomEvent.preventDefault(event.originalEvent);
    click(event);
  };
  const showTooltip = () => {
    const text = model.get("tooltip");
    if (!text || hovered === null) {
      map.closeTooltip(tooltip);
      return;
    }
    const box = document.createElement("span");
    box.textContent = text; // never as HTML: it may contain names from files
    tooltip.setContent(box).setLatLng(place);
    if (!tooltip.isOpen()) tooltip.addTo(map);
  };
  const events = { mousemove: move, mouseout: out, click, contextmenu: context };
  map.on(events);
  const stop = onChange(model, ["tooltip"], showTooltip);

  const box = map.getContainer();
  box.setAttribute("data-jp-suppress-context-menu", "");
  box.setAttribute("data-lm-suppress-shortcuts", "true");
  return () => {
    map.off(events);
    stop();
  };
}
