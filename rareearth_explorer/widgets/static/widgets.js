// Built from js/src by `npm run build` in js/; changes to this file are lost.

// src/anywidget_private.js
var SLOW = "[anywidget] Failed to initialize model.";
var mended = /* @__PURE__ */ new WeakSet();
async function receiveAlways(model) {
  const manager = (
    /** @type {any} */
    model.widget_manager
  );
  if (!manager) return;
  const kind = Object.getPrototypeOf(await manager.get_model(model.get("own_id")));
  if (mended.has(kind) || !Object.hasOwn(kind, "_handle_comm_msg")) return;
  mended.add(kind);
  const waiting = kind._handle_comm_msg;
  const plain = Object.getPrototypeOf(kind)._handle_comm_msg;
  kind._handle_comm_msg = async function(...message) {
    try {
      return await waiting.apply(this, message);
    } catch (error) {
      if (!(error instanceof Error) || error.message !== SLOW) throw error;
      return plain.apply(this, message);
    }
  };
  for (const made of Object.values(manager._models ?? {})) {
    made.then(
      (each) => {
        if (Object.getPrototypeOf(each) !== kind) return;
        each.comm?.on_msg(each._handle_comm_msg.bind(each));
      },
      () => {
      }
    );
  }
}

// src/keyboard/keys.js
var FIELDS = "input:not([type=checkbox]):not([type=range]), textarea, select";
var REPEATING = /^(Arrow|\[|\])/;
function nameOf({ key, ctrlKey, metaKey }) {
  return (ctrlKey || metaKey ? "Ctrl+" : "") + key;
}
function isIgnoredRepeat({ key, repeat }) {
  return repeat && !REPEATING.test(key);
}
function isField(target) {
  return target instanceof Element && target.closest(FIELDS) !== null;
}
function endsField({ key, target }) {
  if (!isField(target)) return false;
  return key === "Escape" || key === "Enter" && /** @type {Element} */
  target.matches("input");
}
function isTaken({ key, target }) {
  if (isField(target)) return true;
  const slider = target instanceof Element && target.closest("[role=slider]");
  return Boolean(slider) && /^(Arrow|Page)/.test(key);
}
var keys_default = {
  render({ model, el }) {
    el.style.display = "none";
    let root = null;
    let pointed = false;
    const focus = () => root?.focus({ preventScroll: true });
    const press = (event) => {
      const name = nameOf(event);
      if (endsField(event)) {
        setTimeout(focus);
        return;
      }
      if (isTaken(event) || !model.get("names").includes(name)) return;
      event.preventDefault();
      event.stopPropagation();
      if (!isIgnoredRepeat(event)) model.send({ key: name });
    };
    const chosen = ({ target }) => {
      if (pointed && target instanceof Element && target.matches("select")) focus();
    };
    const typed = () => {
      pointed = false;
    };
    const point = ({ target }) => {
      pointed = true;
      if (!isField(target)) focus();
    };
    let last = false;
    const used = ({ target }) => {
      if (target instanceof Element) last = root?.contains(target) ?? false;
    };
    const lost = (event) => {
      if (last && event.target === document.body) press(event);
    };
    document.addEventListener("pointerdown", used, true);
    document.addEventListener("focusin", used, true);
    document.addEventListener("keydown", lost, true);
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
      root.addEventListener("pointerdown", point, true);
    };
    attach();
    return () => {
      root?.removeEventListener("keydown", press, true);
      document.removeEventListener("pointerdown", used, true);
      document.removeEventListener("focusin", used, true);
      document.removeEventListener("keydown", lost, true);
    };
  }
};

// src/model.js
function copied(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}
function onChange(model, names, handler) {
  for (const name of names) model.on(`change:${name}`, handler);
  return () => {
    for (const name of names) model.off(`change:${name}`, handler);
  };
}

