// The footprint arithmetic decides which patch a click marks.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Footprints, NO_PATCH, TILE } from "../src/map/footprints.js";
import { project } from "../src/map/mercator.js";
import { CORNER, footprintsOf, gridOf, NORTH_UP, placeOf, SIDE, turned } from "./patches.js";

const ROWS = 5;
const COLUMNS = 7;
const WIDTH = TILE + 1; // of a tile's index

/** @type {Record<string, import("./patches.js").Affine>} */
const TRANSFORMS = {
  "north up": NORTH_UP,
  "south up": [SIDE, 0, 0, 0, SIDE, 0],
  "mirrored, east to west": [-SIDE, 0, 0, 0, -SIDE, 0],
  "rows to the east, columns to the south": [0, SIDE, 0, -SIDE, 0, 0],
  "turned by 30 degrees": turned(30, NORTH_UP),
  "turned by 217 degrees": turned(217, NORTH_UP),
  sheared: [SIDE, 0.4 * SIDE, 0, 0.1 * SIDE, -SIDE, 0],
  "patches four times as wide as high": [2 * SIDE, 0, 0, 0, -SIDE / 2, 0],
};

describe("the patch under a place", () => {
  for (const [name, transform] of Object.entries(TRANSFORMS)) {
    const grid = gridOf(transform, ROWS, COLUMNS);
    const at = (/** @type {number} */ column, /** @type {number} */ row) =>
      grid.at(placeOf(transform, column, row));

    test(`is the one of its row and column, also near corners: ${name}`, () => {
      for (let row = 0; row < ROWS; row++) {
        for (let column = 0; column < COLUMNS; column++) {
          for (const x of [0.01, 0.5, 0.99]) {
            for (const y of [0.01, 0.5, 0.99]) {
              assert.equal(at(column + x, row + y), row * COLUMNS + column);
            }
          }
        }
      }
    });

    test(`is none just outside of the grid: ${name}`, () => {
      for (let column = 0.5; column < COLUMNS; column++) {
        assert.equal(at(column, -0.01), null);
        assert.equal(at(column, ROWS + 0.01), null);
      }
      for (let row = 0.5; row < ROWS; row++) {
        assert.equal(at(-0.01, row), null);
        assert.equal(at(COLUMNS + 0.01, row), null);
      }
    });
  }

  test("an edge or a corner that patches share belongs to one of them", () => {
    // Corners that float32 holds exactly, so that the place lies on them and not beside them.
    const unit = 2 ** -12;
    const square = (/** @type {number} */ column, /** @type {number} */ row) =>
      [
        [column, row],
        [column + 1, row],
        [column + 1, row + 1],
        [column, row + 1],
      ].flatMap(([x, y]) => [x * unit, y * unit]);
    const corners = [square(-1, -1), square(0, -1), square(-1, 0), square(0, 0)].flat();
    const grid = new Footprints([0.5, 0.5], Float32Array.from(corners));
    const lng = 360 * unit;
    // The equator and the zero meridian, which are exact in either direction.
    assert.equal(grid.at({ lat: 0, lng: 0 }), 3);
    assert.equal(grid.at({ lat: 0, lng: -lng / 2 }), 2);
    assert.equal(grid.at({ lat: 0, lng: lng / 2 }), 3);
    assert.equal(grid.at({ lat: lng / 2, lng: 0 }), 1);
    assert.equal(grid.at({ lat: -lng / 2, lng: 0 }), 3);
    // Of the grid's own edge, west and north are in it, east and south are not.
    assert.equal(grid.at({ lat: 0, lng: -lng }), 2);
    assert.equal(grid.at({ lat: 0, lng }), null);
  });

  test("a box around a turned patch is not the patch", () => {
    const diamond = gridOf(turned(45, NORTH_UP), 1, 1);
    const [north, east, south, west] = diamond.outline(0).map(([lat, lng]) => ({ lat, lng }));
    assert.equal(
      diamond.at({ lat: (north.lat + south.lat) / 2, lng: (east.lng + west.lng) / 2 }),
      0,
    );
    const lats = diamond.outline(0).map(([lat]) => lat);
    const lngs = diamond.outline(0).map(([, lng]) => lng);
    const inset = SIDE / 10;
    for (const lat of [Math.min(...lats) + inset, Math.max(...lats) - inset]) {
      for (const lng of [Math.min(...lngs) + inset, Math.max(...lngs) - inset]) {
        assert.equal(diamond.at({ lat, lng }), null);
      }
    }
  });

  test("a table without a grid: gaps, holes and patches of any shape", () => {
    const table = footprintsOf([
      [
        { lat: 26.1, lng: 98.4 },
        { lat: 26.1, lng: 98.41 },
        { lat: 26.09, lng: 98.41 },
        { lat: 26.09, lng: 98.4 },
      ],
      // A triangle, whose last corner is there twice.
      [
        { lat: 26.1, lng: 98.42 },
        { lat: 26.1, lng: 98.43 },
        { lat: 26.09, lng: 98.42 },
        { lat: 26.09, lng: 98.42 },
      ],
    ]);
    assert.equal(table.at({ lat: 26.095, lng: 98.405 }), 0);
    assert.equal(table.at({ lat: 26.095, lng: 98.415 }), null); // between them
    assert.equal(table.at({ lat: 26.098, lng: 98.422 }), 1);
    assert.equal(table.at({ lat: 26.092, lng: 98.428 }), null); // in its box, beyond its long side
  });

  test("of two that overlap it is the first", () => {
    const square = (/** @type {number} */ by) =>
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ].map(([x, y]) => placeOf(NORTH_UP, x + by, y + by));
    const table = footprintsOf([square(0), square(0.5)]);
    assert.equal(table.at(placeOf(NORTH_UP, 0.75, 0.75)), 0);
    assert.equal(table.at(placeOf(NORTH_UP, 1.25, 1.25)), 1);
  });

  test("the other copies of the world, beyond the antimeridian, hold none", () => {
    const grid = gridOf(NORTH_UP, ROWS, COLUMNS);
    const { lat, lng } = placeOf(NORTH_UP, 0.5, 0.5);
    assert.equal(grid.at({ lat, lng }), 0);
    for (const turn of [-360, 360]) assert.equal(grid.at({ lat, lng: lng + turn }), null);
  });

  test("a grid may end at the antimeridian", () => {
    const row = [179.98, 179.99].map((west) => [
      { lat: 0.01, lng: west },
      { lat: 0.01, lng: west + 0.01 },
      { lat: 0, lng: west + 0.01 },
      { lat: 0, lng: west },
    ]);
    const grid = footprintsOf(row);
    assert.equal(grid.at({ lat: 0.005, lng: 179.985 }), 0);
    assert.equal(grid.at({ lat: 0.005, lng: 179.9999 }), 1);
    assert.equal(grid.at({ lat: 0.005, lng: -179.9999 }), null);
  });

  test("a table without patches has none anywhere", () => {
    const none = new Footprints([0.5, 0.5], new Float32Array(0));
    assert.equal(none.at(CORNER), null);
    assert.equal(none.rasterize({ x: 0, y: 0, z: 0 }).widest, 0);
  });

  test("float32 offsets keep edges of a scene of 100 km exact to centimetres", () => {
    const rows = 400;
    const corners = [0, rows - 1].map((row) =>
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ].map(([x, y]) => placeOf(NORTH_UP, x, row + y)),
    );
    const grid = footprintsOf(corners);
    const centimetres = 5e-7 / SIDE; // 5 cm, in patches
    assert.equal(grid.at(placeOf(NORTH_UP, 0.5, rows - centimetres)), 1);
    assert.equal(grid.at(placeOf(NORTH_UP, 0.5, rows + centimetres)), null);
  });
});

