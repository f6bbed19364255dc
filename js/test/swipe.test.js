import assert from "node:assert/strict";
import { test } from "node:test";
import { clipTo, onTheMap, stepOf } from "../src/map/swipe.js";

test("arrow keys move the handle, others do not", () => {
  assert.equal(stepOf("ArrowLeft"), -0.02);
  assert.equal(stepOf("ArrowRight"), 0.02);
  for (const key of ["ArrowUp", "ArrowDown", "Enter", "toString"]) assert.equal(stepOf(key), 0);
});

test("the handle stays on the map", () => {
  assert.deepEqual([-0.3, 0, 0.4, 1, 7].map(onTheMap), [0, 0, 0.4, 1, 1]);
});

test("the second date is shown right of the handle alone", () => {
  // CSS counts top, right, bottom, left.
  assert.equal(clipTo({ x: 40, y: -5 }, { x: 300, y: 195 }), "rect(-5px, 300px, 195px, 40px)");
});
