// Web Mercator with the world as the unit square: (0, 0) is its upper left corner, y grows to the
// south. The Python side is `mercator_offsets` in bridge.py.

/** @import { LatLng } from "../types.js" */

/**
 * @param {LatLng} place
 * @returns {[number, number]} x and y, 0 to 1 in the world
 */
export function project({ lat, lng }) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/**
 * @param {number} x
 * @param {number} y
 * @returns {[number, number]} latitude and longitude in degrees
 */
export function unproject(x, y) {
  return [(Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, (x - 0.5) * 360];
}
