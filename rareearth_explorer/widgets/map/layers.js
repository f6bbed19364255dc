// What is drawn on the map: imagery, score colours with the patch grid, outlines.

const BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
const GRID_FROM = 9; // pixels; narrower patches get no grid lines, they would hide the scores
let lastTile = 0; // tiles of both imagery layers are numbered together: an answer names only its tile

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
// `name` is "imagery" or "compared": the trait that switches it on, and which scene is asked.
function imageryLayer(model, map, L, name, zIndex) {
  const waiting = new Map(), place = pane(map, `rareearth-${name}`, zIndex);
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
      const img = L.DomUtil.create("img", `rareearth-${name}`);
      img.src = BLANK; // a picture without a source is drawn with a frame
      img._number = ++lastTile;
      waiting.set(img._number, { img, done });
      model.send({ kind: "tile", layer: name, tile: img._number, z: at.z, x: at.x, y: at.y });
      return img;
    },
  });
  const layers = []; // the last is wanted; those before stay beneath it until it is drawn
  const clear = (kept) => { while (layers.length > kept) layers.shift().remove(); };
  const add = () => {
    const layer = new Layer({
      pane: place, bounds: model.get("bounds"),
      maxNativeZoom: model.get("imagery_zoom"), maxZoom: 22, updateWhenIdle: true, keepBuffer: 1,
    });
    layer.on("tileunload", ({ tile }) => {
      if (waiting.delete(tile._number)) model.send({ kind: "cancel", layer: name, tile: tile._number });
    });
    layer.on("load", () => { if (layers.at(-1) === layer) clear(1); });
    layers.push(layer);
    layer.addTo(map);
  };
  model.on("msg:custom", receive);
  // Added anew rather than redrawn: Leaflet's redraw asks for tiles of half a zoom level at a half zoom.
  const show = () => {
    clear(model.get(name) > 0 ? 1 : 0);
    if (model.get(name) > 0) add();
  };
  show();
  model.on(`change:${name}`, show);
  return { stop: () => { model.off("msg:custom", receive); clear(0); } };
}

// Outlines of groups of patches: known mines, templates, selection.
function outlines(model, map, L, footprints) {
  const renderer = L.canvas({ pane: pane(map, "rareearth-outlines", 420), padding: 0.3 });
  const groups = new Map(), drawn = new Map();
  const update = () => {
    const wanted = model.get("outlines");
    let changed = false;
    for (const [name, { patches, casing, ...style }] of Object.entries(wanted)) {
      const key = JSON.stringify(wanted[name]);
      if (drawn.get(name) === key) continue;
      drawn.set(name, key);
      changed = true;
      if (!groups.has(name)) groups.set(name, L.layerGroup().addTo(map));
      const group = groups.get(name).clearLayers(), rings = patches.map((patch) => [footprints.outline(patch)]);
      const common = { renderer, fill: false, interactive: false, lineJoin: "miter" };
      if (!rings.length) continue;
      if (casing) group.addLayer(L.polygon(rings, { ...common, color: casing, weight: style.weight + 3 }));
      group.addLayer(L.polygon(rings, { ...common, ...style }));
    }
    // All of it, once: Leaflet draws only the rectangle around what changed, and at times what lies
    // outside of it is gone.
    if (changed) requestAnimationFrame(() => { if (renderer._map) renderer._updatePaths(); });
  };
  update();
  model.on("change:outlines", update);
  return groups;
}
