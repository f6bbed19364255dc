// Finds the Leaflet map that an ipyleaflet Map displays.

import { isLoaded } from "../leaflet_private.js";

/**
 * @import { Map as LeafletMap } from "leaflet"
 * @import { MapTraits, Model, WidgetManager } from "../types.js"
 */

const PAUSE = 50; // milliseconds between two looks

/**
 * Waits for the Leaflet map of an ipyleaflet Map: its views are promises, `view.obj` is the map.
 *
 * There is no limit of time: a cell may be folded for an hour before its map is displayed.
 *
 * @param {Model<MapTraits>} model
 * @param {AbortSignal} signal
 * @returns {Promise<LeafletMap | null>} null if the widget is closed first
 */
export async function displayedMap(model, signal) {
  const id = model.get("map").replace("IPY_MODEL_", "");
  const manager = /** @type {WidgetManager} */ (model.widget_manager);
  const widget = await manager.get_model(id);
  while (!signal.aborted) {
    for (const promise of Object.values(widget.views ?? {})) {
      const map = (await promise)?.obj;
      if (map && isLoaded(map)) return map;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return null;
}
