// The built file, loaded as anywidget does: as text, which knows of no other file.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { FakeModel } from "./fake_model.js";
import { find, openPage } from "./page.js";

const file = new URL("../../rareearth_explorer/widgets/static/widgets.js", import.meta.url);
const text = await readFile(file, "base64");
const { default: built } = await import(`data:text/javascript;base64,${text}`);

test("draws the widget that its model names", () => {
  openPage("<div id='sheet'></div>");
  const model = new FakeModel({ script: "sheet", chips: [], pictures: [], verdicts: [], place: 0 });
  built.render({ model, el: find("#sheet") });
  assert.ok(find("#sheet").classList.contains("rareearth-sheet"));
  for (const script of ["map", "keys"]) {
    openPage("<div class='rareearth-explorer'><i></i></div>");
    built.render({ model: new FakeModel({ script, names: [] }), el: find("i") });
    assert.equal(find("i").style.display, "none");
  }
});

test("starts the map, whose mistakes go to the console, and nothing for the others", async (t) => {
  const error = t.mock.method(console, "error", () => {});
  const signal = new AbortController().signal;
  const lost = {
    get_model: (/** @type {string} */ id) =>
      id === "1" ? Promise.reject(new Error("no such model")) : Promise.resolve({}),
  };
  const map = Object.assign(new FakeModel({ script: "map", map: "IPY_MODEL_1" }), {
    widget_manager: lost,
  });
  built.initialize({ model: map, signal });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(error.mock.calls[0].arguments[0], "[rareearth-explorer]");
  for (const script of ["keys", "sheet"])
    built.initialize({ model: new FakeModel({ script }), signal });
  assert.equal(error.mock.callCount(), 1);
});

test("refuses a name that it does not know", () => {
  for (const script of ["", "maps", "toString"]) {
    assert.throws(() => built.render({ model: new FakeModel({ script }) }), /no widget/);
  }
});
