// Score colours and grid lines. Each tile stores which patch each pixel shows, so new scores need no
// geometry: a click repaints the screen in a few milliseconds.

import { dropOldTiles } from "../leaflet_private.js";
import { copied, onChange } from "../model.js";
import { GRID_LINE, paintPixels, patchColours } from "./colours.js";
import { TILE } from "./footprints.js";
import { pane } from "./panes.js";

/**
 * @import { GridLayer, Map as LeafletMap } from "leaflet"
 * @import { Leaflet, MapTraits, Model } from "../types.js"
 * @import { Footprints, TileIndex } from "./footprints.js"
 */

/**
 * @typedef {TileIndex & { context: CanvasRenderingContext2D, image: ImageData }} Tile
 */

/**
 * Draws the scores on the map, and repaints them whenever they change.
 *
 * @param {Model<MapTraits>} model
 * @param {LeafletMap} map
 * @param {Leaflet} L
 * @param {Footprints} footprints
 */
export function scoreLayer(model, map, L, footprints) {
  /** @type {Uint32Array} */
  let colours = new Uint32Array(footprints.count + 1);
  let line = 0;
  /** @type {Map<HTMLElement, Tile>} */
  const tiles = new Map();

  const inHand = () => model.get("outlines")["under review"]?.patches ?? [];

  /** @param {Tile} tile */
  const paint = (tile) => {
    paintPixels(new Uint32Array(tile.image.data.buffer), tile, colours, line);
    tile.context.putImageData(tile.image, 0, 0);
  };

  const repaint = () => {
    const levels = new Uint8Array(copied(model.get("levels")));
    const palette = new Uint8Array(copied(model.get("palette")));
    colours = patchColours(levels, palette, model.get("opacity"));
    // The patch that is judged must be seen as it is.
    for (const patch of inHand()) colours[patch + 1] = 0;
    line = model.get("grid") ? GRID_LINE : 0;
    for (const tile of tiles.values()) paint(tile);
    const box = map.getContainer();
    box.dataset.painted = String(Number(box.dataset.painted ?? 0) + 1);
  };

  const Layer = /** @type {typeof GridLayer} */ (
    L.GridLayer.extend({
      /** @param {import("leaflet").Coords} at */
      createTile(at) {
        const canvas = L.DomUtil.create("canvas", "rareearth-scores");
        canvas.width = canvas.height = TILE;
        canvas.style.imageRendering = "pixelated";
        const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
        const image = context.createImageData(TILE, TILE);
        const tile = { ...footprints.rasterize(at), context, image };
        tiles.set(canvas, tile);
        paint(tile);
        return canvas;
      },
    })
  );
  const layer = new Layer({
    pane: pane(map, "rareearth-scores"),
    bounds: model.get("bounds"),
    noWrap: true, // longitudes go on above 180 where a scene crosses the antimeridian
    maxZoom: 22,
    keepBuffer: 1,
  });
  layer.on("tileunload", (/** @type {import("leaflet").TileEvent} */ event) => {
    tiles.delete(event.tile);
  });
  repaint();
  layer.addTo(map);
  // Tiles are drawn as soon as they are made, so those of the earlier zoom can go at once.
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
