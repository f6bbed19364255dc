// Where patches are on the map, and which one is under a place.

const TILE = 256;
const NO_PATCH = 0; // in a tile's index, patches count from 1

const bytes = (model, name) => {
  const view = model.get(name);
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
};

// Corners come as offsets from an origin, in Web Mercator with the world as the unit square.
class Footprints {
  constructor(model) {
    [this.originX, this.originY] = model.get("origin");
    this.corners = new Float32Array(bytes(model, "corners")); // 8 numbers a patch
    this.count = this.corners.length / 8;
    this.box = new Float32Array(this.count * 4); // west, north, east, south (y grows to the south)
    for (let i = 0; i < this.count; i++) {
      const xs = [0, 2, 4, 6].map((k) => this.corners[8 * i + k]);
      const ys = [1, 3, 5, 7].map((k) => this.corners[8 * i + k]);
      this.box.set([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], 4 * i);
    }
  }

  static project(latlng) {
    const sine = Math.sin((latlng.lat * Math.PI) / 180);
    return [latlng.lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
  }

  // The patch under a place, or null: crossing test against those whose box holds it.
  at(latlng) {
    const [worldX, worldY] = Footprints.project(latlng);
    const x = worldX - this.originX, y = worldY - this.originY;
    for (let i = 0, b = 0; i < this.count; i++, b += 4) {
      if (x < this.box[b] || x >= this.box[b + 2] || y < this.box[b + 1] || y >= this.box[b + 3]) continue;
      let inside = false;
      for (let k = 0, j = 3; k < 4; j = k++) {
        const [xk, yk, xj, yj] = [8 * i + 2 * k, 8 * i + 2 * k + 1, 8 * i + 2 * j, 8 * i + 2 * j + 1]
          .map((at) => this.corners[at]);
        if (yk > y !== yj > y && x < ((xj - xk) * (y - yk)) / (yj - yk) + xk) inside = !inside;
      }
      if (inside) return i;
    }
    return null;
  }

  outline(i) {
    return [0, 1, 2, 3].map((k) => {
      const x = this.corners[8 * i + 2 * k] + this.originX, y = this.corners[8 * i + 2 * k + 1] + this.originY;
      return [(Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, (x - 0.5) * 360];
    });
  }

  // Which patch each pixel of a tile shows, row by row, one pixel wider and higher than the tile so
  // that lines between patches can be told on its last row and column too.
  rasterize({ x, y, z }) {
    const side = TILE + 1, index = new Uint32Array(side * side), scale = TILE * 2 ** z;
    const left = x * TILE - this.originX * scale, top = y * TILE - this.originY * scale;
    let widest = 0;
    for (let i = 0, b = 0; i < this.count; i++, b += 4) {
      const west = this.box[b] * scale - left, north = this.box[b + 1] * scale - top;
      const east = this.box[b + 2] * scale - left, south = this.box[b + 3] * scale - top;
      if (east < 0 || south < 0 || west > side || north > side) continue;
      widest = Math.max(widest, east - west);
      if (!this.#fill(index, side, i, scale, left, top, north, south)) {
        // Narrower than a pixel: still worth one.
        const column = Math.floor(west), row = Math.floor(north);
        if (column >= 0 && row >= 0 && column < side && row < side) index[row * side + column] = i + 1;
      }
    }
    return { index, widest };
  }

  // Pixels whose centre lies in the patch; neighbours share an edge and no pixel.
  #fill(index, side, i, scale, left, top, north, south) {
    let filled = false;
    const first = Math.max(0, Math.ceil(north - 0.5)), last = Math.min(side - 1, Math.ceil(south - 0.5) - 1);
    for (let row = first; row <= last; row++) {
      let from = Infinity, to = -Infinity;
      for (let k = 0, j = 3; k < 4; j = k++) {
        const yk = this.corners[8 * i + 2 * k + 1] * scale - top, yj = this.corners[8 * i + 2 * j + 1] * scale - top;
        if (yk > row + 0.5 === yj > row + 0.5) continue;
        const xk = this.corners[8 * i + 2 * k] * scale - left, xj = this.corners[8 * i + 2 * j] * scale - left;
        const cut = xk + ((row + 0.5 - yk) / (yj - yk)) * (xj - xk);
        from = Math.min(from, cut); to = Math.max(to, cut);
      }
      const start = Math.max(0, Math.ceil(from - 0.5)), end = Math.min(side, Math.ceil(to - 0.5));
      if (start < end) { index.fill(i + 1, row * side + start, row * side + end); filled = true; }
    }
    return filled;
  }
}
