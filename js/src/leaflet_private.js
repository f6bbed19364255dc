// All uses of undocumented parts of Leaflet, so that only this file must be checked against a new
// version. Written for Leaflet 1.9.4, which jupyter-leaflet 0.20 includes.

/** @import { GridLayer, Map as LeafletMap, Renderer } from "leaflet" */

/**
 * Whether a map has a place and a zoom. Before that, reading either throws, and most layers cannot
 * be added.
 *
 * `map.whenReady` is the documented way, but it waits forever for a view that was closed before it
 * had a place, and the caller checks several views.
 *
 * @param {LeafletMap} map
 * @returns {boolean}
 */
export function isLoaded(map) {
  return Boolean(/** @type {any} */ (map)._loaded);
}

/**
 * Redraws all shapes of a canvas renderer, if it is on a map.
 *
 * Leaflet redraws only the rectangle around a change, and sometimes shapes outside of it disappear.
 * There is no documented call to redraw everything: `layer.redraw()` redraws such a rectangle too.
 * A renderer that was removed from its map has no canvas, and drawing on it would throw; `_map`
 * tells whether it was removed.
 *
 * @param {Renderer} renderer
 */
export function redrawShapes(renderer) {
  const canvas = /** @type {any} */ (renderer);
  if (canvas._map) canvas._updatePaths();
}

/**
 * Ends the fading of the tiles of a layer that are drawn, and removes those of earlier zooms.
 *
 * Leaflet removes them 250 ms after the last tile was drawn, and when a tile ends its fading one
 * frame before another. On a busy machine the timer comes before the first frame, and all tiles end
 * their fading in one: then those of earlier zooms stay below, until the next zoom.
 *
 * @param {GridLayer} layer
 */
export function dropOldTiles(layer) {
  const grid = /** @type {any} */ (layer);
  if (!grid._map || grid._map._animatingZoom) return;
  for (const tile of Object.values(grid._tiles)) {
    if (!tile.loaded) continue;
    tile.loaded = 1; // milliseconds since 1970, so long ago that it has faded in
    tile.active = true;
    tile.el.style.opacity = "1";
  }
  grid._noPrune = false;
  grid._pruneTiles();
}
