import assert from "node:assert/strict";
import { test } from "node:test";
import { project, unproject } from "../src/map/mercator.js";

/** @type {(actual: number[], expected: number[], within: number) => void} */
function near(actual, expected, within) {
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(actual[i] - value) <= within, `${actual} is not ${expected}`);
  }
}

test("the world is the unit square, y grows to the south", () => {
  near(project({ lat: 0, lng: 0 }), [0.5, 0.5], 1e-15);
  near(project({ lat: 0, lng: -180 }), [0, 0.5], 1e-15);
  near(project({ lat: 0, lng: 180 }), [1, 0.5], 1e-15);
  // Web Mercator ends where its world is square.
  near(project({ lat: 85.0511287798066, lng: 0 }), [0.5, 0], 1e-12);
  near(project({ lat: -85.0511287798066, lng: 0 }), [0.5, 1], 1e-12);
});

test("agrees with EPSG:3857", () => {
  // PROJ: (98.4 E, 26.1 N) -> (10953837.8941, 3011471.6525) m.
  const [x, y] = project({ lat: 26.1, lng: 98.4 });
  const half = Math.PI * 6378137;
  near([(2 * x - 1) * half, (1 - 2 * y) * half], [10953837.8941, 3011471.6525], 0.001);
});

test("there and back", () => {
  for (const lat of [-84, -33.5, 0, 26.1, 71]) {
    for (const lng of [-179.9, -70.25, 0, 98.4, 181]) {
      near(unproject(...project({ lat, lng })), [lat, lng], 1e-10);
    }
  }
});
