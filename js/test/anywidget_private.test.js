import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { receiveAlways } from "../src/anywidget_private.js";
import { FakeModel } from "./fake_model.js";

/** @import { OwnIdTraits } from "../src/types.js" */

describe("the private side of anywidget", () => {
  class Plain {
    /** @type {string[]} */
    taken = [];

    comm = {
      /** @type {((message: string) => Promise<void>) | undefined} */
      takes: undefined,
      on_msg(/** @type {(message: string) => Promise<void>} */ takes) {
        this.takes = takes;
      },
    };

    constructor() {
      this.comm.on_msg(this._handle_comm_msg.bind(this));
    }

    /** A message from Python. */
    async hear(/** @type {string} */ message) {
      await this.comm.takes?.(message);
    }

    async _handle_comm_msg(/** @type {string} */ message) {
      if (message === "odd") throw new Error("no such trait");
      this.taken.push(message);
    }
  }

  /** As in anywidget 0.11: the start is waited for. */
  function anywidgets() {
    return class extends Plain {
      ready = Promise.resolve();

      async _handle_comm_msg(/** @type {string} */ message) {
        await this.ready;
        return super._handle_comm_msg(message);
      }
    };
  }

  /** @type {InstanceType<ReturnType<typeof anywidgets>>} */
  let own;
  /** @type {FakeModel<OwnIdTraits>} */
  let model;

  beforeEach(() => {
    own = new (anywidgets())();
    model = new FakeModel({ own_id: "7" });
    const get_model = async (/** @type {string} */ id) => (id === "7" ? own : {});
    const _models = { 7: Promise.resolve(own), 8: Promise.reject(new Error("closed")) };
    _models[8].catch(() => {});
    Object.assign(model, { widget_manager: { get_model, _models } });
  });

  function late() {
    own.ready = Promise.reject(new Error("[anywidget] Failed to initialize model."));
    own.ready.catch(() => {});
  }

  test("a model that started late takes messages", async () => {
    late();
    await assert.rejects(own.hear("lost"));
    await receiveAlways(model);
    await receiveAlways(model); // as each widget of the page does
    await own.hear("one");
    await own.hear("two");
    assert.deepEqual(own.taken, ["one", "two"]);
  });

  test("a model that started in time takes each message once", async () => {
    await receiveAlways(model);
    await own.hear("one");
    assert.deepEqual(own.taken, ["one"]);
  });

  test("other errors are passed on", async () => {
    await receiveAlways(model);
    await assert.rejects(own.hear("odd"), /no such trait/);
    late();
    await assert.rejects(own.hear("odd"), /no such trait/);
  });
});