test("an outline is the four corners in their order", () => {
  const transform = turned(30, NORTH_UP);
  const grid = gridOf(transform, ROWS, COLUMNS);
  const around = [
    [3, 2],
    [4, 2],
    [4, 3],
    [3, 3],
  ].map(([column, row]) => placeOf(transform, column, row));
  for (const [k, [lat, lng]] of grid.outline(2 * COLUMNS + 3).entries()) {
    assert.ok(Math.abs(lat - around[k].lat) < 1e-6 && Math.abs(lng - around[k].lng) < 1e-6);
  }
});

describe("the index of a tile", () => {
  /**
   * The tile that holds a place, and the place's pixel on it.
   *
   * @param {import("../src/types.js").LatLng} place
   * @param {number} z
   */
  function pixelOf(place, z) {
    const [x, y] = project(place).map((axis) => axis * 2 ** z);
    const tile = { x: Math.floor(x), y: Math.floor(y), z };
    return { tile, column: (x - tile.x) * TILE, row: (y - tile.y) * TILE };
  }

  /**
   * A tile and its eight neighbours.
   *
   * @param {{ x: number, y: number, z: number }} tile
   */
  function tilesAround({ x, y, z }) {
    const steps = [-1, 0, 1];
    return steps.flatMap((dy) => steps.map((dx) => ({ x: x + dx, y: y + dy, z })));
  }

  /**
   * Where the centre of a tile's pixel is.
   *
   * @param {{ x: number, y: number, z: number }} tile
   * @param {number} column
   * @param {number} row
   */
  function centreOf({ x, y, z }, column, row) {
    const worldX = (x + (column + 0.5) / TILE) / 2 ** z;
    const worldY = (y + (row + 0.5) / TILE) / 2 ** z;
    const lat = (Math.atan(Math.sinh(Math.PI * (1 - 2 * worldY))) * 180) / Math.PI;
    return { lat, lng: (worldX - 0.5) * 360 };
  }

  for (const [name, transform] of Object.entries(TRANSFORMS)) {
    test(`holds for each pixel the patch under its centre, so colours lie where clicks mark: ${name}`, () => {
      const grid = gridOf(transform, ROWS, COLUMNS);
      const { tile } = pixelOf(placeOf(transform, COLUMNS / 2, ROWS / 2), 14);
      const seen = new Set();
      for (const around of tilesAround(tile)) {
        const { index } = grid.rasterize(around);
        for (let row = 0; row < WIDTH; row += 3) {
          for (let column = 0; column < WIDTH; column += 3) {
            const patch = grid.at(centreOf(around, column, row));
            assert.equal(index[row * WIDTH + column], patch === null ? NO_PATCH : patch + 1);
            seen.add(patch);
          }
        }
      }
      assert.equal(seen.size, ROWS * COLUMNS + 1, "not all patches are on these tiles");
    });
  }

  test("has one more column and row, which are the next tile's first", () => {
    const grid = gridOf(NORTH_UP, 40, 40);
    const { tile } = pixelOf(placeOf(NORTH_UP, 8, 8), 14);
    const here = grid.rasterize(tile).index;
    const east = grid.rasterize({ ...tile, x: tile.x + 1 }).index;
    const south = grid.rasterize({ ...tile, y: tile.y + 1 }).index;
    for (let at = 0; at < TILE; at++) {
      assert.equal(here[at * WIDTH + TILE], east[at * WIDTH]);
      assert.equal(here[TILE * WIDTH + at], south[at]);
    }
  });

  test("tells how wide the widest patch on it is", () => {
    const grid = gridOf(NORTH_UP, ROWS, COLUMNS);
    const { tile } = pixelOf(placeOf(NORTH_UP, 3, 2), 14);
    const pixels = (SIDE / 360) * TILE * 2 ** 14;
    assert.ok(Math.abs(grid.rasterize(tile).widest - pixels) < 0.01);
    assert.equal(grid.rasterize({ ...tile, x: tile.x + 5 }).widest, 0);
    const triangle = (/** @type {number} */ width) => {
      const last = placeOf(NORTH_UP, 3, 3);
      return [placeOf(NORTH_UP, 3, 2), placeOf(NORTH_UP, 3 + width, 2), last, last];
    };
    const table = footprintsOf([0.2, 1, 0.5].map(triangle));
    assert.ok(Math.abs(table.rasterize(tile).widest - pixels) < 0.01);
  });

  test("shows a patch that is smaller than a pixel on the pixel where it is", () => {
    const grid = gridOf(NORTH_UP, 1, 1);
    const { tile, column, row } = pixelOf(placeOf(NORTH_UP, 0, 0), 4);
    const { index } = grid.rasterize(tile);
    const shown = [...index.keys()].filter((at) => index[at] !== NO_PATCH);
    assert.deepEqual(shown, [Math.floor(row) * WIDTH + Math.floor(column)]);
  });

  test("shows nothing of a patch beside it", () => {
    const grid = gridOf(NORTH_UP, 1, 1);
    const { tile } = pixelOf(placeOf(NORTH_UP, 0.5, 0.5), 4);
    const shown = tilesAround(tile).map((around) =>
      grid.rasterize(around).index.some((patch) => patch !== NO_PATCH),
    );
    assert.deepEqual(shown, [false, false, false, false, true, false, false, false, false]);
  });
});
