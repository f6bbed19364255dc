// Keeps all patches visible.

import { onChange } from "../model.js";

/**
 * @import { Map as LeafletMap } from "leaflet"
 * @import { MapTraits, Model } from "../types.js"
 */

const ZOOM_OUT = 2; // zoom levels below the one that shows the whole scene

/**
 * Returns the lowest allowed zoom; at lower ones the scene would be a dot.
 *
 * @param {number} whole zoom at which the whole scene fits
 */
export function farthest(whole) {
  return Math.max(0, whole - ZOOM_OUT);
}

/**
 * Shows all patches, even while the layout still changes, until the user moves the map.
 *
 * @param {Model<MapTraits>} model
 * @param {LeafletMap} map
 */
export function keepFitted(model, map) {
  const box = map.getContainer();
  let untouched = true;
  const touch = () => {
    untouched = false;
  };
  onChange(model, ["focus"], touch);
  for (const name of ["pointerdown", "wheel"]) {
    box.addEventListener(name, touch, { once: true, passive: true });
  }
  const fit = () => {
    map.invalidateSize({ animate: false });
    map.options.minZoom = 0; // the minimum of the last size could prevent fitting a smaller map
    if (untouched) map.fitBounds(model.get("bounds"), { animate: false });
    map.setMinZoom(farthest(map.getBoundsZoom(model.get("bounds"))));
  };
  fit();
  const observer = new ResizeObserver(fit);
  observer.observe(box);
  return () => observer.disconnect();
}
