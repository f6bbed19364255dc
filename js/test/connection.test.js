import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { install } from "@sinonjs/fake-timers";
import { connection, Watch } from "../src/map/connection.js";
import { FakeModel } from "./fake_model.js";
import { find, openPage } from "./page.js";

/** A signal as Lumino's. */
class FakeSignal {
  /** @type {Set<(...given: any[]) => void>} */
  slots = new Set();
  connect = (/** @type {(...given: any[]) => void} */ slot) => void this.slots.add(slot);
  disconnect = (/** @type {(...given: any[]) => void} */ slot) => void this.slots.delete(slot);
  emit(/** @type {any[]} */ ...given) {
    for (const slot of this.slots) slot(...given);
  }
}

class FakeKernel {
  status = "idle";
  connectionStatus = "connected";
  isDisposed = false;
  id = "k";
  serverSettings = { baseUrl: "http://server/base/", token: "" };
  reconnections = 0;
  connectionStatusChanged = new FakeSignal();
  statusChanged = new FakeSignal();
  disposed = new FakeSignal();
  anyMessage = new FakeSignal();

  async reconnect() {
    this.reconnections += 1;
  }

  /** @param {"send" | "recv"} direction */
  pass(direction) {
    this.anyMessage.emit(this, { direction });
  }

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
  /** @type {Watch} */
  let watch;
  /** @type {ReturnType<typeof openPage>} */
  let page;
  /** @type {string} what the server says */
  let answer;
  /** @type {import("@sinonjs/fake-timers").Clock} */
  let clock;

  beforeEach(() => {
    page = openPage("<div class='rareearth-explorer'><div id='map'></div></div>");
    globalThis.window = /** @type {any} */ (new EventTarget());
    answer = "running";
    clock = install({ toFake: ["setTimeout", "clearTimeout"] });
    said = [];
    kernel = new FakeKernel();
    watch = new Watch(
      /** @type {any} */ (kernel),
      (words) => said.push(words),
      async () => /** @type {any} */ (answer),
    );
  });

  afterEach(() => clock.uninstall());

  test("is not reported while it works", () => {
    kernel.become("busy");
    kernel.connect("connected");
    assert.ok(said.every((words) => words === null));
  });

  test("that is interrupted is reported after four seconds, until it is back", async () => {
    kernel.connect("connecting");
    clock.tick(3000);
    kernel.connect("disconnected"); // the time goes on
    assert.deepEqual(said, []);
    await clock.tickAsync(1000);
    await clock.tickAsync(10_000);
    assert.ok(said.every((words) => /is interrupted/.test(String(words))));
    kernel.connect("connected");
    assert.equal(said.at(-1), null);
    const before = said.length;
    await clock.tickAsync(60_000);
    assert.equal(said.length, before);
  });

  test("that Jupyter has given up is made again once the server answers", async () => {
    answer = "unreachable";
    kernel.connect("disconnected");
    await clock.tickAsync(60_000);
    assert.equal(kernel.reconnections, 0);
    answer = "running";
    await clock.tickAsync(5000);
    assert.equal(kernel.reconnections, 1);
  });

  test("to a kernel that was ended during an interruption is over, and that is said", async () => {
    answer = "unreachable";
    kernel.connect("connecting");
    await clock.tickAsync(60_000);
    assert.match(String(said.at(-1)), /is interrupted/);
    answer = "ended";
    await clock.tickAsync(5000);
    assert.match(String(said.at(-1)), /has ended meanwhile.*Reload the page/);
    kernel.connect("connected");
    assert.match(String(said.at(-1)), /has ended meanwhile/);
  });

  test("that fails silently is noticed by the first message without an answer", async () => {
    answer = "unreachable";
    kernel.pass("send");
    kernel.pass("recv");
    await clock.tickAsync(60_000);
    assert.deepEqual(said, [], "an answered message, and a page that is left alone, ask nothing");
    kernel.pass("send");
    await clock.tickAsync(7999);
    assert.deepEqual(said, []);
    await clock.tickAsync(1);
    assert.match(String(said.at(-1)), /is interrupted/);
    answer = "running";
    await clock.tickAsync(5000);
    assert.equal(said.at(-1), null);
  });

  for (const event of ["online", "offline", "visibilitychange"]) {
    test(`is looked at when the browser says ${event}`, async () => {
      answer = "ended";
      if (event === "visibilitychange") document.dispatchEvent(new page.Event(event));
      else window.dispatchEvent(new Event(event));
      await clock.tickAsync(0);
      assert.match(String(said.at(-1)), /has ended meanwhile/);
    });
  }

  test("is asked for at the server, which knows the kernel or does not", async () => {
    /** @type {string[]} */
    const asked = [];
    Object.defineProperty(document, "cookie", { value: "a=b; _xsrf=2|ab" });
    kernel.serverSettings.token = "secret";
    /** @type {number | null} null when it cannot be reached */
    let status = 200;
    const { fetch } = globalThis;
    globalThis.fetch = /** @type {any} */ (
      async (/** @type {URL} */ address, /** @type {{ headers: Headers }} */ { headers }) => {
        asked.push(`${address} ${headers.get("Authorization")} ${headers.get("X-XSRFToken")}`);
        if (status === null) throw new TypeError("Failed to fetch");
        return { ok: status < 400, status };
      }
    );
    const other = new Watch(/** @type {any} */ (kernel), (words) => said.push(words));
    for (const [code, words] of /** @type {[number | null, RegExp][]} */ ([
      [200, /null/],
      [null, /is interrupted/],
      [503, /is interrupted/],
      [404, /has ended meanwhile/],
    ])) {
      watch.stop();
      status = code;
      window.dispatchEvent(new Event("online"));
      await clock.tickAsync(0);
      assert.match(String(said.at(-1)), words);
    }
    assert.equal(new Set(asked).size, 1);
    assert.equal(asked[0], "http://server/base/api/kernels/k token secret 2|ab");
    other.stop();
    globalThis.fetch = fetch;
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
    watch.stop();
    kernel.become("dead");
    clock.tick(10_000);
    assert.deepEqual(said, [null]);
  });

  test("is shown over the explorer, as an alert", () => {
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
