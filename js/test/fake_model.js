// A model as anywidget gives it to a widget, without a kernel behind it.

/**
 * @template {object} Traits
 * @implements {Model<Traits>}
 */
export class FakeModel {
  /** @type {object[]} */
  sent = [];
  saved = 0;
  /** @type {Map<string, ((...args: unknown[]) => void)[]>} */
  #handlers = new Map();

  /** @param {Partial<Traits>} traits */
  constructor(traits) {
    this.traits = /** @type {Traits} */ (traits);
  }

  /**
   * @template {keyof Traits} Name
   * @param {Name} name
   */
  get(name) {
    return this.traits[name];
  }

  /**
   * @template {keyof Traits} Name
   * @param {Name} name
   * @param {Traits[Name]} value
   */
  set(name, value) {
    this.traits[name] = value;
  }

  save_changes() {
    this.saved++;
  }

  /** @param {object} message */
  send(message) {
    this.sent.push(message);
  }

  /**
   * @param {string} event
   * @param {(...args: unknown[]) => void} handler
   */
  on(event, handler) {
    this.#handlers.set(event, [...(this.#handlers.get(event) ?? []), handler]);
  }

  /**
   * @param {string} event
   * @param {(...args: unknown[]) => void} handler
   */
  off(event, handler) {
    const left = (this.#handlers.get(event) ?? []).filter((other) => other !== handler);
    this.#handlers.set(event, left);
  }

  /**
   * Changes traits as one message from Python does.
   *
   * @param {Partial<Traits>} changes
   */
  receive(changes) {
    Object.assign(this.traits, changes);
    for (const event of [...Object.keys(changes).map((name) => `change:${name}`), "change"]) {
      for (const handler of this.#handlers.get(event) ?? []) handler();
    }
  }
}

/** @import { Model } from "../src/types.js" */
