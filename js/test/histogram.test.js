import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import histogram, { heightOf } from "../src/narrow/histogram.js";
import { FakeModel } from "./fake_model.js";
import { find, openPage } from "./page.js";

/** @import { HistogramTraits } from "../src/types.js" */

test("bars grow with the root of their count, so that few are seen beside many", () => {
  assert.equal(heightOf(0, 100), 0);
  assert.equal(heightOf(100, 100), 2 * heightOf(25, 100));
  assert.equal(heightOf(0, 0), 0);
});

describe("the histogram", () => {
  /** @type {FakeModel<HistogramTraits>} */
  let model;
  /** @type {any} */
  let page;
  /** @type {(() => void)[]} */
  let frames = [];

  beforeEach(() => {
    page = openPage("<div id='histogram'></div>");
    frames = [];
    Object.assign(globalThis, {
      requestAnimationFrame: (/** @type {() => void} */ draw) => frames.push(draw),
      cancelAnimationFrame: () => {
        frames = [];
      },
    });
    model = new FakeModel({
      script: "histogram",
      range: [-0.5, 1.5],
      counts: [4, 0, 1, 9],
      known: [0, 0, 0, 4],
      at: 0,
    });
    histogram.render({ model, el: find("#histogram") });
    const plot = find("svg");
    plot.getBoundingClientRect = () => /** @type {DOMRect} */ ({ left: 100, width: 200 });
  });

  const grip = () => find(".rareearth-grip");
  /** @type {(selector: string, kind: string, how: object) => Event} */
  const send = (selector, kind, how) => {
    const event = new page.Event(kind, { bubbles: true, cancelable: true });
    find(selector).dispatchEvent(Object.assign(event, how));
    return event;
  };

  test("has a bar for each count, those with mines over all", () => {
    const heights = (/** @type {string} */ kind) =>
      [...document.querySelectorAll(kind)].map((bar) => Number(bar.getAttribute("height")));
    const all = heights(".rareearth-all");
    assert.equal(all.length, 4);
    assert.equal(all[1], 0);
    assert.ok(Math.abs(all[0] / all[3] - 2 / 3) < 1e-9);
    assert.ok(heights(".rareearth-known")[3] < all[3]);
  });

  test("shows where the line is, also outside the scores", () => {
    assert.equal(grip().style.left, "25%");
    assert.equal(grip().getAttribute("aria-valuenow"), "0.000");
    model.receive({ at: -1 });
    assert.equal(grip().style.left, "0%");
  });

  test("tells where the line is once a picture, and what was chosen once it is released", () => {
    send("#histogram", "pointermove", { clientX: 150 });
    assert.equal(model.traits.at, 0, "it moved without being held");
    send("#histogram", "pointerdown", { clientX: 150, button: 0, pointerId: 1 });
    send("#histogram", "pointermove", { clientX: 200 });
    send("#histogram", "pointermove", { clientX: 250 });
    assert.equal(model.traits.at, 1);
    assert.equal(frames.length, 1);
    assert.equal(model.saved, 0);
    frames[0]();
    assert.equal(model.saved, 1);
    assert.deepEqual(model.sent, []);
    send("#histogram", "pointerup", {});
    assert.deepEqual(model.sent, [{ chosen: 1 }]);
    send("#histogram", "pointermove", { clientX: 110 });
    assert.equal(model.traits.at, 1);
  });

  test("keeps the line within the scores", () => {
    send("#histogram", "pointerdown", { clientX: 900, button: 0, pointerId: 1 });
    assert.equal(model.traits.at, 1.5);
  });

  test("is moved by keys", () => {
    assert.ok(send(".rareearth-grip", "keydown", { key: "PageUp" }).defaultPrevented);
    assert.ok(Math.abs(model.traits.at - 0.1) < 1e-9);
    send(".rareearth-grip", "keydown", { key: "ArrowLeft" });
    assert.ok(Math.abs(model.traits.at - 0.09) < 1e-9);
    assert.equal(model.sent.length, 2);
    assert.ok(!send(".rareearth-grip", "keydown", { key: "q" }).defaultPrevented);
  });

  test("does nothing without scores", () => {
    model.receive({ counts: [], known: [] });
    send("#histogram", "pointerdown", { clientX: 150, button: 0, pointerId: 1 });
    send(".rareearth-grip", "keydown", { key: "PageUp" });
    assert.equal(model.traits.at, 0);
    assert.deepEqual(model.sent, []);
  });
});
