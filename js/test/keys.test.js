import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import keys, { isIgnoredRepeat, nameOf } from "../src/keyboard/keys.js";
import { FakeModel } from "./fake_model.js";
import { find, openPage } from "./page.js";

/** @import { KeyTraits } from "../src/types.js" */

test("keys are named as Python names them", () => {
  const plain = { ctrlKey: false, metaKey: false };
  assert.equal(nameOf({ ...plain, key: "c" }), "c");
  assert.equal(nameOf({ ...plain, key: "z", ctrlKey: true }), "Ctrl+z");
  assert.equal(nameOf({ ...plain, key: "z", metaKey: true }), "Ctrl+z"); // a Mac's ⌘
});

test("a key that is held down repeats only where it does no harm", () => {
  for (const key of ["ArrowLeft", "ArrowRight", "[", "]"]) {
    assert.equal(isIgnoredRepeat({ key, repeat: true }), false);
  }
  for (const key of ["c", "x", "Ctrl+z", "Enter"]) {
    assert.equal(isIgnoredRepeat({ key, repeat: true }), true);
    assert.equal(isIgnoredRepeat({ key, repeat: false }), false);
  }
});

describe("a key pressed", () => {
  /** @type {FakeModel<KeyTraits>} */
  let model;
  /** @type {any} */
  let page;
  /** Keys that reached the page. @type {string[]} */
  let passed = [];

  beforeEach(() => {
    page = openPage(`
      <div class="rareearth-explorer">
        <div id="keys"></div><div id="map"></div>
        <input id="text"><input id="box" type="checkbox"><input id="range" type="range">
        <textarea id="area"></textarea><select id="list"></select>
        <div id="handle" role="slider"></div>
      </div>
      <div id="outside"></div>`);
    passed = [];
    model = new FakeModel({ script: "keys", names: ["c", "ArrowRight", "Ctrl+z"] });
    keys.render({ model, el: find("#keys") });
    document.addEventListener("keydown", (event) => passed.push(event.key));
  });

  /**
   * @param {string} where
   * @param {Partial<KeyboardEvent>} how
   */
  function press(where, how) {
    const event = new page.Event("keydown", { bubbles: true, cancelable: true });
    Object.assign(event, { key: "c", ctrlKey: false, metaKey: false, repeat: false, ...how });
    find(where).dispatchEvent(event);
    return event;
  }

  test("in the explorer goes to Python and no farther", () => {
    assert.ok(press("#map", { key: "c" }).defaultPrevented);
    press("#map", { key: "z", ctrlKey: true });
    assert.deepEqual(model.sent, [{ key: "c" }, { key: "Ctrl+z" }]);
    assert.deepEqual(passed, []);
  });

  test("that means nothing, or is pressed elsewhere, stays the page's", () => {
    assert.ok(!press("#map", { key: "q" }).defaultPrevented);
    press("#map", { key: "c", ctrlKey: true });
    press("#outside", { key: "c" });
    assert.deepEqual(model.sent, []);
    assert.deepEqual(passed, ["q", "c", "c"]);
  });

  test("that ends writing gives the keys back to the explorer", async () => {
    let focused = 0;
    find(".rareearth-explorer").focus = () => {
      focused += 1;
    };
    const after = () => new Promise((resolve) => setTimeout(resolve));
    for (const [field, key, expected] of [
      ["#text", "Enter", 1],
      ["#text", "Escape", 2],
      ["#area", "Enter", 2], // a line of the text
      ["#area", "Escape", 3],
      ["#map", "Escape", 3],
    ]) {
      press(String(field), { key: String(key) });
      await after();
      assert.equal(focused, expected, `${key} in ${field}`);
    }
  });

  test("is the explorer's after a button of it hid itself, until something else is used", () => {
    const use = (/** @type {string} */ where, kind = "pointerdown") =>
      find(where).dispatchEvent(new page.Event(kind, { bubbles: true }));
    press("body", { key: "c" });
    assert.deepEqual(model.sent, []);
    use("#map");
    press("body", { key: "c" });
    assert.deepEqual(model.sent, [{ key: "c" }]);
    press("#outside", { key: "c" });
    use("#outside", "focusin");
    press("body", { key: "c" });
    assert.equal(model.sent.length, 1);
  });

  test("belongs to a slider that uses it", () => {
    model.receive({ names: ["c", "ArrowRight", "PageUp"] });
    press("#handle", { key: "ArrowRight" });
    press("#handle", { key: "PageUp" });
    assert.deepEqual(model.sent, []);
  });

  test("in a field is what somebody writes, on a box or a range it is not", () => {
    for (const field of ["#text", "#area", "#list"]) press(field, { key: "c" });
    assert.deepEqual(model.sent, []);
    for (const other of ["#box", "#range"]) press(other, { key: "c" });
    assert.equal(model.sent.length, 2);
  });

  test("on a slider moves it if it is an arrow", () => {
    press("#handle", { key: "ArrowRight" });
    assert.deepEqual(model.sent, []);
    press("#handle", { key: "c" });
    press("#map", { key: "ArrowRight" });
    assert.deepEqual(model.sent, [{ key: "c" }, { key: "ArrowRight" }]);
  });

  test("and held down is sent once, and kept from the page as before", () => {
    press("#map", { key: "c" });
    press("#map", { key: "c", repeat: true });
    assert.deepEqual(model.sent, [{ key: "c" }]);
    assert.deepEqual(passed, []);
  });

  test("after the widget is gone stays the page's", () => {
    keys.render({ model, el: find("#keys") })?.();
    const again = new FakeModel({ script: "keys", names: ["c"] });
    openPage("<div class='rareearth-explorer'><i></i></div>");
    keys.render({ model: again, el: find("i") })?.();
    press("i", { key: "c" });
    assert.deepEqual(again.sent, []);
  });
});

describe("the focus", () => {
  /** @type {any} */
  let page;
  let focused = 0;

  beforeEach(() => {
    focused = 0;
    page = openPage(`
      <div class="rareearth-explorer">
        <div id="keys"></div><div id="map"></div><input id="text"><select id="list"></select>
      </div>`);
    find(".rareearth-explorer").focus = () => {
      focused++;
    };
    keys.render({ model: new FakeModel({ script: "keys", names: [] }), el: find("#keys") });
  });

  /** @type {(where: string, what: string) => void} */
  const happen = (where, what) => {
    find(where).dispatchEvent(Object.assign(new page.Event(what, { bubbles: true }), { key: "a" }));
  };

  test("comes to the explorer by a click, unless it goes into a field", () => {
    happen("#text", "pointerdown");
    assert.equal(focused, 0);
    happen("#map", "pointerdown");
    assert.equal(focused, 1);
  });

  test("leaves a list after a choice with the mouse, not after one by keys", () => {
    happen("#list", "pointerdown");
    happen("#list", "change");
    assert.equal(focused, 1);
    happen("#list", "keydown");
    happen("#list", "change");
    assert.equal(focused, 1);
  });
});
