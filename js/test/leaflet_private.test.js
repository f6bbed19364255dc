import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dropOldTiles, isLoaded, redrawShapes } from "../src/leaflet_private.js";

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

  test("tiles of earlier zooms go once the new ones are drawn", () => {
    const tile = (/** @type {number | undefined} */ loaded) => ({
      loaded,
      active: false,
      el: { style: { opacity: "0.3" } },
    });
    let pruned = 0;
    const grid = {
      _map: { _animatingZoom: true },
      _noPrune: true,
      _tiles: { drawn: tile(Date.now()), waiting: tile(undefined) },
      _pruneTiles: () => pruned++,
    };
    dropOldTiles(/** @type {any} */ (grid));
    assert.deepEqual([pruned, grid._tiles.drawn.active], [0, false], "in the middle of a zoom");
    grid._map._animatingZoom = false;
    dropOldTiles(/** @type {any} */ (grid));
    assert.equal(pruned, 1);
    assert.equal(grid._noPrune, false);
    assert.deepEqual(
      [grid._tiles.drawn.active, grid._tiles.drawn.el.style.opacity, grid._tiles.waiting.active],
      [true, "1", false],
    );
    dropOldTiles(/** @type {any} */ ({ ...grid, _map: null }));
    assert.equal(pruned, 1, "a layer that is off the map");
  });
});
