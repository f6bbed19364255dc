// Two dates at once: imagery of the second lies above that of the first, right of a handle.

const STEP = 0.02; // of the map's width, for an arrow key

function swipe(model, map, L) {
  const above = map.getPane("rareearth-compared");
  const handle = L.DomUtil.create("div", "rareearth-swipe", map.getContainer());
  const [left, right] = ["left", "right"].map((side) => L.DomUtil.create("span", `rareearth-date-${side}`, handle));
  Object.assign(handle, { tabIndex: 0, title: "Drag, or press the arrow keys: one date to the left, the other to the right" });
  for (const [name, value] of Object.entries({ role: "slider", "aria-label": "Border between two dates", "aria-valuemin": 0, "aria-valuemax": 100 }))
    handle.setAttribute(name, value);
  let part = 0.5;

  const place = () => {
    const size = map.getSize(), x = part * size.x;
    handle.style.left = `${x}px`;
    handle.setAttribute("aria-valuenow", Math.round(100 * part));
    const nw = map.containerPointToLayerPoint([x, 0]), se = map.containerPointToLayerPoint(size);
    above.style.clip = `rect(${nw.y}px, ${se.x}px, ${se.y}px, ${nw.x}px)`;
  };
  const put = (wanted) => { part = Math.min(1, Math.max(0, wanted)); place(); };
  const drag = (event) => {
    const around = map.getContainer().getBoundingClientRect();
    if (handle.hasPointerCapture(event.pointerId)) put((event.clientX - around.left) / around.width);
  };
  const press = (event) => {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (by) { put(part + by); event.preventDefault(); event.stopPropagation(); }
  };
  const show = () => {
    handle.style.display = model.get("compared") ? "" : "none";
    [left.textContent, right.textContent] = model.get("dates").length ? model.get("dates") : ["", ""];
    place();
  };

  L.DomEvent.disableClickPropagation(handle);
  handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
  handle.addEventListener("pointermove", drag);
  handle.addEventListener("keydown", press);
  map.on("move zoomend viewreset resize", place);
  model.on("change:compared change:dates", show);
  show();
  return () => {
    map.off("move zoomend viewreset resize", place);
    model.off("change:compared change:dates", show);
    handle.remove();
  };
}
