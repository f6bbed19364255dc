import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { TileRequests } from "../src/map/tile_requests.js";

describe("requests for tiles", () => {
  const at = { x: 5, y: 6, z: 7 };
  /** @type {any[]} */
  let sent = [];
  /** @type {TileRequests<object, string>} */
  let requests;

  beforeEach(() => {
    sent = [];
    requests = new TileRequests("imagery", (message) => sent.push(message));
  });

  test("name the layer, the tile and a number", () => {
    requests.ask({}, at, "done");
    assert.deepEqual(sent, [{ kind: "tile", layer: "imagery", tile: sent[0].tile, ...at }]);
  });

  test("of two layers are never of one number", () => {
    const second = new TileRequests("second", (message) => sent.push(message));
    for (const layer of [requests, second, requests]) layer.ask({}, at, "done");
    assert.equal(new Set(sent.map(({ tile }) => tile)).size, 3);
    assert.equal(requests.answered(sent[1].tile), undefined);
    assert.notEqual(second.answered(sent[1].tile), undefined);
  });

  test("are answered once", () => {
    const picture = {};
    requests.ask(picture, at, "done");
    assert.deepEqual(requests.answered(sent[0].tile), { picture, done: "done" });
    assert.equal(requests.answered(sent[0].tile), undefined);
  });

  test("are cancelled once, and not answered then", () => {
    const picture = {};
    requests.ask(picture, at, "done");
    requests.cancel(picture);
    requests.cancel(picture);
    assert.deepEqual(sent.slice(1), [{ kind: "cancel", layer: "imagery", tile: sent[0].tile }]);
    assert.equal(requests.answered(sent[0].tile), undefined);
  });

  test("that are answered are not cancelled", () => {
    const picture = {};
    requests.ask(picture, at, "done");
    requests.answered(sent[0].tile);
    requests.cancel(picture);
    requests.cancel({});
    assert.equal(sent.length, 1);
  });
});
