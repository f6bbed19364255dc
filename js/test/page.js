// A page for the tests of what needs one.

import { parseHTML } from "linkedom";

/**
 * Makes a page of which `document` and `Element` are globals, as in a browser.
 *
 * @param {string} body
 */
export function openPage(body) {
  const window = parseHTML(`<!doctype html><html><body>${body}</body></html>`);
  const { document, Element } = window;
  Object.assign(globalThis, { document, Element });
  return window;
}

/**
 * The element that a selector finds; its absence is a mistake of the test.
 *
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function find(selector) {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`There is no ${selector} on the page.`);
  return /** @type {HTMLElement} */ (found);
}
