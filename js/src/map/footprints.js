// Where patches are on the map, and which patch is at a place. Pure: uses neither page nor Leaflet.

import { project, unproject } from "./mercator.js";

/** @import { LatLng } from "../types.js" */

/** Pixels along the side of a map tile. */
export const TILE = 256;

/** Value of a tile's index where there is no patch; patches are counted from 1 there. */
export const NO_PATCH = 0;

/**
 * Which patch each pixel of a tile shows.
 *
 * @typedef {object} TileIndex
 * @property {Uint32Array} index (257 * 257) patch number + 1, or `NO_PATCH`, row by row; one pixel
 *   wider and higher than the tile, so that lines between patches are found on the last row and
 *   column too
 * @property {number} widest pixels across the widest patch on the tile, 0 without a patch
 */

/**
 * The footprint of every patch, a quadrilateral of any orientation.
 */
export class Footprints {
  /**
   * @param {readonly [number, number]} origin Web Mercator x and y that corners are offsets from
   * @param {Float32Array} corners x and y of four corners in order around the patch, so 8 numbers
   *   a patch
   */
  constructor(origin, corners) {
    this.originX = origin[0];
    this.originY = origin[1];
    this.corners = corners;
    this.count = corners.length / 8;
    /** West, north, east, south of each patch; y grows to the south. */
    this.box = new Float32Array(this.count * 4);
    for (let i = 0; i < this.count; i++) {
      const xs = [0, 2, 4, 6].map((k) => corners[8 * i + k]);
      const ys = [1, 3, 5, 7].map((k) => corners[8 * i + k]);
      this.box.set([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], 4 * i);
    }
  }

  /**
   * Returns the patch at a place, or null. Where patches overlap, it is the first.
   *
   * @param {LatLng} place
   * @returns {number | null}
   */
  at(place) {
    const [worldX, worldY] = project(place);
    const x = worldX - this.originX;
    const y = worldY - this.originY;
    const box = this.box;
    for (let i = 0, b = 0; i < this.count; i++, b += 4) {
      if (x < box[b] || x >= box[b + 2] || y < box[b + 1] || y >= box[b + 3]) continue;
      if (this.#holds(i, x, y)) return i;
    }
    return null;
  }

  /**
   * Crossing test: a ray from a point inside leaves the patch through an odd number of edges.
   *
   * @param {number} i
   * @param {number} x
   * @param {number} y
   */
  #holds(i, x, y) {
    let inside = false;
    for (let k = 0, j = 3; k < 4; j = k++) {
      const [xk, yk, xj, yj] = this.#edge(i, k, j);
      if (yk > y !== yj > y && x < ((xj - xk) * (y - yk)) / (yj - yk) + xk) inside = !inside;
    }
    return inside;
  }

  /**
   * @param {number} i
   * @param {number} k
   * @param {number} j
   * @returns {[number, number, number, number]} x and y of corner `k`, then of corner `j`
   */
  #edge(i, k, j) {
    const from = 8 * i + 2 * k;
    const to = 8 * i + 2 * j;
    const corners = this.corners;
    return [corners[from], corners[from + 1], corners[to], corners[to + 1]];
  }

  /**
   * Returns the corners of a patch in the form that Leaflet expects.
   *
   * @param {number} i
   * @returns {[number, number][]} four times latitude, longitude
   */
  outline(i) {
    return [0, 1, 2, 3].map((k) => {
      const at = 8 * i + 2 * k;
      return unproject(this.corners[at] + this.originX, this.corners[at + 1] + this.originY);
    });
  }

  /**
   * Computes which patch each pixel of a tile shows.
   *
   * @param {{ x: number, y: number, z: number }} tile column, row and zoom
   * @returns {TileIndex}
   */
  rasterize({ x, y, z }) {
    const side = TILE + 1;
    const index = new Uint32Array(side * side);
    const scale = TILE * 2 ** z;
    const left = x * TILE - this.originX * scale;
    const top = y * TILE - this.originY * scale;
    let widest = 0;
    for (let i = 0, b = 0; i < this.count; i++, b += 4) {
      const west = this.box[b] * scale - left;
      const north = this.box[b + 1] * scale - top;
      const east = this.box[b + 2] * scale - left;
      const south = this.box[b + 3] * scale - top;
      if (east < 0 || south < 0 || west > side || north > side) continue;
      widest = Math.max(widest, east - west);
      if (!this.#fill(index, i, { side, scale, left, top, north, south })) {
        // Narrower than a pixel: give it one pixel.
        const column = Math.floor(west);
        const row = Math.floor(north);
        if (column >= 0 && row >= 0 && column < side && row < side) {
          index[row * side + column] = i + 1;
        }
      }
    }
    return { index, widest };
  }

  /**
   * Fills the pixels whose centre is in the patch; neighbours share an edge and no pixel.
   *
   * @param {Uint32Array} index
   * @param {number} i
   * @param {{ side: number, scale: number, left: number, top: number, north: number,
   *   south: number }} tile
   * @returns {boolean} whether there was one
   */
  #fill(index, i, { side, scale, left, top, north, south }) {
    let filled = false;
    const first = Math.max(0, Math.ceil(north - 0.5));
    const last = Math.min(side - 1, Math.ceil(south - 0.5) - 1);
    for (let row = first; row <= last; row++) {
      let from = Infinity;
      let to = -Infinity;
      for (let k = 0, j = 3; k < 4; j = k++) {
        const edge = this.#edge(i, k, j);
        const yk = edge[1] * scale - top;
        const yj = edge[3] * scale - top;
        if (yk > row + 0.5 === yj > row + 0.5) continue;
        const xk = edge[0] * scale - left;
        const xj = edge[2] * scale - left;
        const cut = xk + ((row + 0.5 - yk) / (yj - yk)) * (xj - xk);
        from = Math.min(from, cut);
        to = Math.max(to, cut);
      }
      const start = Math.max(0, Math.ceil(from - 0.5));
      const end = Math.min(side, Math.ceil(to - 0.5));
      if (start < end) {
        index.fill(i + 1, row * side + start, row * side + end);
        filled = true;
      }
    }
    return filled;
  }
}
