import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { install } from "@sinonjs/fake-timers";
import { displayedMap } from "../src/map/displayed_map.js";
import { FakeModel } from "./fake_model.js";

const HOUR = 3_600_000;

describe("the displayed map", () => {
  /** @type {import("@sinonjs/fake-timers").Clock} */
  let clock;
  /** @type {{ views?: Record<string, Promise<{ obj: object }>> }} */
  let widget;
  /** @type {FakeModel<MapTraits>} */
  let model;

  beforeEach(() => {
    clock = install();
    widget = {};
    model = new FakeModel(/** @type {Partial<MapTraits>} */ ({ map: "IPY_MODEL_7" }));
    const manager = {
      get_model: async (/** @type {string} */ id) => (id === "7" ? widget : {}),
    };
    Object.assign(model, { widget_manager: manager });
  });
  afterEach(() => clock.uninstall());

  test("is waited for, however long its cell stays folded", async () => {
    const map = { _loaded: false };
    const found = displayedMap(model, new AbortController().signal);
    await clock.tickAsync(HOUR);
    widget.views = { one: Promise.resolve({ obj: map }) };
    await clock.tickAsync(HOUR);
    map._loaded = true;
    await clock.tickAsync(1000);
    assert.equal(await found, map);
  });

  test("is none if the widget is closed first", async () => {
    const closing = new AbortController();
    const found = displayedMap(model, closing.signal);
    await clock.tickAsync(1000);
    closing.abort();
    await clock.tickAsync(1000);
    assert.equal(await found, null);
  });
});

/** @import { MapTraits } from "../src/types.js" */
