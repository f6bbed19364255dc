// Outlines of groups of patches: mines, templates, selection, patch under review.

import { redrawShapes } from "../leaflet_private.js";
import { onChange } from "../model.js";
import { pane } from "./panes.js";

/**
 * @import { LayerGroup, Map as LeafletMap } from "leaflet"
 * @import { Leaflet, MapTraits, Model, Outline } from "../types.js"
 * @import { Footprints } from "./footprints.js"
 */

/** Pixels by which a casing is wider than its line. */
const CASING = 3;

/**
 * Styles of the lines of a group, the lowest first.
 *
 * @param {Outline} outline
 * @returns {import("leaflet").PathOptions[]}
 */
export function linesOf({ patches: _, casing, ...line }) {
  return casing ? [{ color: casing, weight: line.weight + CASING }, line] : [line];
}

/**
 * Returns the groups that have changed since they were drawn, and records them as drawn.
 *
 * @param {Record<string, Outline>} groups
 * @param {Map<string, string>} drawn name of each group -> what was drawn; kept between calls
 */
export function changedGroups(groups, drawn) {
  return Object.entries(groups).filter(([name, outline]) => {
    const key = JSON.stringify(outline);
    if (drawn.get(name) === key) return false;
    drawn.set(name, key);
    return true;
  });
}

/**
 * Draws the outlines, and redraws groups that change.
 *
 * @param {Model<MapTraits>} model
 * @param {LeafletMap} map
 * @param {Leaflet} L
 * @param {Footprints} footprints
 */
export function outlines(model, map, L, footprints) {
  const renderer = L.canvas({ pane: pane(map, "rareearth-outlines"), padding: 0.3 });
  /** @type {Map<string, LayerGroup>} */
  const groups = new Map();
  /** @type {Map<string, string>} */
  const drawn = new Map();

  /** @param {string} name */
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
    // Redraw everything once, after the last group was changed.
    if (changed.length) requestAnimationFrame(() => redrawShapes(renderer));
  };
  update();
  onChange(model, ["outlines"], update);
  return groups;
}