// src/map/connection.js
var ENDED = ["dead", "terminating", "restarting", "autorestarting"];
var INTERRUPTED = 4e3;
var UNANSWERED = 8e3;
var AGAIN = 5e3;
var STOPPED = "The program of this page has stopped. Your earlier steps are saved; new steps are lost. Start the program again if necessary, then reload the page or run the cell again.";
var LOST = "The connection was interrupted, and the program of this page has ended meanwhile. Your earlier steps are saved; steps during the interruption are lost. Reload the page, or run the cell again, to continue.";
var INTERRUPTION = "The connection to the program is interrupted. Wait until this message disappears; steps in the meantime are lost. If it stays, start the program again and reload the page.";
async function whereabouts({ id, serverSettings: { baseUrl, token } }) {
  const headers = new Headers();
  if (token) headers.set("Authorization", `token ${token}`);
  const xsrf = document.cookie.match(/\b_xsrf=([^;]*)/)?.[1];
  if (xsrf) headers.set("X-XSRFToken", xsrf);
  try {
    const answer = await fetch(new URL(`api/kernels/${id}`, baseUrl), {
      headers,
      cache: "no-store",
      signal: AbortSignal.timeout(AGAIN)
    });
    if (answer.ok) return "running";
    return answer.status === 404 ? "ended" : "unreachable";
  } catch {
    return "unreachable";
  }
}
var Watch = class {
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
    for (const signal2 of this.#signals) signal2?.connect(this.#look);
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
  #note = (_, { direction }) => {
    if (direction === "send" && !this.#over) {
      this.#unanswered ??= setTimeout(this.#check, UNANSWERED);
    } else if (direction === "recv") this.#answered();
  };
  #seen = () => {
    if (!document.hidden) this.#check();
  };
  #answered() {
    clearTimeout(this.#unanswered);
    this.#unanswered = void 0;
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
    this.#timer = void 0;
    this.report(null);
  }
  #askAgain(answer) {
    this.report(INTERRUPTION);
    if (answer === "running" && this.kernel.connectionStatus === "disconnected") {
      this.kernel.reconnect().catch(() => {
      });
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#check, AGAIN);
  }
  #finish(problem) {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#answered();
    this.#events.abort();
    this.report(problem);
  }
};
function connection(model, map) {
  const kernel = model.widget_manager?.kernel;
  if (!kernel?.connectionStatusChanged) return () => {
  };
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

// src/leaflet_private.js
function isLoaded(map) {
  return Boolean(
    /** @type {any} */
    map._loaded
  );
}
function redrawShapes(renderer) {
  const canvas = (
    /** @type {any} */
    renderer
  );
  if (canvas._map) canvas._updatePaths();
}
function dropOldTiles(layer) {
  const grid = (
    /** @type {any} */
    layer
  );
  if (!grid._map || grid._map._animatingZoom) return;
  for (const tile of Object.values(grid._tiles)) {
    if (!tile.loaded) continue;
    tile.loaded = 1;
    tile.active = true;
    tile.el.style.opacity = "1";
  }
  grid._noPrune = false;
  grid._pruneTiles();
}

// src/map/displayed_map.js
var PAUSE = 50;
async function displayedMap(model, signal) {
  const id = model.get("map").replace("IPY_MODEL_", "");
  const manager = (
    /** @type {WidgetManager} */
    model.widget_manager
  );
  const widget = await manager.get_model(id);
  while (!signal.aborted) {
    for (const promise of Object.values(widget.views ?? {})) {
      const map = (await promise)?.obj;
      if (map && isLoaded(map)) return map;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return null;
}

// src/map/panes.js
var HEIGHTS = {
  "rareearth-imagery": 250,
  "rareearth-second": 260,
  "rareearth-scores": 350,
  "rareearth-outlines": 420,
  "rareearth-sketch": 460,
  "rareearth-pin": 470
};
function pane(map, name) {
  const element = map.getPane(name) ?? map.createPane(name);
  Object.assign(element.style, { zIndex: HEIGHTS[name], pointerEvents: "none" });
  return name;
}

// src/map/sketch.js
var NEAR = 8;
var DRAGGED = 3;
function boxOf(a, b) {
  return [a, { lat: a.lat, lng: b.lng }, b, { lat: b.lat, lng: a.lng }];
}
var Sketch = class {
  /** @type {LatLng[]} */
  #corners = [];
  /** Whether the ruler is finished and the next click starts a new one. */
  #finished = false;
  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.surroundings = surroundings;
  }
  get #tool() {
    return this.surroundings.tool();
  }
  /** @returns {LonLat[]} */
  get #path() {
    return this.#corners.map(({ lat, lng }) => [lng, lat]);
  }
  /** Discards the current drawing. */
  clear() {
    this.#corners = [];
    this.#finished = false;
    this.surroundings.show([]);
  }
  /**
   * A button goes down; a rectangle begins with the left one.
   *
   * @param {LatLng} place
   * @param {number} button number of the button, 0 is the left one
   */
  press(place, button) {
    if (this.#tool === "rectangle" && button === 0) this.#corners = [place];
  }
  /**
   * A button goes up, which ends a rectangle.
   *
   * @param {Pointed} pointed
   */
  release({ latlng, pixelsTo }) {
    if (this.#tool !== "rectangle" || !this.#corners.length) return;
    const [first] = this.#corners;
    this.clear();
    if (pixelsTo(first) > DRAGGED) this.#select(boxOf(first, latlng));
  }
  /**
   * The pointer moves, and the drawing follows it.
   *
   * @param {LatLng} place
   */
  move(place) {
    if (!this.#corners.length || this.#finished) return;
    const [first] = this.#corners;
    const rectangle = this.#tool === "rectangle";
    this.surroundings.show(rectangle ? [...boxOf(first, place), first] : [...this.#corners, place]);
  }
  /**
   * A click, which adds a corner of a polygon or a point of the ruler.
   *
   * @param {Pointed} pointed
   * @param {number} count of clicks on this spot, 2 is the second half of a double click
   */
  click({ latlng, pixelsTo }, count) {
    if (this.#tool !== "polygon" && this.#tool !== "ruler" || count > 1) return;
    if (this.#finished) this.clear();
    const [first] = this.#corners;
    const closes = this.#corners.length > 2 && pixelsTo(first) < NEAR;
    if (closes && this.#tool === "polygon") {
      this.#select(this.#corners);
      return;
    }
    this.#corners.push(closes ? first : latlng);
    this.surroundings.show(this.#corners);
    if (this.#tool === "ruler") this.surroundings.measured(this.#path);
  }
  /** A double click, which ends a polygon, or the ruler. */
  finish() {
    if (this.#tool === "polygon" && this.#corners.length > 2) this.#select(this.#corners);
    else if (this.#tool === "polygon") this.clear();
    else if (this.#tool === "ruler") {
      this.#finished = true;
      this.surroundings.show(this.#corners);
    }
  }
  /** @param {LatLng[]} ring */
  #select(ring) {
    this.#corners = ring;
    this.surroundings.drawn(this.#path);
    this.clear();
  }
};

// src/map/drawing.js
function drawing(model, map, L) {
  const renderer = L.canvas({ pane: pane(map, "rareearth-sketch"), padding: 0.3 });
  const shapes = [
    { color: "#00303d", weight: 5 },
    { color: "#00c8ff", weight: 2 }
  ].map((style) => {
    const look = { renderer, interactive: false, ...style };
    return L.polyline([], { ...look, lineJoin: "miter" }).addTo(map);
  });
  const sketch = new Sketch({
    tool: () => model.get("tool"),
    show: (places) => {
      for (const shape2 of shapes) shape2.setLatLngs(places);
    },
    drawn: (ring) => model.send({ kind: "drawn", ring }),
    measured: (path) => model.send({ kind: "measure", path })
  });
  const change = () => {
    sketch.clear();
    if (model.get("tool") === "rectangle") map.dragging.disable();
    else map.dragging.enable();
  };
  const pointed = ({ latlng, containerPoint }) => ({
    latlng,
    pixelsTo: (place) => map.latLngToContainerPoint(place).distanceTo(containerPoint)
  });
  const events = {
    mousedown: (event) => sketch.press(event.latlng, event.originalEvent.button),
    mouseup: (event) => sketch.release(pointed(event)),
    mousemove: (event) => sketch.move(event.latlng),
    click: (event) => sketch.click(pointed(event), event.originalEvent.detail),
    dblclick: () => sketch.finish()
  };
  const cancel = (event) => {
    if (event.key !== "Escape" || !model.get("tool")) return;
    model.set("tool", "");
    model.save_changes();
  };
  map.on(events);
  document.addEventListener("keydown", cancel, true);
  const stop = onChange(model, ["tool"], change);
  change();
  return () => {
    map.off(events);
    document.removeEventListener("keydown", cancel, true);
    stop();
    for (const shape2 of shapes) shape2.remove();
  };
}

// src/map/fitting.js
var ZOOM_OUT = 2;
function farthest(whole) {
  return Math.max(0, whole - ZOOM_OUT);
}
function keepFitted(model, map) {
  const box = map.getContainer();
  let untouched = true;
  const touch = () => {
    untouched = false;
  };
  onChange(model, ["focus"], touch);
  for (const name of ["pointerdown", "wheel"]) {
    box.addEventListener(name, touch, { once: true, passive: true });
  }
  const fit = () => {
    map.invalidateSize({ animate: false });
    map.options.minZoom = 0;
    if (untouched) map.fitBounds(model.get("bounds"), { animate: false });
    map.setMinZoom(farthest(map.getBoundsZoom(model.get("bounds"))));
  };
  fit();
  const observer = new ResizeObserver(fit);
  observer.observe(box);
  return () => observer.disconnect();
}

// src/map/mercator.js
function project({ lat, lng }) {
  const sine = Math.sin(lat * Math.PI / 180);
  return [lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}
function unproject(x, y) {
  return [Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180 / Math.PI, (x - 0.5) * 360];
}

// src/map/footprints.js
var TILE = 256;
var Footprints = class {
  /**
   * @param {readonly [number, number]} origin Web Mercator x and y that corners are offsets from
   * @param {Float32Array} corners x and y of four corners in order around the patch, so 8 numbers
   *   a patch
   */
  constructor(origin, corners) {
    this.originX = origin[0];
    this.originY = origin[1];
    this.corners = corners;
    this.count = corners.length / 8;
    this.box = new Float32Array(this.count * 4);
    for (let i = 0; i < this.count; i++) {
      const xs = [0, 2, 4, 6].map((k) => corners[8 * i + k]);
      const ys = [1, 3, 5, 7].map((k) => corners[8 * i + k]);
      this.box.set([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], 4 * i);
    }
  }
  /**
   * Returns the patch at a place, or null. Where patches overlap, it is the first.
   *
   * @param {LatLng} place
   * @returns {number | null}
   */
  at(place) {
    const [worldX, worldY] = project(place);
    const x = worldX - this.originX;
    const y = worldY - this.originY;
    const box = this.box;
    for (let i = 0, b = 0; i < this.count; i++, b += 4) {
      if (x < box[b] || x >= box[b + 2] || y < box[b + 1] || y >= box[b + 3]) continue;
      if (this.#holds(i, x, y)) return i;
    }
    return null;
  }
  /**
   * Crossing test: a ray from a point inside leaves the patch through an odd number of edges.
   *
   * @param {number} i
   * @param {number} x
   * @param {number} y
   */
  #holds(i, x, y) {
    let inside = false;
    for (let k = 0, j = 3; k < 4; j = k++) {
      const [xk, yk, xj, yj] = this.#edge(i, k, j);
      if (yk > y !== yj > y && x < (xj - xk) * (y - yk) / (yj - yk) + xk) inside = !inside;
    }
    return inside;
  }
  /**
   * @param {number} i
   * @param {number} k
   * @param {number} j
   * @returns {[number, number, number, number]} x and y of corner `k`, then of corner `j`
   */
  #edge(i, k, j) {
    const from = 8 * i + 2 * k;
    const to = 8 * i + 2 * j;
    const corners = this.corners;
    return [corners[from], corners[from + 1], corners[to], corners[to + 1]];
  }
  /**
   * Returns the corners of a patch in the form that Leaflet expects.
   *
   * @param {number} i
   * @returns {[number, number][]} four times latitude, longitude
   */
  outline(i) {
    return [0, 1, 2, 3].map((k) => {
      const at = 8 * i + 2 * k;
      return unproject(this.corners[at] + this.originX, this.corners[at + 1] + this.originY);
    });
  }
  /**
   * Computes which patch each pixel of a tile shows.
   *
   * @param {{ x: number, y: number, z: number }} tile column, row and zoom
   * @returns {TileIndex}
   */
  rasterize({ x, y, z }) {
    const side = TILE + 1;
    const index = new Uint32Array(side * side);
    const scale = TILE * 2 ** z;
    const left = x * TILE - this.originX * scale;
    const top = y * TILE - this.originY * scale;
    let widest = 0;
    for (let i = 0, b = 0; i < this.count; i++, b += 4) {
      const west = this.box[b] * scale - left;
      const north = this.box[b + 1] * scale - top;
      const east = this.box[b + 2] * scale - left;
      const south = this.box[b + 3] * scale - top;
      if (east < 0 || south < 0 || west > side || north > side) continue;
      widest = Math.max(widest, east - west);
      if (!this.#fill(index, i, { side, scale, left, top, north, south })) {
        const column = Math.floor(west);
        const row = Math.floor(north);
        if (column >= 0 && row >= 0 && column < side && row < side) {
          index[row * side + column] = i + 1;
        }
      }
    }
    return { index, widest };
  }
  /**
   * Fills the pixels whose centre is in the patch; neighbours share an edge and no pixel.
   *
   * @param {Uint32Array} index
   * @param {number} i
   * @param {{ side: number, scale: number, left: number, top: number, north: number,
   *   south: number }} tile
   * @returns {boolean} whether there was one
   */
  #fill(index, i, { side, scale, left, top, north, south }) {
    let filled = false;
    const first = Math.max(0, Math.ceil(north - 0.5));
    const last = Math.min(side - 1, Math.ceil(south - 0.5) - 1);
    for (let row = first; row <= last; row++) {
      let from = Infinity;
      let to = -Infinity;
      for (let k = 0, j = 3; k < 4; j = k++) {
        const edge = this.#edge(i, k, j);
        const yk = edge[1] * scale - top;
        const yj = edge[3] * scale - top;
        if (yk > row + 0.5 === yj > row + 0.5) continue;
        const xk = edge[0] * scale - left;
        const xj = edge[2] * scale - left;
        const cut = xk + (row + 0.5 - yk) / (yj - yk) * (xj - xk);
        from = Math.min(from, cut);
        to = Math.max(to, cut);
      }
      const start = Math.max(0, Math.ceil(from - 0.5));
      const end = Math.min(side, Math.ceil(to - 0.5));
      if (start < end) {
        index.fill(i + 1, row * side + start, row * side + end);
        filled = true;
      }
    }
    return filled;
  }
};

// src/map/tile_requests.js
var lastTile = 0;
var TileRequests = class {
  /** @type {Map<number, { picture: Picture, done: Done }>} */
  #waiting = /* @__PURE__ */ new Map();
  /** @type {WeakMap<Picture, number>} */
  #numbers = /* @__PURE__ */ new WeakMap();
  /**
   * @param {string} layer name of the layer
   * @param {(message: object) => void} send to Python
   */
  constructor(layer, send) {
    this.layer = layer;
    this.send = send;
  }
  /**
   * @param {Picture} picture picture to fill
   * @param {{ x: number, y: number, z: number }} at column, row and zoom
   * @param {Done} done
   */
  ask(picture, { x, y, z }, done) {
    const tile = ++lastTile;
    this.#numbers.set(picture, tile);
    this.#waiting.set(tile, { picture, done });
    this.send({ kind: "tile", layer: this.layer, tile, z, x, y });
  }
  /**
   * Returns the request that a tile answers; undefined if it is another layer's or was cancelled.
   *
   * @param {number} tile
   */
  answered(tile) {
    const waiting = this.#waiting.get(tile);
    this.#waiting.delete(tile);
    return waiting;
  }
  /**
   * Cancels the request of a picture that scrolled away, unless it is answered.
   *
   * @param {Picture} picture
   */
  cancel(picture) {
    const tile = this.#numbers.get(picture);
    if (tile !== void 0 && this.#waiting.delete(tile)) {
      this.send({ kind: "cancel", layer: this.layer, tile });
    }
  }
};

// src/map/imagery_layer.js
var FADED = 260;
var BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
function show(picture, encoded, done) {
  const url = URL.createObjectURL(encoded);
  picture.onload = () => {
    URL.revokeObjectURL(url);
    done(void 0, picture);
  };
  picture.onerror = () => {
    URL.revokeObjectURL(url);
    done(new Error("not a picture"), picture);
  };
  picture.src = url;
}
function imageryLayer(model, map, L, name) {
  const place = pane(map, `rareearth-${name}`);
  const requests = new TileRequests(name, (message) => model.send(message));
  const receive = (message, buffers) => {
    const waiting = requests.answered(message.tile);
    if (!waiting) return;
    const { picture, done } = waiting;
    if (!buffers?.length)
      done(void 0, picture);
    else show(picture, new Blob([buffers[0]], { type: message.mime }), done);
  };
  const Layer = (
    /** @type {typeof GridLayer} */
    L.GridLayer.extend({
      /**
       * @param {import("leaflet").Coords} at
       * @param {DoneCallback} done
       */
      createTile(at, done) {
        const picture = L.DomUtil.create("img", `rareearth-${name}`);
        picture.alt = "";
        picture.src = BLANK;
        requests.ask(picture, at, done);
        return picture;
      }
    })
  );
  const layers = [];
  const clear = (kept) => {
    while (layers.length > kept) layers.shift()?.remove();
  };
  const add = () => {
    const layer = new Layer({
      pane: place,
      bounds: model.get("bounds"),
      noWrap: true,
      // as in score_layer.js
      maxNativeZoom: model.get("imagery_zoom"),
      maxZoom: 22,
      updateWhenIdle: true,
      keepBuffer: 1
    });
    layer.on("tileunload", ({ tile }) => {
      requests.cancel(
        /** @type {HTMLImageElement} */
        tile
      );
    });
    layer.on("load", () => {
      if (layers.at(-1) === layer) clear(1);
      setTimeout(() => dropOldTiles(layer), FADED);
    });
    layers.push(layer);
    layer.addTo(map);
  };
  const renew = () => {
    clear(model.get(name) > 0 ? 1 : 0);
    if (model.get(name) > 0) add();
  };
  model.on("msg:custom", receive);
  renew();
  onChange(model, [name], renew);
  return () => {
    model.off("msg:custom", receive);
    clear(0);
  };
}

// src/map/mouse.js
var UNUSED_EVENTS = [
  "click",
  "contextmenu",
  "dblclick",
  "mousedown",
  "mousemove",
  "mouseout",
  "mouseover",
  "mouseup",
  "preclick"
];
function marking({ type, detail, shiftKey }, tool, patch) {
  const right = type === "contextmenu";
  if (tool || patch === null || !right && detail > 1) return null;
  return { kind: "click", patch, other: right || shiftKey };
}
function mouse(model, map, L, footprints) {
  for (const name of UNUSED_EVENTS) map.off(name);
  const tooltip = L.tooltip({
    sticky: true,
    direction: "auto",
    offset: [14, 0],
    className: "rareearth-tooltip"
  });
  let hovered = null;
  let place = { lat: 0, lng: 0 };
  const hover = (patch) => {
    if (patch === hovered) return;
    hovered = patch;
    if (patch === null) map.closeTooltip(tooltip);
    model.send({ kind: "hover", patch });
  };
  const move = (event) => {
    place = event.latlng;
    const { target } = event.originalEvent;
    const covered = target instanceof Element && target.closest(".leaflet-control") !== null;
    hover(model.get("tool") || covered ? null : footprints.at(place));
    if (hovered !== null && tooltip.isOpen()) tooltip.setLatLng(place);
  };
  const out = () => hover(null);
  const click = ({ latlng, originalEvent }) => {
    const message = marking(originalEvent, model.get("tool"), footprints.at(latlng));
    if (message) model.send(message);
  };
  const context = (event) => {
    L.DomEvent.preventDefault(event.originalEvent);
    click(event);
  };
  const showTooltip = () => {
    const text = model.get("tooltip");
    if (!text || hovered === null) {
      map.closeTooltip(tooltip);
      return;
    }
    const box2 = document.createElement("span");
    box2.textContent = text;
    tooltip.setContent(box2).setLatLng(place);
    if (!tooltip.isOpen()) tooltip.addTo(map);
  };
  const events = { mousemove: move, mouseout: out, click, contextmenu: context };
  map.on(events);
  const stop = onChange(model, ["tooltip"], showTooltip);
  const box = map.getContainer();
  box.setAttribute("data-jp-suppress-context-menu", "");
  box.setAttribute("data-lm-suppress-shortcuts", "true");
  return () => {
    map.off(events);
    stop();
  };
}

// src/map/outlines.js
var CASING = 3;
function linesOf({ patches: _, casing, ...line }) {
  return casing ? [{ color: casing, weight: line.weight + CASING }, line] : [line];
}
function changedGroups(groups, drawn) {
  return Object.entries(groups).filter(([name, outline]) => {
    const key = JSON.stringify(outline);
    if (drawn.get(name) === key) return false;
    drawn.set(name, key);
    return true;
  });
}
function outlines(model, map, L, footprints) {
  const renderer = L.canvas({ pane: pane(map, "rareearth-outlines"), padding: 0.3 });
  const groups = /* @__PURE__ */ new Map();
  const drawn = /* @__PURE__ */ new Map();
  const groupOf = (name) => {
    const group = groups.get(name) ?? L.layerGroup().addTo(map);
    groups.set(name, group);
    return group.clearLayers();
  };
  const update = () => {
    const changed = changedGroups(model.get("outlines"), drawn);
    for (const [name, outline] of changed) {
      const group = groupOf(name);
      const rings = outline.patches.map((patch) => footprints.outline(patch));
      if (!rings.length) continue;
      for (const line of linesOf(outline)) {
        const look = { renderer, fill: false, interactive: false, ...line };
        group.addLayer(L.polygon(rings, { ...look, lineJoin: "miter" }));
      }
    }
    if (changed.length) requestAnimationFrame(() => redrawShapes(renderer));
  };
  update();
  onChange(model, ["outlines"], update);
  return groups;
}

// src/map/place.js
function written({ lat, lng }) {
  const axis = (degrees, positive, negative) => `${Math.abs(degrees).toFixed(5)}\xB0 ${degrees < 0 ? negative : positive}`;
  return `${axis(lat, "N", "S")}, ${axis(lng, "E", "W")}`;
}
function coordinates(map, L) {
  const control = new L.Control({ position: "bottomright" });
  const line = L.DomUtil.create("div", "rareearth-coordinates");
  control.onAdd = () => line;
  const showPlace = ({ latlng }) => {
    line.textContent = written(latlng.wrap());
  };
  const clear = () => {
    line.textContent = "";
  };
  const events = { mousemove: showPlace, mouseout: clear };
  control.addTo(map);
  map.on(events);
  return () => {
    map.off(events);
    control.remove();
  };
}
function pin(model, map, L) {
  const look = { radius: 7, fill: false, interactive: false, pane: pane(map, "rareearth-pin") };
  const rings = [
    { color: "#3d003a", weight: 6 },
    { color: "#ff3df2", weight: 3 }
  ].map((style) => L.circleMarker([0, 0], { ...look, ...style }));
  const show2 = () => {
    const place = model.get("pin");
    for (const ring of rings) {
      if (place.length) ring.setLatLng(place).addTo(map);
      else ring.remove();
    }
  };
  show2();
  const stop = onChange(model, ["pin"], show2);
  return () => {
    stop();
    for (const ring of rings) ring.remove();
  };
}

// src/map/colours.js
var GRID_FROM = 9;
var GRID_LINE = 1493172224;
function patchColours(levels, palette, opacity) {
  const table = new Uint32Array(256);
  const rgba = new Uint8Array(table.buffer);
  rgba.set(palette);
  for (let level = 0; level < 256; level++) rgba[4 * level + 3] *= opacity;
  const colours = new Uint32Array(levels.length + 1);
  for (let i = 0; i < levels.length; i++) colours[i + 1] = table[levels[i]];
  return colours;
}
function paintPixels(pixels, { index, widest }, colours, line) {
  const side = TILE + 1;
  const lines = line && widest >= GRID_FROM;
  for (let row = 0, out = 0; row < TILE; row++) {
    for (let at = row * side, end = at + TILE; at < end; at++, out++) {
      const patch = index[at];
      const edge = lines && (patch !== index[at + 1] || patch !== index[at + side]);
      pixels[out] = edge ? line : colours[patch];
    }
  }
}

// src/map/score_layer.js
function scoreLayer(model, map, L, footprints) {
  let colours = new Uint32Array(footprints.count + 1);
  let line = 0;
  const tiles = /* @__PURE__ */ new Map();
  const inHand = () => model.get("outlines")["under review"]?.patches ?? [];
  const paint = (tile) => {
    paintPixels(new Uint32Array(tile.image.data.buffer), tile, colours, line);
    tile.context.putImageData(tile.image, 0, 0);
  };
  const repaint = () => {
    const levels = new Uint8Array(copied(model.get("levels")));
    const palette = new Uint8Array(copied(model.get("palette")));
    colours = patchColours(levels, palette, model.get("opacity"));
    for (const patch of inHand()) colours[patch + 1] = 0;
    line = model.get("grid") ? GRID_LINE : 0;
    for (const tile of tiles.values()) paint(tile);
    const box = map.getContainer();
    box.dataset.painted = String(Number(box.dataset.painted ?? 0) + 1);
  };
  const Layer = (
    /** @type {typeof GridLayer} */
    L.GridLayer.extend({
      /** @param {import("leaflet").Coords} at */
      createTile(at) {
        const canvas = L.DomUtil.create("canvas", "rareearth-scores");
        canvas.width = canvas.height = TILE;
        canvas.style.imageRendering = "pixelated";
        const context = (
          /** @type {CanvasRenderingContext2D} */
          canvas.getContext("2d")
        );
        const image = context.createImageData(TILE, TILE);
        const tile = { ...footprints.rasterize(at), context, image };
        tiles.set(canvas, tile);
        paint(tile);
        return canvas;
      }
    })
  );
  const layer = new Layer({
    pane: pane(map, "rareearth-scores"),
    bounds: model.get("bounds"),
    noWrap: true,
    // longitudes go on above 180 where a scene crosses the antimeridian
    maxZoom: 22,
    keepBuffer: 1
  });
  layer.on("tileunload", (event) => {
    tiles.delete(event.tile);
  });
  repaint();
  layer.addTo(map);
  const drop = () => requestAnimationFrame(() => dropOldTiles(layer));
  map.on("zoomend moveend", drop);
  layer.on("remove", () => map.off("zoomend moveend", drop));
  onChange(model, ["levels", "palette", "opacity", "grid"], repaint);
  let shown = String(inHand());
  onChange(model, ["outlines"], () => {
    if (shown === String(inHand())) return;
    shown = String(inHand());
    repaint();
  });
  return layer;
}

// src/map/swipe.js
var STEP = 0.02;
var MOVES = "move zoomend viewreset resize";
function stepOf(key) {
  if (key === "ArrowLeft") return -STEP;
  return key === "ArrowRight" ? STEP : 0;
}
function onTheMap(position) {
  return Math.min(1, Math.max(0, position));
}
function clipTo(upperLeft, lowerRight) {
  return `rect(${upperLeft.y}px, ${lowerRight.x}px, ${lowerRight.y}px, ${upperLeft.x}px)`;
}
function makeHandle(map, L) {
  const handle = L.DomUtil.create("div", "rareearth-swipe", map.getContainer());
  const left = L.DomUtil.create("span", "rareearth-date-left", handle);
  const right = L.DomUtil.create("span", "rareearth-date-right", handle);
  handle.tabIndex = 0;
  handle.title = "Drag, or press the arrow keys, to move the border between the two dates";
  handle.setAttribute("role", "slider");
  handle.setAttribute("aria-label", "Border between two dates");
  handle.setAttribute("aria-valuemin", "0");
  handle.setAttribute("aria-valuemax", "100");
  return { handle, left, right };
}
function swipe(model, map, L) {
  const above = (
    /** @type {HTMLElement} */
    map.getPane("rareearth-second")
  );
  const { handle, left, right } = makeHandle(map, L);
  let part = 0.5;
  const place = () => {
    const size = map.getSize();
    const x = part * size.x;
    handle.style.left = `${x}px`;
    handle.setAttribute("aria-valuenow", String(Math.round(100 * part)));
    above.style.clip = clipTo(
      map.containerPointToLayerPoint([x, 0]),
      map.containerPointToLayerPoint(size)
    );
  };
  const put = (position) => {
    part = onTheMap(position);
    place();
  };
  const drag = (event) => {
    const around = map.getContainer().getBoundingClientRect();
    if (!handle.hasPointerCapture(event.pointerId)) return;
    put((event.clientX - around.left) / around.width);
  };
  const press = (event) => {
    const by = stepOf(event.key);
    if (!by) return;
    put(part + by);
    event.preventDefault();
    event.stopPropagation();
  };
  const show2 = () => {
    handle.style.display = model.get("second") ? "" : "none";
    const [earlier, later] = model.get("dates");
    left.textContent = earlier ?? "";
    right.textContent = later ?? "";
    place();
  };
  L.DomEvent.disableClickPropagation(handle);
  handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
  handle.addEventListener("pointermove", drag);
  handle.addEventListener("keydown", press);
  map.on(MOVES, place);
  const stop = onChange(model, ["second", "dates"], show2);
  show2();
  return () => {
    map.off(MOVES, place);
    stop();
    handle.remove();
  };
}

// src/map/toolbar.js
var TOOLS = [
  [
    "rectangle",
    "Rectangle: drag on the map to select the patches that it touches",
    "M3 6h18v12H3z"
  ],
  [
    "polygon",
    "Polygon: click corners on the map to select the patches that it touches",
    "M12 3l9 7-4 10H7L3 10z"
  ],
  [
    "ruler",
    "Ruler: click points on the map to measure distance and area",
    "M2 16L16 2l6 6L8 22zM6 12l3 3M10 8l3 3M14 4l3 3"
  ]
];
var WHOLE = "M3 9V3h6M15 3h6v6M21 15v6h-6M9 21H3v-6";
function toolbar(model, map, L) {
  const control = new L.Control({ position: "topleft" });
  const bar = L.DomUtil.create("div", "leaflet-bar rareearth-toolbar");
  const add = (does, outline, press) => {
    const button = L.DomUtil.create("button", "", bar);
    button.type = "button";
    button.title = does;
    button.innerHTML = `<svg viewBox="0 0 24 24"><path d="${outline}"/></svg>`;
    button.setAttribute("aria-label", does.split(":")[0]);
    button.addEventListener("click", press);
    return button;
  };
  const buttons = TOOLS.map(([name, does, outline]) => {
    const toggle = () => {
      model.set("tool", model.get("tool") === name ? "" : name);
      model.save_changes();
    };
    return { name, button: add(does, outline, toggle) };
  });
  add("Whole scene: return to the initial view", WHOLE, () => map.fitBounds(model.get("bounds")));
  const show2 = () => {
    for (const { name, button } of buttons) {
      button.setAttribute("aria-pressed", String(model.get("tool") === name));
    }
  };
  L.DomEvent.disableClickPropagation(bar);
  control.onAdd = () => bar;
  control.addTo(map);
  show2();
  const stop = onChange(model, ["tool"], show2);
  return () => {
    stop();
    control.remove();
  };
}

// src/map/map_bridge.js
var FOCUS_ZOOM = 15;
async function bind(model, signal) {
  const map = await displayedMap(model, signal);
  if (!map || signal.aborted) return;
  const L = window.L;
  const box = map.getContainer();
  box.leafletMap = map;
  const corners = new Float32Array(copied(model.get("corners")));
  const footprints = new Footprints(model.get("origin"), corners);
  const stopImagery = imageryLayer(model, map, L, "imagery");
  const stopSecond = imageryLayer(model, map, L, "second");
  const scores = scoreLayer(model, map, L, footprints);
  const groups = outlines(model, map, L, footprints);
  const stops = [
    mouse(model, map, L, footprints),
    toolbar(model, map, L),
    drawing(model, map, L),
    coordinates(map, L),
    pin(model, map, L),
    swipe(model, map, L),
    connection(model, map),
    keepFitted(model, map),
    stopImagery,
    stopSecond
  ];
  onChange(model, ["focus"], () => {
    const focus = model.get("focus");
    if (focus.length) map.flyTo(focus, Math.max(map.getZoom(), FOCUS_ZOOM), { duration: 0.4 });
  });
  const ready = () => {
    if (model.get("opened")) box.dataset.ready = "true";
  };
  onChange(model, ["opened"], ready);
  ready();
  model.set("shown", true);
  model.save_changes();
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
    for (const layer of [scores, ...groups.values()]) layer.remove();
  });
}
var map_bridge_default = {
  // Not awaited: anywidget allows two seconds to initialize, and the map may be displayed later;
  // JupyterLab would then drop all further messages to the model.
  initialize({ model, signal }) {
    bind(model, signal).catch((error) => console.error("[rareearth-explorer]", error));
  },
  // Invisible, but a widget receives messages only after it is displayed.
  render({ el }) {
    el.style.display = "none";
  }
};

// src/narrow/histogram.js
var WIDTH = 400;
var HEIGHT = 110;
var SVG = "http://www.w3.org/2000/svg";
var STEPS = { ArrowLeft: -5e-3, ArrowRight: 5e-3, PageDown: -0.05, PageUp: 0.05 };
function heightOf(count, most) {
  return most > 0 ? Math.sqrt(count / most) * (HEIGHT - 4) : 0;
}
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
var histogram_default = {
  render({ model, el }) {
    el.classList.add("rareearth-histogram");
    const plot = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" });
    const bars = shape("g", {});
    const out = shape("rect", { class: "rareearth-out", x: 0, y: 0, height: HEIGHT });
    const line = shape("line", { class: "rareearth-line", y1: 0, y2: HEIGHT });
    plot.append(bars, out, line);
    const grip = document.createElement("div");
    grip.className = "rareearth-grip";
    grip.tabIndex = 0;
    grip.setAttribute("role", "slider");
    grip.setAttribute("aria-label", "Threshold: drag to discard lower scores");
    el.append(plot, grip);
    const range = () => {
      const [low, high] = model.get("range");
      return { low, high, span: high - low || 1 };
    };
    const drawBars = () => {
      const counts = model.get("counts");
      const most = Math.max(0, ...counts);
      const wide = WIDTH / Math.max(1, counts.length);
      const known = model.get("known");
      const row = (values, kind) => values.map((count, at) => {
        const height = heightOf(count, most);
        const place = { x: at * wide, y: HEIGHT - height, width: wide * 0.94, height };
        return shape("rect", { class: kind, ...place });
      });
      bars.replaceChildren(...row(counts, "rareearth-all"), ...row(known, "rareearth-known"));
    };
    const drawLine = () => {
      const { low, high, span } = range();
      const at = Math.min(high, Math.max(low, model.get("at")));
      const x = (at - low) / span * WIDTH;
      out.setAttribute("width", String(x));
      line.setAttribute("x1", String(x));
      line.setAttribute("x2", String(x));
      grip.style.left = `${100 * x / WIDTH}%`;
      grip.setAttribute("aria-valuemin", low.toFixed(3));
      grip.setAttribute("aria-valuemax", high.toFixed(3));
      grip.setAttribute("aria-valuenow", at.toFixed(3));
    };
    const update = () => {
      drawBars();
      drawLine();
      el.dataset.ready = String(model.get("counts").length > 0);
    };
    let waiting = 0;
    const move = (at) => {
      const { low, high } = range();
      model.set("at", Math.min(high, Math.max(low, at)));
      drawLine();
      waiting ||= requestAnimationFrame(() => {
        waiting = 0;
        model.save_changes();
      });
    };
    const chosen = () => {
      cancelAnimationFrame(waiting);
      waiting = 0;
      model.save_changes();
      model.send({ chosen: model.get("at") });
    };
    const follow = (event) => {
      const box = plot.getBoundingClientRect();
      const { low, span } = range();
      move(low + (event.clientX - box.left) / (box.width || 1) * span);
    };
    let dragging = false;
    el.addEventListener("pointerdown", (event) => {
      if (!model.get("counts").length || event.button !== 0) return;
      dragging = true;
      el.setPointerCapture?.(event.pointerId);
      follow(event);
    });
    el.addEventListener("pointermove", (event) => {
      if (dragging) follow(event);
    });
    const release = () => {
      if (dragging) chosen();
      dragging = false;
    };
    el.addEventListener("pointerup", release);
    el.addEventListener("pointercancel", release);
    grip.addEventListener("keydown", (event) => {
      const step = STEPS[
        /** @type {keyof typeof STEPS} */
        event.key
      ];
      if (!step || !model.get("counts").length) return;
      event.preventDefault();
      move(model.get("at") + step * range().span);
      chosen();
    });
    update();
    model.on("change", update);
    return () => cancelAnimationFrame(waiting);
  }
};

// src/review/sheet.js
var sheet_default = {
  render({ model, el }) {
    el.classList.add("rareearth-sheet");
    let urls = [];
    const revoke = () => {
      for (const url of urls) URL.revokeObjectURL(url);
      urls = [];
    };
    const choose = (place) => {
      model.set("place", place);
      model.save_changes();
    };
    const imageOf = (picture) => {
      const image = document.createElement("img");
      if (picture?.byteLength) {
        const url = URL.createObjectURL(new Blob([picture], { type: "image/webp" }));
        urls.push(url);
        image.src = url;
      }
      return image;
    };
    const buttonOf = ({ verb, text, title }, patch) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.title = title;
      button.setAttribute("aria-label", `${title}: patch ${patch}`);
      button.dataset.verb = verb;
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        model.send({ verb, patch });
      });
      return button;
    };
    const figureOf = ({ patch, caption }, place) => {
      const figure = document.createElement("figure");
      const text = document.createElement("figcaption");
      const image = imageOf(model.get("pictures")[place]);
      image.alt = `patch ${patch}`;
      text.textContent = caption;
      figure.setAttribute("tabindex", "0");
      figure.append(image, text);
      const verbs = model.get("verbs") ?? [];
      if (verbs.length) {
        const row = document.createElement("div");
        row.append(...verbs.map((verb) => buttonOf(verb, patch)));
        figure.append(row);
      }
      figure.addEventListener("click", () => choose(place));
      figure.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && event.target === figure) choose(place);
      });
      return figure;
    };
    const draw = () => {
      revoke();
      el.replaceChildren(...model.get("chips").map(figureOf));
      badge();
      el.dataset.drawn = String(Number(el.dataset.drawn ?? 0) + 1);
    };
    const badge = () => {
      const verdicts = model.get("verdicts");
      const chosen = model.get("place");
      [...el.children].forEach((child, number) => {
        const figure = (
          /** @type {HTMLElement} */
          child
        );
        figure.dataset.verdict = verdicts[number] ?? "";
        figure.classList.toggle("rareearth-under-review", number === chosen);
      });
    };
    let shown = [];
    const update = () => {
      const current = [model.get("chips"), model.get("pictures")];
      if (current.every((value, at) => value === shown[at])) {
        badge();
        return;
      }
      shown = current;
      draw();
    };
    update();
    model.on("change", update);
    return revoke;
  }
};

// src/widgets.js
var WIDGETS = { histogram: histogram_default, keys: keys_default, map: map_bridge_default, sheet: sheet_default };
function widgetOf(model) {
  const name = model.get("script");
  if (!Object.hasOwn(WIDGETS, name)) throw new Error(`There is no widget "${name}".`);
  return WIDGETS[name];
}
var widgets_default = {
  initialize(context) {
    const model = (
      /** @type {Model<any>} */
      context.model
    );
    receiveAlways(model).catch((error) => console.error("[rareearth-explorer]", error));
    return widgetOf(context.model).initialize?.(context);
  },
  render: (context) => widgetOf(context.model).render(context)
};
export {
  widgets_default as default
};
