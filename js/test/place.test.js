import assert from "node:assert/strict";
import { test } from "node:test";
import { written } from "../src/map/place.js";

test("a place is written with five decimals and its hemispheres", () => {
  assert.equal(written({ lat: 26.1, lng: 98.4000049 }), "26.10000° N, 98.40000° E");
  assert.equal(written({ lat: -33.5, lng: -70.25 }), "33.50000° S, 70.25000° W");
  assert.equal(written({ lat: 0, lng: 0 }), "0.00000° N, 0.00000° E");
});
