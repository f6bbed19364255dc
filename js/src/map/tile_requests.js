// Requests for tiles to Python. Pure: uses neither page nor Leaflet.

let lastTile = 0; // shared by both imagery layers, because an answer names only its tile

/**
 * Requests of one layer that have no answer yet.
 *
 * @template {object} Picture picture of a tile
 * @template Done callback when it is shown
 */
export class TileRequests {
  /** @type {Map<number, { picture: Picture, done: Done }>} */
  #waiting = new Map();
  /** @type {WeakMap<Picture, number>} */
  #numbers = new WeakMap();

  /**
   * @param {string} layer name of the layer
   * @param {(message: object) => void} send to Python
   */
  constructor(layer, send) {
    this.layer = layer;
    this.send = send;
  }

  /**
   * @param {Picture} picture picture to fill
   * @param {{ x: number, y: number, z: number }} at column, row and zoom
   * @param {Done} done
   */
  ask(picture, { x, y, z }, done) {
    const tile = ++lastTile;
    this.#numbers.set(picture, tile);
    this.#waiting.set(tile, { picture, done });
    this.send({ kind: "tile", layer: this.layer, tile, z, x, y });
  }

  /**
   * Returns the request that a tile answers; undefined if it is another layer's or was cancelled.
   *
   * @param {number} tile
   */
  answered(tile) {
    const waiting = this.#waiting.get(tile);
    this.#waiting.delete(tile);
    return waiting;
  }

  /**
   * Cancels the request of a picture that scrolled away, unless it is answered.
   *
   * @param {Picture} picture
   */
  cancel(picture) {
    const tile = this.#numbers.get(picture);
    if (tile !== undefined && this.#waiting.delete(tile)) {
      this.send({ kind: "cancel", layer: this.layer, tile });
    }
  }
}
