import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { install } from "@sinonjs/fake-timers";
import { connection, watch } from "../src/map/connection.js";
import { FakeModel } from "./fake_model.js";
import { find, openPage } from "./page.js";

/** A signal as Lumino's, of which only the slots matter. */
class FakeSignal {
  /** @type {Set<() => void>} */
  slots = new Set();
  connect = (/** @type {() => void} */ slot) => void this.slots.add(slot);
  disconnect = (/** @type {() => void} */ slot) => void this.slots.delete(slot);
  emit() {
    for (const slot of this.slots) slot();
  }
}

class FakeKernel {
  status = "idle";
  connectionStatus = "connected";
  isDisposed = false;
  connectionStatusChanged = new FakeSignal();
  statusChanged = new FakeSignal();
  disposed = new FakeSignal();

  /** @param {string} status */
  connect(status) {
    this.connectionStatus = status;
    this.connectionStatusChanged.emit();
  }

  /** @param {string} status */
  become(status) {
    this.status = status;
    this.statusChanged.emit();
  }
}

describe("the connection", () => {
  /** @type {(string | null)[]} */
  let said = [];
  /** @type {FakeKernel} */
  let kernel;
  /** @type {() => void} */
  let stop;
  /** @type {import("@sinonjs/fake-timers").Clock} */
  let clock;

  beforeEach(() => {
    clock = install({ toFake: ["setTimeout", "clearTimeout"] });
    said = [];
    kernel = new FakeKernel();
    stop = watch(kernel, (words) => said.push(words));
  });

  afterEach(() => clock.uninstall());

  test("is not reported while it works", () => {
    kernel.become("busy");
    kernel.connect("connected");
    assert.ok(said.every((words) => words === null));
  });

  test("that is interrupted is reported after four seconds, once, until it is back", () => {
    kernel.connect("connecting");
    clock.tick(3000);
    kernel.connect("disconnected"); // the time goes on
    assert.deepEqual(said, []);
    clock.tick(1000);
    assert.match(String(said), /interrupted/);
    clock.tick(10_000);
    assert.equal(said.length, 1);
    kernel.connect("connected");
    assert.equal(said.at(-1), null);
  });

  test("that is back soon is not reported", () => {
    kernel.connect("connecting");
    clock.tick(3999);
    kernel.connect("connected");
    clock.tick(4000);
    assert.deepEqual(said, [null]);
    kernel.connect("connecting"); // counted from the beginning
    clock.tick(3999);
    assert.deepEqual(said, [null]);
  });

  for (const status of ["dead", "terminating", "restarting", "autorestarting"]) {
    test(`of a kernel that is ${status} is over for good`, () => {
      kernel.become(status);
      assert.match(String(said.at(-1)), /has stopped/);
      kernel.become("idle");
      kernel.connect("connected");
      assert.match(String(said.at(-1)), /has stopped/);
    });
  }

  test("of a kernel that is disposed of is over", () => {
    kernel.isDisposed = true;
    kernel.disposed.emit();
    assert.match(String(said.at(-1)), /has stopped/);
  });

  test("is not reported after the watch has stopped", () => {
    kernel.connect("connecting");
    stop();
    kernel.become("dead");
    clock.tick(10_000);
    assert.deepEqual(said, [null]);
  });

  test("is shown over the explorer, as an alert", () => {
    openPage("<div class='rareearth-explorer'><div id='map'></div></div>");
    const model = new FakeModel({});
    const map = /** @type {any} */ ({ getContainer: () => find("#map") });
    assert.doesNotThrow(connection(/** @type {any} */ (model), map)); // a page without a kernel
    const end = connection(/** @type {any} */ ({ widget_manager: { kernel } }), map);
    assert.equal(document.querySelector("[role=alert]"), null);
    kernel.become("dead");
    assert.match(find(".rareearth-explorer > [role=alert]").textContent ?? "", /reload the page/);
    end();
    assert.notEqual(document.querySelector("[role=alert]"), null); // it stays stopped
  });
});
