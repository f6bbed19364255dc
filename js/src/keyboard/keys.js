// Sends keys pressed inside the explorer to Python. The events stop here; otherwise JupyterLab would
// treat them as its own shortcuts (`d d` deletes a cell).

/** @import { KeyTraits, Widget } from "../types.js" */

const FIELDS = "input:not([type=checkbox]):not([type=range]), textarea, select";

/** Keys that repeat while they are held down; keys that give verdicts do not. */
const REPEATING = /^(Arrow|\[|\])/;

/**
 * Returns the name of a key, as Python uses it.
 *
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey">} event
 */
export function nameOf({ key, ctrlKey, metaKey }) {
  return (ctrlKey || metaKey ? "Ctrl+" : "") + key;
}

/**
 * Whether to ignore a repeated event of a key that is held down: otherwise holding a key would
 * confirm pages that nobody has seen.
 *
 * @param {Pick<KeyboardEvent, "key" | "repeat">} event
 */
export function isIgnoredRepeat({ key, repeat }) {
  return repeat && !REPEATING.test(key);
}

/** @param {EventTarget | null} target */
function isField(target) {
  return target instanceof Element && target.closest(FIELDS) !== null;
}

/**
 * Whether a key ends writing: Enter saves a line and Esc leaves any field. Then keys belong to the
 * explorer again.
 *
 * @param {KeyboardEvent} event
 */
function endsField({ key, target }) {
  if (!isField(target)) return false;
  return key === "Escape" || (key === "Enter" && /** @type {Element} */ (target).matches("input"));
}

/**
 * Whether the focused element uses the key: a field uses every key, a slider the arrow keys.
 *
 * @param {KeyboardEvent} event
 */
function isTaken({ key, target }) {
  if (isField(target)) return true;
  const slider = target instanceof Element && target.closest("[role=slider]");
  return Boolean(slider) && /^(Arrow|Page)/.test(key);
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
      if (endsField(event)) {
        setTimeout(focus); // after the field has taken the key
        return;
      }
      if (isTaken(event) || !model.get("names").includes(name)) return;
      event.preventDefault();
      event.stopPropagation();
      if (!isIgnoredRepeat(event)) model.send({ key: name });
    };
    // A list keeps the focus after a choice, and would interpret the next key as an entry. After a
    // choice by mouse the explorer gets the focus; after a choice by keys the list keeps it.
    const chosen = (/** @type {Event} */ { target }) => {
      if (pointed && target instanceof Element && target.matches("select")) focus();
    };
    const typed = () => {
      pointed = false;
    };
    // A click inside gives the focus to the explorer, unless it was in a field.
    const point = (/** @type {Event} */ { target }) => {
      pointed = true;
      if (!isField(target)) focus();
    };
    // A button that hides itself, as with its tab, loses the focus to the page. Keys still belong to
    // the explorer if it was used last.
    let last = false;
    const used = (/** @type {Event} */ { target }) => {
      if (target instanceof Element) last = root?.contains(target) ?? false;
    };
    const lost = (/** @type {KeyboardEvent} */ event) => {
      if (last && event.target === document.body) press(event);
    };
    document.addEventListener("pointerdown", used, true);
    document.addEventListener("focusin", used, true);
    document.addEventListener("keydown", lost, true);
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
      root.addEventListener("pointerdown", point, true); // Jupyter's tabs stop it
    };
    attach();
    return () => {
      root?.removeEventListener("keydown", press, true);
      document.removeEventListener("pointerdown", used, true);
      document.removeEventListener("focusin", used, true);
      document.removeEventListener("keydown", lost, true);
    };
  },
};
