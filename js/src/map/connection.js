// Shows a banner when the kernel no longer answers: steps on the page would then be lost.

/**
 * @import { Map as LeafletMap } from "leaflet"
 * @import { Kernel, MapTraits, Model } from "../types.js"
 */

/** States of a kernel that has lost the explorer. */
const ENDED = ["dead", "terminating", "restarting", "autorestarting"];

/** Milliseconds; shorter interruptions are not reported. */
const INTERRUPTED = 4000;

const STOPPED =
  "The program of this page has stopped. Your earlier steps are saved; new steps are lost. Start " +
  "the program again if necessary, then reload the page or run the cell again.";
const INTERRUPTION =
  "The connection to the program is interrupted. Wait until this message disappears; steps in the " +
  "meantime are lost. If it stays, start the program again and reload the page.";

/**
 * Watches a kernel, and calls `report` with the problem, or with null when there is none. The end of
 * a kernel is final, because a restarted kernel is a new one.
 *
 * @param {Kernel} kernel one that signals changes of its connection
 * @param {(problem: string | null) => void} report
 * @returns {() => void} stops watching
 */
export function watch(kernel, report) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let ended = false;
  const stopTimer = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const look = () => {
    ended ||= ENDED.includes(kernel.status) || kernel.isDisposed;
    if (ended) report(STOPPED);
    else if (kernel.connectionStatus !== "connected") {
      timer ??= setTimeout(() => report(INTERRUPTION), INTERRUPTED);
    } else {
      stopTimer();
      report(null);
    }
  };
  const signals = [kernel.connectionStatusChanged, kernel.statusChanged, kernel.disposed];
  for (const signal of signals) signal?.connect(look);
  return () => {
    for (const signal of signals) signal?.disconnect(look);
    stopTimer();
    if (!ended) report(null);
  };
}

/**
 * Shows problems with the kernel in a banner over the explorer.
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
  return watch(kernel, (problem) => {
    note.textContent = problem;
    if (problem) (box.closest(".rareearth-explorer") ?? box).append(note);
    else note.remove();
  });
}
