// Drawing on the map: a rectangle or polygon to select by, and the ruler. What is drawn goes to
// Python, which selects and measures. While a tool is in use, clicks mark nothing.

const TOOLS = {
  rectangle: ["Rectangle: drag over the map to select the patches it touches", "M3 6h18v12H3z"],
  polygon: ["Polygon: click corners on the map to select the patches it touches", "M12 3l9 7-4 10H7L3 10z"],
  ruler: ["Ruler: click points on the map to measure distance and area", "M2 16L16 2l6 6L8 22zM6 12l3 3M10 8l3 3M14 4l3 3"],
}; // name -> what it does, and an icon's outline
const WHOLE = "M3 9V3h6M15 3h6v6M21 15v6h-6M9 21H3v-6"; // an icon's outline
const NEAR = 8; // pixels; a click so near to the first corner closes the polygon

// Buttons beneath those for zooming. They are not Python's, which may be busy when one is pressed: the
// next click on the map would still mark a patch.
function toolbar(model, map, L) {
  const control = L.control({ position: "topleft" }), bar = L.DomUtil.create("div", "leaflet-bar rareearth-toolbar");
  const add = (does, outline, press) => {
    const button = L.DomUtil.create("button", "", bar);
    Object.assign(button, { type: "button", title: does, innerHTML: `<svg viewBox="0 0 24 24"><path d="${outline}"/></svg>` });
    button.setAttribute("aria-label", does.split(":")[0]);
    button.addEventListener("click", press);
    return button;
  };
  const buttons = Object.entries(TOOLS).map(([name, [does, outline]]) => {
    const toggle = () => {
      model.set("tool", model.get("tool") === name ? "" : name);
      model.save_changes();
    };
    return [name, add(does, outline, toggle)];
  });
  add("Whole scene: show all patches", WHOLE, () => map.fitBounds(model.get("bounds")));
  const show = () => { for (const [name, button] of buttons) button.setAttribute("aria-pressed", model.get("tool") === name); };
  L.DomEvent.disableClickPropagation(bar);
  control.onAdd = () => bar;
  control.addTo(map);
  show();
  model.on("change:tool", show);
  return () => { model.off("change:tool", show); control.remove(); };
}

function sketching(model, map, L) {
  const renderer = L.canvas({ pane: pane(map, "rareearth-sketch", 460), padding: 0.3 });
  const look = { renderer, interactive: false, lineJoin: "miter" };
  const shapes = [{ color: "#00303d", weight: 5 }, { color: "#00c8ff", weight: 2 }]
    .map((style) => L.polyline([], { ...look, ...style }).addTo(map));
  let corners = [], finished = false;

  const tool = () => model.get("tool");
  const show = (places) => shapes.forEach((shape) => shape.setLatLngs(places));
  const path = () => corners.map(({ lat, lng }) => [lng, lat]);
  const clear = () => { corners = []; finished = false; show([]); };
  const box = (a, b) => [a, L.latLng(a.lat, b.lng), b, L.latLng(b.lat, a.lng)];
  const select = (ring) => {
    corners = ring;
    model.send({ kind: "drawn", ring: path() });
    clear();
  };

  const change = () => {
    clear();
    // Dragging draws the rectangle; with the other tools it still moves the map.
    if (tool() === "rectangle") map.dragging.disable(); else map.dragging.enable();
  };
  const down = (event) => { if (tool() === "rectangle" && event.originalEvent.button === 0) corners = [event.latlng]; };
  const up = (event) => {
    if (tool() !== "rectangle" || !corners.length) return;
    const first = corners[0];
    clear();
    if (map.latLngToContainerPoint(first).distanceTo(event.containerPoint) > 3) select(box(first, event.latlng));
  };
  const move = (event) => {
    if (!corners.length || finished) return;
    if (tool() === "rectangle") show([...box(corners[0], event.latlng), corners[0]]);
    else show([...corners, event.latlng]);
  };
  const click = (event) => {
    if (!["polygon", "ruler"].includes(tool()) || event.originalEvent.detail > 1) return;
    if (finished) clear();
    const [first] = corners;
    const closes = corners.length > 2 && map.latLngToContainerPoint(first).distanceTo(event.containerPoint) < NEAR;
    if (closes && tool() === "polygon") return select(corners);
    corners.push(closes ? first : event.latlng);
    show(corners);
    if (tool() === "ruler") model.send({ kind: "measure", path: path() });
  };
  const finish = () => {
    if (tool() === "polygon" && corners.length > 2) select(corners);
    else if (tool() === "polygon") clear();
    else if (tool() === "ruler") { finished = true; show(corners); }
  };
  const cancel = (event) => {
    if (event.key !== "Escape" || !tool()) return;
    model.set("tool", "");
    model.save_changes();
  };

  const events = { mousedown: down, mouseup: up, mousemove: move, click, dblclick: finish };
  map.on(events);
  document.addEventListener("keydown", cancel, true);
  model.on("change:tool", change);
  change();
  return () => {
    map.off(events);
    document.removeEventListener("keydown", cancel, true);
    model.off("change:tool", change);
    shapes.forEach((shape) => shape.remove());
  };
}
