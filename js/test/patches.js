// Footprints made as Python makes them: corners of a grid in a raster, in Web Mercator.

import { Footprints } from "../src/map/footprints.js";
import { project } from "../src/map/mercator.js";

/** @import { LatLng } from "../src/types.js" */

/** Degrees; where the grids of the tests begin, at Pang War. */
export const CORNER = { lng: 98.4, lat: 26.1 };

/** Degrees; the side of a patch of the tests. */
export const SIDE = 0.0025;

/**
 * An affine transform from (column, row) to degrees east and north of `CORNER`, as in a GeoTIFF:
 * `[a, b, c, d, e, f]` gives `a * column + b * row + c` and `d * column + e * row + f`.
 *
 * @typedef {[number, number, number, number, number, number]} Affine
 */

/** @type {Affine} */
export const NORTH_UP = [SIDE, 0, 0, 0, -SIDE, 0];

/**
 * @param {number} degrees counterclockwise
 * @param {Affine} transform
 * @returns {Affine} the same, turned around `CORNER`
 */
export function turned(degrees, [a, b, c, d, e, f]) {
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  return [
    cos * a - sin * d,
    cos * b - sin * e,
    cos * c - sin * f,
    sin * a + cos * d,
    sin * b + cos * e,
    sin * c + cos * f,
  ];
}

/**
 * @param {Affine} transform
 * @param {number} column
 * @param {number} row
 * @returns {LatLng}
 */
export function placeOf([a, b, c, d, e, f], column, row) {
  return {
    lng: CORNER.lng + a * column + b * row + c,
    lat: CORNER.lat + d * column + e * row + f,
  };
}

/**
 * Footprints of quadrilaterals, offsets from their mean as `mercator_offsets` of Python has it.
 *
 * @param {LatLng[][]} quadrilaterals
 */
export function footprintsOf(quadrilaterals) {
  const world = quadrilaterals.flat().map(project);
  const mean = (/** @type {0 | 1} */ axis) =>
    world.reduce((sum, place) => sum + place[axis], 0) / world.length;
  const [x, y] = [mean(0), mean(1)];
  const corners = Float32Array.from(world.flatMap((place) => [place[0] - x, place[1] - y]));
  return new Footprints([x, y], corners);
}

/**
 * Footprints of a whole grid; patch `row * columns + column`.
 *
 * @param {Affine} transform
 * @param {number} rows
 * @param {number} columns
 */
export function gridOf(transform, rows, columns) {
  const patches = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const around = [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ];
      patches.push(around.map(([x, y]) => placeOf(transform, column + x, row + y)));
    }
  }
  return footprintsOf(patches);
}
