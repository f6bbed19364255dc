// Shapes drawn with the mouse: rectangle and polygon for selection, and the ruler. Pure: uses neither
// page nor Leaflet.

/** @import { LatLng, LonLat, Tool } from "../types.js" */

/** Pixels; a click this close to the first corner closes the polygon or the ruler. */
const NEAR = 8;

/** Pixels; a rectangle that was not dragged farther counts as a click. */
const DRAGGED = 3;

/**
 * Returns the corners of the box that two opposite corners span.
 *
 * @param {LatLng} a
 * @param {LatLng} b
 * @returns {LatLng[]} in order around it, from `a`
 */
export function boxOf(a, b) {
  return [a, { lat: a.lat, lng: b.lng }, b, { lat: b.lat, lng: a.lng }];
}

/**
 * The functions that a sketch calls.
 *
 * @typedef {object} Surroundings
 * @property {() => Tool} tool returns the tool in use; nothing is drawn if it is empty
 * @property {(places: LatLng[]) => void} show draws a line through the places
 * @property {(ring: LonLat[]) => void} drawn a rectangle or polygon is finished
 * @property {(path: LonLat[]) => void} measured the ruler has a new point
 */

/**
 * A pointer event.
 *
 * @typedef {object} Pointed
 * @property {LatLng} latlng its place
 * @property {(place: LatLng) => number} pixelsTo distance to another place on the screen
 */

/**
 * Turns mouse events into shapes.
 */
export class Sketch {
  /** @type {LatLng[]} */
  #corners = [];
  /** Whether the ruler is finished and the next click starts a new one. */
  #finished = false;

  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.surroundings = surroundings;
  }

  get #tool() {
    return this.surroundings.tool();
  }

  /** @returns {LonLat[]} */
  get #path() {
    return this.#corners.map(({ lat, lng }) => [lng, lat]);
  }

  /** Discards the current drawing. */
  clear() {
    this.#corners = [];
    this.#finished = false;
    this.surroundings.show([]);
  }

  /**
   * A button goes down; a rectangle begins with the left one.
   *
   * @param {LatLng} place
   * @param {number} button number of the button, 0 is the left one
   */
  press(place, button) {
    if (this.#tool === "rectangle" && button === 0) this.#corners = [place];
  }

  /**
   * A button goes up, which ends a rectangle.
   *
   * @param {Pointed} pointed
   */
  release({ latlng, pixelsTo }) {
    if (this.#tool !== "rectangle" || !this.#corners.length) return;
    const [first] = this.#corners;
    this.clear();
    if (pixelsTo(first) > DRAGGED) this.#select(boxOf(first, latlng));
  }

  /**
   * The pointer moves, and the drawing follows it.
   *
   * @param {LatLng} place
   */
  move(place) {
    if (!this.#corners.length || this.#finished) return;
    const [first] = this.#corners;
    const rectangle = this.#tool === "rectangle";
    this.surroundings.show(rectangle ? [...boxOf(first, place), first] : [...this.#corners, place]);
  }

  /**
   * A click, which adds a corner of a polygon or a point of the ruler.
   *
   * @param {Pointed} pointed
   * @param {number} count of clicks on this spot, 2 is the second half of a double click
   */
  click({ latlng, pixelsTo }, count) {
    if ((this.#tool !== "polygon" && this.#tool !== "ruler") || count > 1) return;
    if (this.#finished) this.clear();
    const [first] = this.#corners;
    const closes = this.#corners.length > 2 && pixelsTo(first) < NEAR;
    if (closes && this.#tool === "polygon") {
      this.#select(this.#corners);
      return;
    }
    this.#corners.push(closes ? first : latlng);
    this.surroundings.show(this.#corners);
    if (this.#tool === "ruler") this.surroundings.measured(this.#path);
  }

  /** A double click, which ends a polygon, or the ruler. */
  finish() {
    if (this.#tool === "polygon" && this.#corners.length > 2) this.#select(this.#corners);
    else if (this.#tool === "polygon") this.clear();
    else if (this.#tool === "ruler") {
      this.#finished = true;
      this.surroundings.show(this.#corners);
    }
  }

  /** @param {LatLng[]} ring */
  #select(ring) {
    this.#corners = ring;
    this.surroundings.drawn(this.#path);
    this.clear();
  }
}
