// Sends keys pressed inside the explorer to Python. They are stopped here, or JupyterLab would take
// them for its own shortcuts (`d d` deletes a cell).

/** @import { KeyTraits, Widget } from "../types.js" */

const FIELDS = "input:not([type=checkbox]):not([type=range]), textarea, select";

/** Keys that go on while they are held down: none that says something of a patch. */
const REPEATING = /^(Arrow|\[|\])/;

/**
 * A key as Python names it.
 *
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey">} event
 */
export function nameOf({ key, ctrlKey, metaKey }) {
  return (ctrlKey || metaKey ? "Ctrl+" : "") + key;
}

/**
 * Whether a key is one of many from being held down, and to be left: it must not confirm page after
 * page that nobody saw.
 *
 * @param {Pick<KeyboardEvent, "key" | "repeat">} event
 */
export function isHeldInVain({ key, repeat }) {
  return repeat && !REPEATING.test(key);
}

/** @param {EventTarget | null} target */
function isField(target) {
  return target instanceof Element && target.closest(FIELDS) !== null;
}

/**
 * Whether what has the focus takes the key: a field any, a slider the arrow keys.
 *
 * @param {KeyboardEvent} event
 */
function isTaken({ key, target }) {
  if (isField(target)) return true;
  const slider = target instanceof Element && target.closest("[role=slider]");
  return Boolean(slider) && key.startsWith("Arrow");
}

/** @type {Widget<KeyTraits>} */
export default {
  render({ model, el }) {
    el.style.display = "none";
    /** @type {HTMLElement | null} */
    let root = null;
    let pointed = false;
    const focus = () => root?.focus({ preventScroll: true });
    const press = (/** @type {KeyboardEvent} */ event) => {
      const name = nameOf(event);
      if (isTaken(event) || !model.get("names").includes(name)) return;
      event.preventDefault();
      event.stopPropagation();
      if (!isHeldInVain(event)) model.send({ key: name });
    };
    // A list keeps the focus after a choice, and would take the next key for one of its entries. Who
    // goes through it by keys stays in it.
    const chosen = (/** @type {Event} */ { target }) => {
      if (pointed && target instanceof Element && target.matches("select")) focus();
    };
    const typed = () => {
      pointed = false;
    };
    // A click anywhere inside gives the keys to the explorer, unless it went into a field.
    const point = (/** @type {Event} */ { target }) => {
      pointed = true;
      if (!isField(target)) focus();
    };
    // The element is attached to the page after it is rendered.
    const attach = () => {
      root = el.closest(".rareearth-explorer");
      if (!root) {
        requestAnimationFrame(attach);
        return;
      }
      root.tabIndex = 0;
      root.setAttribute("data-lm-suppress-shortcuts", "true");
      root.addEventListener("keydown", press, true);
      root.addEventListener("keydown", typed, true);
      root.addEventListener("change", chosen);
      root.addEventListener("pointerdown", point);
    };
    attach();
    return () => root?.removeEventListener("keydown", press, true);
  },
};
