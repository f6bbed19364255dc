// Says when the program behind the page no longer answers: what is done on the page then is lost.

/**
 * @import { Map as LeafletMap } from "leaflet"
 * @import { Kernel, MapTraits, Model } from "../types.js"
 */

/** A new kernel knows no explorer. */
const ENDED = ["dead", "terminating", "restarting", "autorestarting"];

/** Milliseconds; a shorter interruption is not worth a word. */
const INTERRUPTED = 4000;

const STOPPED =
  "The program behind this page has stopped: what you do here now is lost, what you did before is " +
  "kept. Start it again if it was stopped, then reload the page, or run the cell again.";
const SILENT =
  "The connection to the program is interrupted: wait until this goes away, or what you do is " +
  "lost. If it stays, start the program again and reload the page.";

/**
 * Watches a kernel, and calls `say` with what is wrong, or with null once nothing is. That it ended
 * is final: a kernel that comes back is a new one.
 *
 * @param {Kernel} kernel one that says when its connection changes
 * @param {(words: string | null) => void} say
 * @returns {() => void} what ends it
 */
export function watch(kernel, say) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let ended = false;
  const calm = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const look = () => {
    ended ||= ENDED.includes(kernel.status) || kernel.isDisposed;
    if (ended) say(STOPPED);
    else if (kernel.connectionStatus !== "connected") {
      timer ??= setTimeout(() => say(SILENT), INTERRUPTED);
    } else {
      calm();
      say(null);
    }
  };
  const signals = [kernel.connectionStatusChanged, kernel.statusChanged, kernel.disposed];
  for (const signal of signals) signal?.connect(look);
  return () => {
    for (const signal of signals) signal?.disconnect(look);
    calm();
    if (!ended) say(null);
  };
}

/**
 * Shows over the explorer what is wrong with its kernel.
 *
 * @param {Model<MapTraits>} model
 * @param {LeafletMap} map
 */
export function connection(model, map) {
  const kernel = model.widget_manager?.kernel;
  if (!kernel?.connectionStatusChanged) return () => {};
  const box = map.getContainer();
  const note = document.createElement("div");
  note.className = "rareearth-lost";
  note.setAttribute("role", "alert");
  return watch(kernel, (words) => {
    note.textContent = words;
    if (words) (box.closest(".rareearth-explorer") ?? box).append(note);
    else note.remove();
  });
}
