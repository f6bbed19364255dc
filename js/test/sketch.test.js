import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { boxOf, Sketch } from "../src/map/sketch.js";

/** @import { LatLng, LonLat, Tool } from "../src/types.js" */

/** @type {Tool} */
let tool = "";
/** @type {LatLng[]} */
let shown = [];
/** @type {LonLat[][]} */
let drawn = [];
/** @type {LonLat[][]} */
let measured = [];
/** @type {Sketch} */
let sketch;

/** A place on a map of which a degree is a pixel. @type {(lng: number, lat: number) => LatLng} */
const place = (lng, lat) => ({ lng, lat });

/** @type {(lng: number, lat: number) => import("../src/map/sketch.js").Pointed} */
const pointed = (lng, lat) => ({
  latlng: place(lng, lat),
  pixelsTo: (other) => Math.hypot(other.lng - lng, other.lat - lat),
});

/** @param {[number, number][]} places */
const click = (...places) => {
  for (const [lng, lat] of places) sketch.click(pointed(lng, lat), 1);
};

beforeEach(() => {
  [tool, shown, drawn, measured] = ["", [], [], []];
  sketch = new Sketch({
    tool: () => tool,
    show: (places) => {
      shown = [...places];
    },
    drawn: (ring) => drawn.push(ring),
    measured: (path) => measured.push(path),
  });
});

test("a box goes around from its first corner", () => {
  assert.deepEqual(boxOf(place(1, 2), place(5, 9)), [
    place(1, 2),
    place(5, 2),
    place(5, 9),
    place(1, 9),
  ]);
});

test("without a tool nothing is drawn", () => {
  sketch.press(place(0, 0), 0);
  sketch.move(place(20, 20));
  sketch.release(pointed(20, 20));
  click([0, 0], [20, 0], [20, 20]);
  sketch.finish();
  assert.deepEqual([shown, drawn, measured], [[], [], []]);
});

describe("a rectangle", () => {
  beforeEach(() => {
    tool = "rectangle";
  });

  test("is dragged from corner to corner", () => {
    sketch.press(place(0, 0), 0);
    sketch.move(place(20, 10));
    assert.deepEqual(shown, [place(0, 0), place(20, 0), place(20, 10), place(0, 10), place(0, 0)]);
    sketch.release(pointed(20, 10));
    assert.deepEqual(drawn, [
      [
        [0, 0],
        [20, 0],
        [20, 10],
        [0, 10],
      ],
    ]);
    assert.deepEqual(shown, []);
  });

  test("needs a drag of more than three pixels", () => {
    sketch.press(place(0, 0), 0);
    sketch.release(pointed(3, 0));
    assert.deepEqual(drawn, []);
    sketch.move(place(20, 10));
    assert.deepEqual(shown, []);
    sketch.press(place(0, 0), 0);
    sketch.release(pointed(3.1, 0));
    assert.equal(drawn.length, 1);
  });

  test("is drawn with the left button alone, and no click makes a corner", () => {
    sketch.press(place(0, 0), 2);
    click([5, 5]);
    sketch.release(pointed(20, 10));
    assert.deepEqual([shown, drawn], [[], []]);
  });
});

describe("a polygon", () => {
  beforeEach(() => {
    tool = "polygon";
  });
  const TRIANGLE = /** @type {[number, number][]} */ ([
    [0, 0],
    [50, 0],
    [50, 50],
  ]);

  test("follows the pointer", () => {
    sketch.move(place(9, 9));
    assert.deepEqual(shown, []);
    click([0, 0]);
    sketch.move(place(9, 9));
    assert.deepEqual(shown, [place(0, 0), place(9, 9)]);
  });

  test("is closed by a click near its first corner", () => {
    click(...TRIANGLE, [8, 0]);
    assert.deepEqual(drawn, []); // eight pixels are not near
    click([7.9, 0]);
    assert.deepEqual(drawn, [[...TRIANGLE, [8, 0]]]);
    assert.deepEqual(shown, []);
  });

  test("of two corners cannot be closed", () => {
    click([0, 0], [50, 0], [1, 0]);
    assert.deepEqual(drawn, []);
  });

  test("is closed by a double click, whose second half is no corner", () => {
    click(...TRIANGLE);
    sketch.click(pointed(50, 50), 2);
    sketch.finish();
    assert.deepEqual(drawn, [TRIANGLE]);
  });

  test("that a double click ends too early is forgotten", () => {
    click([0, 0], [50, 0]);
    sketch.finish();
    assert.deepEqual([shown, drawn], [[], []]);
    click([7, 7]);
    assert.deepEqual(shown, [place(7, 7)]);
  });

  test("begins anew after one is drawn", () => {
    click(...TRIANGLE, [0, 0], [3, 3]);
    assert.deepEqual(shown, [place(3, 3)]);
  });
});

describe("the ruler", () => {
  beforeEach(() => {
    tool = "ruler";
  });

  test("tells its path at every point", () => {
    click([0, 0], [50, 0]);
    assert.deepEqual(measured, [
      [[0, 0]],
      [
        [0, 0],
        [50, 0],
      ],
    ]);
    assert.deepEqual(drawn, []);
  });

  test("closes exactly, and goes on", () => {
    click([0, 0], [50, 0], [50, 50], [2, 1]);
    assert.deepEqual(measured.at(-1)?.at(-1), [0, 0]);
  });

  test("lies still after a double click, until the next point", () => {
    click([0, 0], [50, 0]);
    sketch.finish();
    sketch.move(place(9, 9));
    assert.deepEqual(shown, [place(0, 0), place(50, 0)]);
    click([9, 9]);
    assert.deepEqual(measured.at(-1), [[9, 9]]);
  });

  test("is gone with the tool", () => {
    click([0, 0], [50, 0]);
    sketch.finish();
    sketch.clear();
    click([9, 9]);
    assert.deepEqual(shown, [place(9, 9)]);
  });
});
