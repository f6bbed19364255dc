// All that is used of Leaflet beyond its documented interface, so that a new Leaflet is checked here
// and nowhere else. Written against Leaflet 1.9.4, which jupyter-leaflet 0.20 brings.

/** @import { Map as LeafletMap, Renderer } from "leaflet" */

/**
 * Whether a map has a place and a zoom. Before it has, asking it for either throws, and so does
 * most of what is laid on it.
 *
 * `map.whenReady` is the documented way, but it waits without end for a view that was closed
 * before it had a place, and the caller looks at several views.
 *
 * @param {LeafletMap} map
 * @returns {boolean}
 */
export function isLoaded(map) {
  return Boolean(/** @type {any} */ (map)._loaded);
}

/**
 * Draws all shapes of a canvas renderer anew, if it is on a map.
 *
 * Leaflet draws only the rectangle around what changed, and at times what lies outside of it is
 * gone. There is no documented call for the whole: `layer.redraw()` asks for such a rectangle too.
 * A renderer that was taken off its map has no canvas, and drawing on it would throw; `_map` is
 * what tells.
 *
 * @param {Renderer} renderer
 */
export function redrawShapes(renderer) {
  const canvas = /** @type {any} */ (renderer);
  if (canvas._map) canvas._updatePaths();
}
