// Functions to read a model, used by all widgets.

/** @import { Bytes, Model } from "./types.js" */

/**
 * Copies bytes from Python into a buffer of their own, aligned for numbers of any size.
 *
 * @param {Bytes} view
 */
export function copied(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

/**
 * Calls `handler` whenever one of the traits changes; returns a function that stops this.
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
