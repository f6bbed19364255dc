// Clicks that mark, and what is said of the patch under the pointer.

const HEARD_IN_VAIN = [
  "click", "contextmenu", "dblclick", "mousedown", "mousemove", "mouseout", "mouseover", "mouseup", "preclick",
];

function mouse(model, map, L, footprints) {
  // jupyter-leaflet sends every move and every part of a click to the kernel. Nobody listens there,
  // and a click that marks would wait until the kernel has worked off four of its messages.
  for (const name of HEARD_IN_VAIN) map.off(name);
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
    hover(model.get("tool") ? null : footprints.at(place));
    if (hovered !== null && tooltip.isOpen()) tooltip.setLatLng(place);
  };
  const out = () => hover(null);
  const click = (event) => {
    // With a tool a click is its business; above 1 it is the second half of a double click.
    if (model.get("tool") || event.originalEvent.detail > 1) return;
    const patch = footprints.at(event.latlng);
    if (patch !== null) model.send({ kind: "click", patch, other: event.originalEvent.shiftKey });
  };
  const context = (event) => {
    L.DomEvent.preventDefault(event.originalEvent);
    if (model.get("tool")) return;
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
