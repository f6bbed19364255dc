// Keeps all patches in sight.

import { onChange } from "../model.js";

/**
 * @import { Map as LeafletMap } from "leaflet"
 * @import { MapTraits, Model } from "../types.js"
 */

const ZOOM_OUT = 2; // zoom levels below that of the whole scene

/**
 * The lowest zoom to allow: farther out the scene would be a dot on an empty ground.
 *
 * @param {number} whole zoom at which the whole scene fits
 */
export function farthest(whole) {
  return Math.max(0, whole - ZOOM_OUT);
}

/**
 * Shows all patches, also while the layout is still settling, until a person moves the map.
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
    map.options.minZoom = 0; // that of the last size would keep a smaller map from fitting
    if (untouched) map.fitBounds(model.get("bounds"), { animate: false });
    map.setMinZoom(farthest(map.getBoundsZoom(model.get("bounds"))));
  };
  fit();
  const observer = new ResizeObserver(fit);
  observer.observe(box);
  return () => observer.disconnect();
}
