// Shows a banner when the kernel no longer answers: steps on the page would then be lost.

/**
 * @import { Map as LeafletMap } from "leaflet"
 * @import { Kernel, MapTraits, Model } from "../types.js"
 * @typedef {"running" | "ended" | "unreachable"} Whereabouts
 */

/** States of a kernel that has lost the explorer. */
const ENDED = ["dead", "terminating", "restarting", "autorestarting"];

/** Milliseconds; shorter interruptions are not reported. */
const INTERRUPTED = 4000;

/** Milliseconds until the server is asked about a kernel that has not answered a message. */
const UNANSWERED = 8000;

/** Milliseconds between two questions to the server while the connection is interrupted. */
const AGAIN = 5000;

const STOPPED =
  "The program of this page has stopped. Your earlier steps are saved; new steps are lost. Start " +
  "the program again if necessary, then reload the page or run the cell again.";
const LOST =
  "The connection was interrupted, and the program of this page has ended meanwhile. Your earlier " +
  "steps are saved; steps during the interruption are lost. Reload the page, or run the cell " +
  "again, to continue.";
const INTERRUPTION =
  "The connection to the program is interrupted. Wait until this message disappears; steps in the " +
  "meantime are lost. If it stays, start the program again and reload the page.";

/**
 * Asks the server whether a kernel still runs.
 *
 * @param {Kernel} kernel
 * @returns {Promise<Whereabouts>}
 */
async function whereabouts({ id, serverSettings: { baseUrl, token } }) {
  const headers = new Headers();
  if (token) headers.set("Authorization", `token ${token}`);
  // JupyterHub refuses a question that comes with the cookie of the login alone.
  const xsrf = document.cookie.match(/\b_xsrf=([^;]*)/)?.[1];
  if (xsrf) headers.set("X-XSRFToken", xsrf);
  try {
    const answer = await fetch(new URL(`api/kernels/${id}`, baseUrl), {
      headers,
      cache: "no-store",
      signal: AbortSignal.timeout(AGAIN),
    });
    if (answer.ok) return "running";
    return answer.status === 404 ? "ended" : "unreachable";
  } catch {
    return "unreachable";
  }
}

/**
 * Watches a kernel, and calls `report` with the problem, or with null when there is none. The end of
 * a kernel is final, because a restarted kernel is a new one.
 *
 * Jupyter's connection notices neither that a network has failed silently nor that the server has
 * ended the kernel meanwhile. So the server is asked when the connection is interrupted, a message
 * stays without an answer, the network comes or goes, or the page is looked at again. A page that
 * is left alone asks nothing: a hub would take it for one that is used.
 */
export class Watch {
  #over = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} until the server is asked */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} until a message counts as unanswered */
  #unanswered;
  #events = new AbortController();

  /**
   * @param {Kernel} kernel one that signals changes of its connection
   * @param {(problem: string | null) => void} report
   * @param {(kernel: Kernel) => Promise<Whereabouts>} ask
   */
  constructor(kernel, report, ask = whereabouts) {
    this.kernel = kernel;
    this.report = report;
    this.ask = ask;
    for (const signal of this.#signals) signal?.connect(this.#look);
    kernel.anyMessage?.connect(this.#note);
    const { signal } = this.#events;
    window.addEventListener("online", this.#check, { signal });
    window.addEventListener("offline", this.#check, { signal });
    document.addEventListener("visibilitychange", this.#seen, { signal });
  }

  /** Stops watching. */
  stop() {
    for (const signal of this.#signals) signal?.disconnect(this.#look);
    this.kernel.anyMessage?.disconnect(this.#note);
    if (!this.#over) this.#finish(null);
  }

  get #signals() {
    const { connectionStatusChanged, statusChanged, disposed } = this.kernel;
    return [connectionStatusChanged, statusChanged, disposed];
  }

  get #connected() {
    return this.kernel.connectionStatus === "connected";
  }

  #look = () => {
    if (this.#over) return;
    if (ENDED.includes(this.kernel.status) || this.kernel.isDisposed) this.#finish(STOPPED);
    else if (!this.#connected) this.#timer ??= setTimeout(this.#check, INTERRUPTED);
    else this.#allIsWell();
  };

  #note = (/** @type {unknown} */ _, /** @type {{ direction: string }} */ { direction }) => {
    if (direction === "send" && !this.#over) {
      this.#unanswered ??= setTimeout(this.#check, UNANSWERED);
    } else if (direction === "recv") this.#answered();
  };

  #seen = () => {
    if (!document.hidden) this.#check();
  };

  #answered() {
    clearTimeout(this.#unanswered);
    this.#unanswered = undefined;
  }

  #check = async () => {
    this.#answered();
    if (!this.#connected) this.report(INTERRUPTION);
    const answer = await this.ask(this.kernel);
    if (this.#over) return;
    if (answer === "ended") this.#finish(LOST);
    else if (answer === "running" && this.#connected) this.#allIsWell();
    else this.#askAgain(answer);
  };

  #allIsWell() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.report(null);
  }

  #askAgain(/** @type {Whereabouts} */ answer) {
    this.report(INTERRUPTION);
    // After seven attempts Jupyter makes no further one.
    if (answer === "running" && this.kernel.connectionStatus === "disconnected") {
      this.kernel.reconnect().catch(() => {}); // the server is asked again
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#check, AGAIN);
  }

  #finish(/** @type {string | null} */ problem) {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#answered();
    this.#events.abort();
    this.report(problem);
  }
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
  const watch = new Watch(kernel, (problem) => {
    note.textContent = problem;
    if (problem) (box.closest(".rareearth-explorer") ?? box).append(note);
    else note.remove();
  });
  return () => watch.stop();
}
