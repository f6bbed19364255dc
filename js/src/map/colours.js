// Colours of scores, pixel by pixel. Pure: uses neither page nor Leaflet.
//
// A colour is one number, 0xAABBGGRR, as in the Uint32Array of a canvas on little-endian machines,
// which all browsers run on.

import { TILE } from "./footprints.js";

/** @import { TileIndex } from "./footprints.js" */

/** Pixels; narrower patches get no grid lines, because these would hide the scores. */
export const GRID_FROM = 9;

/** Black, one third opaque. */
export const GRID_LINE = 0x59000000;

/**
 * Returns the colour of each patch.
 *
 * @param {Uint8Array} levels (N) colour level of each patch
 * @param {Uint8Array} palette 256 times red, green, blue, alpha
 * @param {number} opacity 0 to 1, multiplies alpha
 * @returns {Uint32Array} (N + 1) by number in a tile's index; 0, which is transparent, for no patch
 */
export function patchColours(levels, palette, opacity) {
  const table = new Uint32Array(256);
  const rgba = new Uint8Array(table.buffer);
  rgba.set(palette);
  for (let level = 0; level < 256; level++) rgba[4 * level + 3] *= opacity;
  const colours = new Uint32Array(levels.length + 1);
  for (let i = 0; i < levels.length; i++) colours[i + 1] = table[levels[i]];
  return colours;
}

/**
 * Colours the pixels of a tile with one look-up for each, without geometry.
 *
 * @param {Uint32Array} pixels (256 * 256) filled row by row
 * @param {TileIndex} tile
 * @param {Uint32Array} colours of each patch, by its number in the index
 * @param {number} line colour of the lines between patches that are wide enough; 0 draws none
 */
export function paintPixels(pixels, { index, widest }, colours, line) {
  const side = TILE + 1;
  const lines = line && widest >= GRID_FROM;
  for (let row = 0, out = 0; row < TILE; row++) {
    for (let at = row * side, end = at + TILE; at < end; at++, out++) {
      const patch = index[at];
      const edge = lines && (patch !== index[at + 1] || patch !== index[at + side]);
      pixels[out] = edge ? line : colours[patch];
    }
  }
}
