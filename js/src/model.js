// Reading a model, in the ways that every widget needs.

/** @import { Bytes, Model } from "./types.js" */

/**
 * A copy of bytes from Python, which begins at an address where numbers of any size may lie.
 *
 * @param {Bytes} view
 */
export function copied(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

/**
 * Calls `handler` whenever one of the traits changes; returns what ends that.
 *
 * @template Traits
 * @param {Model<Traits>} model
 * @param {(keyof Traits & string)[]} names
 * @param {() => void} handler
 */
export function onChange(model, names, handler) {
  for (const name of names) model.on(`change:${name}`, handler);
  return () => {
    for (const name of names) model.off(`change:${name}`, handler);
  };
}
