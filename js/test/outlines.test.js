import assert from "node:assert/strict";
import { test } from "node:test";
import { changedGroups, linesOf } from "../src/map/outlines.js";

test("a casing is a wider line beneath, and never dashed", () => {
  const line = { color: "#fff", weight: 3, dashArray: "5 6" };
  assert.deepEqual(linesOf({ patches: [1], casing: "#000", ...line }), [
    { color: "#000", weight: 6 },
    line,
  ]);
  assert.deepEqual(linesOf({ patches: [1], ...line }), [line]);
});

test("only groups that differ from what is drawn are drawn anew", () => {
  const drawn = new Map();
  const mines = { patches: [1, 2], color: "green", weight: 2 };
  const selection = { patches: [3], color: "blue", weight: 2 };
  const names = (/** @type {Record<string, typeof mines>} */ wanted) =>
    changedGroups(wanted, drawn).map(([name]) => name);
  assert.deepEqual(names({ mines, selection }), ["mines", "selection"]);
  assert.deepEqual(names({ mines: { ...mines }, selection: { ...selection } }), []);
  assert.deepEqual(names({ mines, selection: { ...selection, patches: [] } }), ["selection"]);
  assert.deepEqual(names({ mines: { ...mines, weight: 3 }, selection }), ["mines", "selection"]);
});
