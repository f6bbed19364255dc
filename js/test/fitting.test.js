import assert from "node:assert/strict";
import { test } from "node:test";
import { farthest } from "../src/map/fitting.js";

test("one can zoom out two levels beyond the whole scene, and no farther than the world", () => {
  assert.deepEqual([12, 11.5, 2, 1, 0].map(farthest), [10, 9.5, 0, 0, 0]);
});
