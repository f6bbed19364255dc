// Buttons below the zoom buttons. They are not ipywidgets, because Python may be busy when one is
// pressed, and the next click on the map would still mark a patch.

import { onChange } from "../model.js";

/**
 * @import { Map as LeafletMap } from "leaflet"
 * @import { Leaflet, MapTraits, Model, Tool } from "../types.js"
 */

/** Name, description and icon of each tool. @type {[Tool, string, string][]} */
const TOOLS = [
  [
    "rectangle",
    "Rectangle: drag on the map to select the patches that it touches",
    "M3 6h18v12H3z",
  ],
  [
    "polygon",
    "Polygon: click corners on the map to select the patches that it touches",
    "M12 3l9 7-4 10H7L3 10z",
  ],
  [
    "ruler",
    "Ruler: click points on the map to measure distance and area",
    "M2 16L16 2l6 6L8 22zM6 12l3 3M10 8l3 3M14 4l3 3",
  ],
];
const WHOLE = "M3 9V3h6M15 3h6v6M21 15v6h-6M9 21H3v-6"; // path of an icon

/**
 * @param {Model<MapTraits>} model
 * @param {LeafletMap} map
 * @param {Leaflet} L
 */
export function toolbar(model, map, L) {
  const control = new L.Control({ position: "topleft" });
  const bar = L.DomUtil.create("div", "leaflet-bar rareearth-toolbar");
  /** @type {(does: string, outline: string, press: () => void) => HTMLButtonElement} */
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
  const show = () => {
    for (const { name, button } of buttons) {
      button.setAttribute("aria-pressed", String(model.get("tool") === name));
    }
  };
  L.DomEvent.disableClickPropagation(bar);
  control.onAdd = () => bar;
  control.addTo(map);
  show();
  const stop = onChange(model, ["tool"], show);
  return () => {
    stop();
    control.remove();
  };
}
