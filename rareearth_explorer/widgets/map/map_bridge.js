// Binds one anywidget to the Leaflet map behind an ipyleaflet Map: draws the scores of all patches,
// streams imagery over the comm, and reports clicks and hovering. No port is opened and no tile
// server runs, so the same code works in JupyterLab, Voila, JupyterHub and Binder.
//
// The Python side is bridge.py, which puts the scripts beside this one before it, so that all are one
// module; every trait read here is described there.

const ZOOM_OUT = 2; // zoom levels below that of the whole scene
const FOCUS_ZOOM = 15; // a 250 m patch is some 50 pixels wide

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

// Shows all patches, also while the layout is still settling, until a person moves the map.
function keepFitted(model, map) {
  const box = map.getContainer();
  let untouched = true;
  const touch = () => { untouched = false; };
  model.on("change:focus", touch);
  for (const name of ["pointerdown", "wheel"]) box.addEventListener(name, touch, { once: true, passive: true });
  const fit = () => {
    map.invalidateSize({ animate: false });
    map.options.minZoom = 0; // that of the last size would keep a smaller map from fitting
    if (untouched) map.fitBounds(model.get("bounds"), { animate: false });
    // Farther out the scene would be a dot on an empty ground.
    map.setMinZoom(Math.max(0, map.getBoundsZoom(model.get("bounds")) - ZOOM_OUT));
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
  const imagery = imageryLayer(model, map, L, "imagery", 250);
  const compared = imageryLayer(model, map, L, "compared", 260);
  const scores = scoreLayer(model, map, L, footprints);
  const groups = outlines(model, map, L, footprints);
  const stops = [
    mouse(model, map, L, footprints), toolbar(model, map, L), sketching(model, map, L), coordinates(map, L),
    pin(model, map, L), swipe(model, map, L), connection(model, map), keepFitted(model, map), imagery.stop, compared.stop,
  ];
  model.on("change:focus", () => {
    const focus = model.get("focus");
    if (focus.length) map.flyTo(focus, Math.max(map.getZoom(), FOCUS_ZOOM), { duration: 0.4 });
  });
  // Until the session is there, a loading screen hides an explorer in which nothing seems to be done.
  const ready = () => { if (model.get("opened")) box.dataset.ready = "true"; };
  model.on("change:opened", ready);
  ready();
  model.set("shown", true);
  model.save_changes();
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
    for (const layer of [scores, ...groups.values()]) layer.remove();
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
