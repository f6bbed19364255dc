// Tiles that Python was asked for. Pure: neither page nor Leaflet.

let lastTile = 0; // both imagery layers of a map number together: an answer names only its tile

/**
 * Tiles of one layer between the question and the answer.
 *
 * @template {object} Picture what a tile shows
 * @template Done what to call once it does
 */
export class TileRequests {
  /** @type {Map<number, { picture: Picture, done: Done }>} */
  #waiting = new Map();
  /** @type {WeakMap<Picture, number>} */
  #numbers = new WeakMap();

  /**
   * @param {string} layer whose scene is asked
   * @param {(message: object) => void} send to Python
   */
  constructor(layer, send) {
    this.layer = layer;
    this.send = send;
  }

  /**
   * @param {Picture} picture what to fill
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
   * What waits for the answer of that number; undefined for another layer's, or one given up.
   *
   * @param {number} tile
   */
  answered(tile) {
    const waiting = this.#waiting.get(tile);
    this.#waiting.delete(tile);
    return waiting;
  }

  /**
   * Gives a picture up that scrolled away. One that is answered costs Python no word.
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
