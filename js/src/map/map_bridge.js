// Connects an anywidget to the Leaflet map of an ipyleaflet Map: draws the scores of all patches,
// streams imagery over the comm, and reports clicks and hovering. It opens no port and runs no tile
// server, so the same code works in JupyterLab, Voila, JupyterHub and Binder.
//
// bridge.py is the Python side and describes every trait.

import { copied, onChange } from "../model.js";
import { connection } from "./connection.js";
import { displayedMap } from "./displayed_map.js";
import { drawing } from "./drawing.js";
import { keepFitted } from "./fitting.js";
import { Footprints } from "./footprints.js";
import { imageryLayer } from "./imagery_layer.js";
import { mouse } from "./mouse.js";
import { outlines } from "./outlines.js";
import { coordinates, pin } from "./place.js";
import { scoreLayer } from "./score_layer.js";
import { swipe } from "./swipe.js";
import { toolbar } from "./toolbar.js";

/**
 * @import { MapTraits, Model, Widget } from "../types.js"
 */

const FOCUS_ZOOM = 15; // a 250 m patch is about 50 pixels wide

/**
 * @param {Model<MapTraits>} model
 * @param {AbortSignal} signal
 */
async function bind(model, signal) {
  const map = await displayedMap(model, signal);
  if (!map || signal.aborted) return;
  const L = window.L;
  const box = map.getContainer();
  box.leafletMap = map;
  const corners = new Float32Array(copied(model.get("corners")));
  const footprints = new Footprints(model.get("origin"), corners);
  const stopImagery = imageryLayer(model, map, L, "imagery");
  const stopSecond = imageryLayer(model, map, L, "second");
  const scores = scoreLayer(model, map, L, footprints);
  const groups = outlines(model, map, L, footprints);
  const stops = [
    mouse(model, map, L, footprints),
    toolbar(model, map, L),
    drawing(model, map, L),
    coordinates(map, L),
    pin(model, map, L),
    swipe(model, map, L),
    connection(model, map),
    keepFitted(model, map),
    stopImagery,
    stopSecond,
  ];
  onChange(model, ["focus"], () => {
    const focus = model.get("focus");
    if (focus.length) map.flyTo(focus, Math.max(map.getZoom(), FOCUS_ZOOM), { duration: 0.4 });
  });
  // A loading screen covers the explorer until the session is open.
  const ready = () => {
    if (model.get("opened")) box.dataset.ready = "true";
  };
  onChange(model, ["opened"], ready);
  ready();
  model.set("shown", true);
  model.save_changes();
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
    for (const layer of [scores, ...groups.values()]) layer.remove();
  });
}

/** @type {Widget<MapTraits>} */
export default {
  // Not awaited: anywidget allows two seconds to initialize, and the map may be displayed later;
  // JupyterLab would then drop all further messages to the model.
  initialize({ model, signal }) {
    bind(model, signal).catch((error) => console.error("[rareearth-explorer]", error));
  },

  // Invisible, but a widget receives messages only after it is displayed.
  render({ el }) {
    el.style.display = "none";
  },
};
