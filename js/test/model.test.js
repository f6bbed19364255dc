import assert from "node:assert/strict";
import { test } from "node:test";
import { copied, onChange } from "../src/model.js";
import { FakeModel } from "./fake_model.js";

test("bytes are copied from where their window begins to where it ends", () => {
  const message = Uint8Array.of(9, 9, 9, 1, 2, 3, 4, 9);
  const bytes = copied(new DataView(message.buffer, 3, 4));
  assert.deepEqual([...new Uint8Array(bytes)], [1, 2, 3, 4]);
  message.fill(0);
  assert.deepEqual([...new Uint8Array(bytes)], [1, 2, 3, 4]);
});

test("a change of any of the traits is heard, until it is stopped", () => {
  const model = new FakeModel({ place: 0, names: "", other: 0 });
  let heard = 0;
  const stop = onChange(model, ["place", "names"], () => heard++);
  model.receive({ other: 1 });
  assert.equal(heard, 0);
  model.receive({ place: 1 });
  model.receive({ names: "a" });
  assert.equal(heard, 2);
  stop();
  model.receive({ place: 2, names: "b" });
  assert.equal(heard, 2);
});
