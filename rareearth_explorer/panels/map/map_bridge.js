// Binds one anywidget to the Leaflet map behind an ipyleaflet Map: draws the scores of all patches,
// streams imagery over the comm, and reports clicks and hovering. No port is opened and no tile
// server runs, so the same code works in JupyterLab, Voila, JupyterHub and Binder.
//
// The Python side is bridge.py; every trait read here is described there.

const TILE = 256;
const BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
const FOCUS_ZOOM = 15; // a 250 m patch is some 50 pixels wide
const NO_PATCH = 0; // in a tile's index, patches count from 1
const GRID_FROM = 9; // pixels; narrower patches get no grid lines, they would hide the scores

// ---------------------------------------------------------------- finding the Leaflet map

// The views of an ipyleaflet Map are promises; `view.obj` is the Leaflet map, usable once loaded.
async function leafletMap(model) {
  const id = model.get("map").replace("IPY_MODEL_", "");
  const widget = await model.widget_manager.get_model(id);
  for (let tries = 0; tries < 1200; tries++) {
    for (const promise of Object.values(widget.views ?? {})) {
      const view = await promise;
      if (view?.obj?._loaded) return view.obj;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("The map was not displayed within a minute.");
}

const bytes = (model, name) => {
  const view = model.get(name);
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
};

// ---------------------------------------------------------------- where patches are

// Corners come as offsets from an origin, in Web Mercator with the world as the unit square.
class Footprints {
  constructor(model) {
    [this.originX, this.originY] = model.get("origin");
    this.corners = new Float32Array(bytes(model, "corners")); // 8 numbers a patch
    this.count = this.corners.length / 8;
    this.box = new Float32Array(this.count * 4); // west, north, east, south (y grows to the south)
    for (let i = 0; i < this.count; i++) {
      const xs = [0, 2, 4, 6].map((k) => this.corners[8 * i + k]);
      const ys = [1, 3, 5, 7].map((k) => this.corners[8 * i + k]);
      this.box.set([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], 4 * i);
    }
  }

  static project(latlng) {
    const sine = Math.sin((latlng.lat * Math.PI) / 180);
    return [latlng.lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
  }

  // The patch under a place, or null: crossing test against those whose box holds it.
  at(latlng) {
    const [worldX, worldY] = Footprints.project(latlng);
    const x = worldX - this.originX, y = worldY - this.originY;
    for (let i = 0, b = 0; i < this.count; i++, b += 4) {
      if (x < this.box[b] || x >= this.box[b + 2] || y < this.box[b + 1] || y >= this.box[b + 3]) continue;
      let inside = false;
      for (let k = 0, j = 3; k < 4; j = k++) {
        const [xk, yk, xj, yj] = [8 * i + 2 * k, 8 * i + 2 * k + 1, 8 * i + 2 * j, 8 * i + 2 * j + 1]
          .map((at) => this.corners[at]);
        if (yk > y !== yj > y && x < ((xj - xk) * (y - yk)) / (yj - yk) + xk) inside = !inside;
      }
      if (inside) return i;
    }
    return null;
  }

  outline(i) {
    return [0, 1, 2, 3].map((k) => {
      const x = this.corners[8 * i + 2 * k] + this.originX, y = this.corners[8 * i + 2 * k + 1] + this.originY;
      return [(Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, (x - 0.5) * 360];
    });
  }

  // Which patch each pixel of a tile shows, row by row, one pixel wider and higher than the tile so
  // that lines between patches can be told on its last row and column too.
  rasterize({ x, y, z }) {
    const side = TILE + 1, index = new Uint32Array(side * side), scale = TILE * 2 ** z;
    const left = x * TILE - this.originX * scale, top = y * TILE - this.originY * scale;
    let widest = 0;
    for (let i = 0, b = 0; i < this.count; i++, b += 4) {
      const west = this.box[b] * scale - left, north = this.box[b + 1] * scale - top;
      const east = this.box[b + 2] * scale - left, south = this.box[b + 3] * scale - top;
      if (east < 0 || south < 0 || west > side || north > side) continue;
      widest = Math.max(widest, east - west);
      if (!this.#fill(index, side, i, scale, left, top, north, south)) {
        // Narrower than a pixel: still worth one.
        const column = Math.floor(west), row = Math.floor(north);
        if (column >= 0 && row >= 0 && column < side && row < side) index[row * side + column] = i + 1;
      }
    }
    return { index, widest };
  }

  // Pixels whose centre lies in the patch; neighbours share an edge and no pixel.
  #fill(index, side, i, scale, left, top, north, south) {
    let filled = false;
    const first = Math.max(0, Math.ceil(north - 0.5)), last = Math.min(side - 1, Math.ceil(south - 0.5) - 1);
    for (let row = first; row <= last; row++) {
      let from = Infinity, to = -Infinity;
      for (let k = 0, j = 3; k < 4; j = k++) {
        const yk = this.corners[8 * i + 2 * k + 1] * scale - top, yj = this.corners[8 * i + 2 * j + 1] * scale - top;
        if (yk > row + 0.5 === yj > row + 0.5) continue;
        const xk = this.corners[8 * i + 2 * k] * scale - left, xj = this.corners[8 * i + 2 * j] * scale - left;
        const cut = xk + ((row + 0.5 - yk) / (yj - yk)) * (xj - xk);
        from = Math.min(from, cut); to = Math.max(to, cut);
      }
      const start = Math.max(0, Math.ceil(from - 0.5)), end = Math.min(side, Math.ceil(to - 0.5));
      if (start < end) { index.fill(i + 1, row * side + start, row * side + end); filled = true; }
    }
    return filled;
  }
}

// ---------------------------------------------------------------- layers

function pane(map, name, zIndex, css = {}) {
  const element = map.getPane(name) ?? map.createPane(name);
  Object.assign(element.style, { zIndex, pointerEvents: "none", ...css });
  return name;
}

// Score colours and grid lines. A tile keeps which patch each pixel shows, so a new score costs one
// look-up per pixel and no geometry: a click repaints the screen in a few milliseconds.
function scoreLayer(model, map, L, footprints) {
  const colours = new Uint32Array(footprints.count + 1);
  const tiles = new Set();
  let line = 0;

  const paint = (tile) => {
    const { index, widest, image, context } = tile, side = TILE + 1;
    const pixels = new Uint32Array(image.data.buffer), lines = line && widest >= GRID_FROM;
    for (let row = 0, out = 0; row < TILE; row++) {
      for (let at = row * side, end = at + TILE; at < end; at++, out++) {
        const patch = index[at];
        const edge = lines && (patch !== index[at + 1] || patch !== index[at + side]);
        pixels[out] = edge ? line : colours[patch];
      }
    }
    context.putImageData(image, 0, 0);
  };

  const repaint = () => {
    const levels = new Uint8Array(bytes(model, "levels")), palette = new Uint8Array(bytes(model, "palette"));
    const opacity = model.get("opacity"), table = new Uint32Array(256), rgba = new Uint8Array(table.buffer);
    rgba.set(palette);
    for (let level = 0; level < 256; level++) rgba[4 * level + 3] *= opacity;
    for (let i = 0; i < footprints.count; i++) colours[i + 1] = table[levels[i]];
    colours[NO_PATCH] = 0;
    line = model.get("grid") ? 0x59000000 : 0; // ABGR
    for (const tile of tiles) paint(tile);
    const box = map.getContainer();
    box.dataset.painted = Number(box.dataset.painted ?? 0) + 1;
  };

  const Layer = L.GridLayer.extend({
    createTile(at) {
      const canvas = L.DomUtil.create("canvas", "rareearth-scores");
      canvas.width = canvas.height = TILE;
      canvas.style.imageRendering = "pixelated";
      const context = canvas.getContext("2d");
      canvas._tile = { ...footprints.rasterize(at), context, image: context.createImageData(TILE, TILE) };
      tiles.add(canvas._tile);
      paint(canvas._tile);
      return canvas;
    },
  });
  const layer = new Layer({ pane: pane(map, "rareearth-scores", 350), bounds: model.get("bounds"), maxZoom: 22, keepBuffer: 1 });
  layer.on("tileunload", (event) => tiles.delete(event.tile._tile));
  repaint();
  layer.addTo(map);
  model.on("change:levels change:palette change:opacity change:grid", repaint);
  return layer;
}

// Imagery, asked for tile by tile over the comm and given up when it scrolls away.
function imageryLayer(model, map, L) {
  const waiting = new Map();
  let last = 0;
  const receive = (message, buffers) => {
    const tile = waiting.get(message.tile);
    if (!tile) return;
    waiting.delete(message.tile);
    if (!buffers?.length) return tile.done(null, tile.img); // nothing of the scene is there
    const url = URL.createObjectURL(new Blob([buffers[0]], { type: message.mime }));
    tile.img.onload = () => { URL.revokeObjectURL(url); tile.done(null, tile.img); };
    tile.img.onerror = () => { URL.revokeObjectURL(url); tile.done(new Error("not a picture"), tile.img); };
    tile.img.src = url;
  };
  const Layer = L.GridLayer.extend({
    createTile(at, done) {
      const img = L.DomUtil.create("img", "rareearth-imagery");
      img.src = BLANK; // a picture without a source is drawn with a frame
      img._number = ++last;
      waiting.set(last, { img, done });
      model.send({ kind: "tile", tile: last, z: at.z, x: at.x, y: at.y });
      return img;
    },
  });
  const layer = new Layer({
    pane: pane(map, "rareearth-imagery", 250), bounds: model.get("bounds"),
    maxNativeZoom: model.get("imagery_zoom"), maxZoom: 22, updateWhenIdle: true, keepBuffer: 1,
  });
  layer.on("tileunload", ({ tile }) => {
    if (waiting.delete(tile._number)) model.send({ kind: "cancel", tile: tile._number });
  });
  model.on("msg:custom", receive);
  const show = () => {
    const wanted = model.get("imagery") > 0;
    if (wanted && !map.hasLayer(layer)) layer.addTo(map);
    if (!wanted && map.hasLayer(layer)) layer.remove();
  };
  show();
  model.on("change:imagery", () => { show(); if (map.hasLayer(layer)) layer.redraw(); });
  return { layer, stop: () => model.off("msg:custom", receive) };
}

// Outlines of groups of patches: known mines, templates, selection.
function outlines(model, map, L, footprints) {
  const renderer = L.canvas({ pane: pane(map, "rareearth-outlines", 420), padding: 0.3 });
  const groups = new Map(), drawn = new Map();
  const update = () => {
    const wanted = model.get("outlines");
    for (const [name, { patches, casing, ...style }] of Object.entries(wanted)) {
      const key = JSON.stringify(wanted[name]);
      if (drawn.get(name) === key) continue;
      drawn.set(name, key);
      if (!groups.has(name)) groups.set(name, L.layerGroup().addTo(map));
      const group = groups.get(name).clearLayers(), rings = patches.map((patch) => [footprints.outline(patch)]);
      const common = { renderer, fill: false, interactive: false, lineJoin: "miter" };
      if (!rings.length) continue;
      if (casing) group.addLayer(L.polygon(rings, { ...common, color: casing, weight: style.weight + 3 }));
      group.addLayer(L.polygon(rings, { ...common, ...style }));
    }
  };
  update();
  model.on("change:outlines", update);
  return groups;
}

// ---------------------------------------------------------------- mouse

function mouse(model, map, L, footprints) {
  // jupyter-leaflet sends every move of the mouse to the kernel; nobody listens there.
  for (const name of ["mousemove", "mouseover", "mouseout"]) map.off(name);
  const tooltip = L.tooltip({ sticky: true, direction: "auto", offset: [14, 0], className: "rareearth-tooltip" });
  let hovered = null, place = null;

  const hover = (patch) => {
    if (patch === hovered) return;
    hovered = patch;
    if (patch === null) map.closeTooltip(tooltip);
    model.send({ kind: "hover", patch });
  };
  const move = (event) => {
    place = event.latlng;
    hover(footprints.at(place));
    if (hovered !== null && tooltip.isOpen()) tooltip.setLatLng(place);
  };
  const out = () => hover(null);
  const click = (event) => {
    if (event.originalEvent.detail > 1) return; // the second half of a double click
    const patch = footprints.at(event.latlng);
    if (patch !== null) model.send({ kind: "click", patch, other: event.originalEvent.shiftKey });
  };
  const context = (event) => {
    L.DomEvent.preventDefault(event.originalEvent);
    const patch = footprints.at(event.latlng);
    if (patch !== null) model.send({ kind: "click", patch, other: true });
  };
  const say = () => {
    const text = model.get("tooltip");
    if (!text || hovered === null) return map.closeTooltip(tooltip);
    const box = document.createElement("span");
    box.textContent = text; // never as HTML: it may hold names from files
    tooltip.setContent(box).setLatLng(place);
    if (!tooltip.isOpen()) tooltip.addTo(map);
  };
  map.on({ mousemove: move, mouseout: out, click, contextmenu: context });
  model.on("change:tooltip", say);

  const box = map.getContainer();
  box.setAttribute("data-jp-suppress-context-menu", "");
  box.setAttribute("data-lm-suppress-shortcuts", "true");
  return () => {
    map.off({ mousemove: move, mouseout: out, click, contextmenu: context });
    model.off("change:tooltip", say);
  };
}

// Shows all patches, also while the layout is still settling, until a person moves the map.
function keepFitted(model, map) {
  const box = map.getContainer();
  let untouched = true;
  const touch = () => { untouched = false; };
  model.on("change:focus", touch);
  for (const name of ["pointerdown", "wheel"]) box.addEventListener(name, touch, { once: true, passive: true });
  const fit = () => {
    map.invalidateSize({ animate: false });
    if (untouched) map.fitBounds(model.get("bounds"), { animate: false });
  };
  fit();
  const observer = new ResizeObserver(fit);
  observer.observe(box);
  return () => observer.disconnect();
}

async function bind(model, signal) {
  const map = await leafletMap(model), L = window.L, box = map.getContainer();
  if (signal.aborted) return;
  box.leafletMap = map; // lets a browser test or the console find patches on the screen
  const footprints = new Footprints(model);
  const imagery = imageryLayer(model, map, L);
  const scores = scoreLayer(model, map, L, footprints);
  const groups = outlines(model, map, L, footprints);
  const stopMouse = mouse(model, map, L, footprints);
  model.on("change:focus", () => {
    const focus = model.get("focus");
    if (focus.length) map.flyTo(focus, Math.max(map.getZoom(), FOCUS_ZOOM), { duration: 0.4 });
  });
  const stopFitting = keepFitted(model, map);
  box.dataset.ready = "true";
  signal.addEventListener("abort", () => {
    stopFitting();
    stopMouse();
    imagery.stop();
    for (const layer of [imagery.layer, scores, ...groups.values()]) layer.remove();
  });
}

export default {
  // Not awaited: anywidget gives a model two seconds to initialize, and the map may be displayed
  // later than that; JupyterLab then drops every later message to the model.
  initialize({ model, signal }) {
    bind(model, signal).catch((error) => console.error("[rareearth-explorer]", error));
  },

  // Nothing of its own to show, but a widget's messages flow only once it is displayed.
  render({ el }) {
    el.style.display = "none";
  },
};
