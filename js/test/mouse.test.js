import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { marking } from "../src/map/mouse.js";

const CLICK = { type: "click", detail: 1, shiftKey: false };
const RIGHT = { type: "contextmenu", detail: 0, shiftKey: false };

describe("a click", () => {
  test("marks the patch under it", () => {
    assert.deepEqual(marking(CLICK, "", 7), { kind: "click", patch: 7, other: false });
    assert.deepEqual(marking(CLICK, "", 0), { kind: "click", patch: 0, other: false });
  });

  test("with shift or the right button marks the other way", () => {
    assert.equal(marking({ ...CLICK, shiftKey: true }, "", 7)?.other, true);
    assert.equal(marking(RIGHT, "", 7)?.other, true);
    assert.equal(marking({ ...RIGHT, shiftKey: true }, "", 7)?.other, true);
  });

  test("marks nothing where no patch is, or with a tool", () => {
    for (const event of [CLICK, RIGHT]) {
      assert.equal(marking(event, "", null), null);
      assert.equal(marking(event, "ruler", 7), null);
    }
  });

  test("is not counted twice of a double click, but of two with the right button", () => {
    assert.equal(marking({ ...CLICK, detail: 2 }, "", 7), null);
    assert.notEqual(marking({ ...RIGHT, detail: 2 }, "", 7), null);
  });
});
