import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GRID_FROM, GRID_LINE, paintPixels, patchColours } from "../src/map/colours.js";
import { NO_PATCH, TILE } from "../src/map/footprints.js";

const SIDE = TILE + 1;

/** Level n is (n, n + 1, n + 2) with alpha 200; level 0 is transparent, as in Python's palettes. */
const PALETTE = Uint8Array.from({ length: 1024 }, (_, at) => {
  const level = Math.floor(at / 4);
  return at % 4 === 3 ? (level ? 200 : 0) : level + (at % 4);
});

/** @param {number} colour */
function rgba(colour) {
  return [...new Uint8Array(Uint32Array.of(colour).buffer)];
}

describe("colours of patches", () => {
  test("are those of their levels, with less alpha", () => {
    const colours = patchColours(Uint8Array.of(7, 250, 0), PALETTE, 0.6);
    assert.equal(colours.length, 4);
    assert.deepEqual(rgba(colours[1]), [7, 8, 9, 120]);
    assert.deepEqual(rgba(colours[2]), [250, 251, 252, 120]);
    assert.equal(rgba(colours[3])[3], 0);
  });

  test("are transparent where there is no patch", () => {
    const opaque = new Uint8Array(1024).fill(255);
    assert.equal(patchColours(Uint8Array.of(0), opaque, 1)[NO_PATCH], 0);
  });

  test("do not change the palette", () => {
    const palette = PALETTE.slice();
    patchColours(Uint8Array.of(1), palette, 0.5);
    assert.deepEqual(palette, PALETTE);
  });
});

describe("pixels of a tile", () => {
  const colours = Uint32Array.of(0, 0xff000011, 0xff000022);

  /**
   * A tile of which the upper left quarter is patch 0, the lower half patch 1.
   *
   * @param {number} line
   * @param {number} widest
   */
  function painted(line, widest = GRID_FROM) {
    const index = new Uint32Array(SIDE * SIDE);
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        if (row >= 128) index[row * SIDE + column] = 2;
        else if (column < 128) index[row * SIDE + column] = 1;
      }
    }
    const pixels = new Uint32Array(TILE * TILE).fill(0x12345678);
    paintPixels(pixels, { index, widest }, colours, line);
    return (/** @type {number} */ column, /** @type {number} */ row) => pixels[row * TILE + column];
  }

  test("take the colour of their patch", () => {
    const at = painted(0);
    assert.equal(at(0, 0), colours[1]);
    assert.equal(at(127, 127), colours[1]);
    assert.equal(at(128, 127), 0);
    assert.equal(at(0, 128), colours[2]);
    assert.equal(at(255, 255), colours[2]);
  });

  test("are a line where the next pixel to the right or below is another patch", () => {
    const at = painted(GRID_LINE);
    assert.equal(at(127, 60), GRID_LINE);
    assert.equal(at(126, 60), colours[1]);
    assert.equal(at(128, 60), 0);
    assert.equal(at(60, 127), GRID_LINE);
    assert.equal(at(200, 127), GRID_LINE);
    assert.equal(at(60, 128), colours[2]);
    // Nothing is invented on the last row and column: there the next tile goes on with the patch.
    assert.equal(at(255, 200), colours[2]);
    assert.equal(at(200, 255), colours[2]);
  });

  test("have no lines where patches are too narrow for them", () => {
    assert.equal(painted(GRID_LINE, GRID_FROM - 0.1)(127, 60), colours[1]);
  });
});
