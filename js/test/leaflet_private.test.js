import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isLoaded, redrawShapes } from "../src/leaflet_private.js";

describe("the private side of Leaflet", () => {
  test("a map is loaded once it has a place", () => {
    assert.equal(isLoaded(/** @type {any} */ ({})), false);
    assert.equal(isLoaded(/** @type {any} */ ({ _loaded: true })), true);
  });

  test("shapes are drawn anew on a map, and left alone off it", () => {
    let drawn = 0;
    const renderer = { _map: /** @type {object | null} */ ({}), _updatePaths: () => drawn++ };
    redrawShapes(/** @type {any} */ (renderer));
    assert.equal(drawn, 1);
    renderer._map = null;
    redrawShapes(/** @type {any} */ (renderer));
    assert.equal(drawn, 1);
  });
});
