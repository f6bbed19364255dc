// Imagery: requested tile by tile over the comm, and cancelled when a tile scrolls away.

import { dropOldTiles } from "../leaflet_private.js";
import { onChange } from "../model.js";
import { pane } from "./panes.js";
import { TileRequests } from "./tile_requests.js";

/**
 * @import { DoneCallback, GridLayer, Map as LeafletMap } from "leaflet"
 * @import { Bytes, Leaflet, MapTraits, Model } from "../types.js"
 */

/** Milliseconds in which Leaflet lets tiles appear. */
const FADED = 260;

const BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

/**
 * Shows a picture in its tile, and notifies Leaflet once it is decoded.
 *
 * @param {HTMLImageElement} picture
 * @param {Blob} encoded
 * @param {DoneCallback} done
 */
function show(picture, encoded, done) {
  const url = URL.createObjectURL(encoded);
  picture.onload = () => {
    URL.revokeObjectURL(url);
    done(undefined, picture);
  };
  picture.onerror = () => {
    URL.revokeObjectURL(url);
    done(new Error("not a picture"), picture);
  };
  picture.src = url;
}

/**
 * Shows the imagery of one scene while its trait is above 0.
 *
 * @param {Model<MapTraits>} model
 * @param {LeafletMap} map
 * @param {Leaflet} L
 * @param {"imagery" | "second"} name trait that shows the layer, and name of its scene
 */
export function imageryLayer(model, map, L, name) {
  const place = pane(map, `rareearth-${name}`);
  /** @type {TileRequests<HTMLImageElement, DoneCallback>} */
  const requests = new TileRequests(name, (message) => model.send(message));

  /** @type {(message: { tile: number, mime: string }, buffers?: Bytes[]) => void} */
  const receive = (message, buffers) => {
    const waiting = requests.answered(message.tile);
    if (!waiting) return;
    const { picture, done } = waiting;
    if (!buffers?.length)
      done(undefined, picture); // the scene has no pixels there
    else show(picture, new Blob([buffers[0]], { type: message.mime }), done);
  };

  const Layer = /** @type {typeof GridLayer} */ (
    L.GridLayer.extend({
      /**
       * @param {import("leaflet").Coords} at
       * @param {DoneCallback} done
       */
      createTile(at, done) {
        const picture = L.DomUtil.create("img", `rareearth-${name}`);
        picture.alt = ""; // the map says what it shows
        picture.src = BLANK; // browsers draw a frame around a picture without a source
        requests.ask(picture, at, done);
        return picture;
      },
    })
  );

  /** The last is current; earlier ones stay below it until it is drawn. @type {GridLayer[]} */
  const layers = [];
  /** @param {number} kept */
  const clear = (kept) => {
    while (layers.length > kept) layers.shift()?.remove();
  };
  const add = () => {
    const layer = new Layer({
      pane: place,
      bounds: model.get("bounds"),
      noWrap: true, // as in score_layer.js
      maxNativeZoom: model.get("imagery_zoom"),
      maxZoom: 22,
      updateWhenIdle: true,
      keepBuffer: 1,
    });
    layer.on("tileunload", (/** @type {import("leaflet").TileEvent} */ { tile }) => {
      requests.cancel(/** @type {HTMLImageElement} */ (tile));
    });
    layer.on("load", () => {
      if (layers.at(-1) === layer) clear(1);
      setTimeout(() => dropOldTiles(layer), FADED);
    });
    layers.push(layer);
    layer.addTo(map);
  };
  // A new layer rather than Leaflet's redraw, which requests tiles of fractional zoom levels at a
  // fractional zoom.
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
