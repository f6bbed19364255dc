// Two dates at once: imagery of the second lies above that of the first, right of a handle.

import { onChange } from "../model.js";

/**
 * @import { Map as LeafletMap } from "leaflet"
 * @import { Leaflet, MapTraits, Model } from "../types.js"
 */

const STEP = 0.02; // of the map's width, for an arrow key
const MOVES = "move zoomend viewreset resize"; // of the map beneath the handle

/**
 * Returns how far an arrow key moves the handle, as a share of the map's width; 0 for other keys.
 *
 * @param {string} key
 */
export function stepOf(key) {
  if (key === "ArrowLeft") return -STEP;
  return key === "ArrowRight" ? STEP : 0;
}

/**
 * Limits the position of the handle, a share of the map's width, to the map.
 *
 * @param {number} position
 */
export function onTheMap(position) {
  return Math.min(1, Math.max(0, position));
}

/**
 * Returns the CSS clip that shows only a box.
 *
 * @param {{ x: number, y: number }} upperLeft pixels of the pane that is clipped
 * @param {{ x: number, y: number }} lowerRight
 */
export function clipTo(upperLeft, lowerRight) {
  return `rect(${upperLeft.y}px, ${lowerRight.x}px, ${lowerRight.y}px, ${upperLeft.x}px)`;
}

/**
 * @param {LeafletMap} map
 * @param {Leaflet} L
 */
function makeHandle(map, L) {
  const handle = L.DomUtil.create("div", "rareearth-swipe", map.getContainer());
  const left = L.DomUtil.create("span", "rareearth-date-left", handle);
  const right = L.DomUtil.create("span", "rareearth-date-right", handle);
  handle.tabIndex = 0;
  handle.title = "Drag, or press the arrow keys, to move the border between the two dates";
  handle.setAttribute("role", "slider");
  handle.setAttribute("aria-label", "Border between two dates");
  handle.setAttribute("aria-valuemin", "0");
  handle.setAttribute("aria-valuemax", "100");
  return { handle, left, right };
}

/**
 * @param {Model<MapTraits>} model
 * @param {LeafletMap} map whose imagery layers already exist
 * @param {Leaflet} L
 */
export function swipe(model, map, L) {
  const above = /** @type {HTMLElement} */ (map.getPane("rareearth-second"));
  const { handle, left, right } = makeHandle(map, L);
  let part = 0.5;

  const place = () => {
    const size = map.getSize();
    const x = part * size.x;
    handle.style.left = `${x}px`;
    handle.setAttribute("aria-valuenow", String(Math.round(100 * part)));
    above.style.clip = clipTo(
      map.containerPointToLayerPoint([x, 0]),
      map.containerPointToLayerPoint(size),
    );
  };
  /** @param {number} position */
  const put = (position) => {
    part = onTheMap(position);
    place();
  };
  const drag = (/** @type {PointerEvent} */ event) => {
    const around = map.getContainer().getBoundingClientRect();
    if (!handle.hasPointerCapture(event.pointerId)) return;
    put((event.clientX - around.left) / around.width);
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    const by = stepOf(event.key);
    if (!by) return;
    put(part + by);
    event.preventDefault();
    event.stopPropagation();
  };
  const show = () => {
    handle.style.display = model.get("second") ? "" : "none";
    const [earlier, later] = model.get("dates");
    left.textContent = earlier ?? "";
    right.textContent = later ?? "";
    place();
  };

  L.DomEvent.disableClickPropagation(handle);
  handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
  handle.addEventListener("pointermove", drag);
  handle.addEventListener("keydown", press);
  map.on(MOVES, place);
  const stop = onChange(model, ["second", "dates"], show);
  show();
  return () => {
    map.off(MOVES, place);
    stop();
    handle.remove();
  };
}
