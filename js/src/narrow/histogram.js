// A histogram of scores with a line to drag: what lies left of it would be discarded. histogram.py
// describes the traits.

/** @import { HistogramTraits, Widget } from "../types.js" */

const WIDTH = 400;
const HEIGHT = 110;
const SVG = "http://www.w3.org/2000/svg";

/** Shares of the range that an arrow key and a page key move the line. */
const STEPS = { ArrowLeft: -0.005, ArrowRight: 0.005, PageDown: -0.05, PageUp: 0.05 };

/**
 * Returns the height of a bar. Few patches must be seen beside many, so it grows with the root.
 *
 * @param {number} count
 * @param {number} most
 */
export function heightOf(count, most) {
  return most > 0 ? Math.sqrt(count / most) * (HEIGHT - 4) : 0;
}

/** @type {(name: string, attributes: Record<string, string | number>) => SVGElement} */
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** @type {Widget<HistogramTraits>} */
export default {
  render({ model, el }) {
    el.classList.add("rareearth-histogram");
    const plot = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" });
    const bars = shape("g", {});
    const out = shape("rect", { class: "rareearth-out", x: 0, y: 0, height: HEIGHT });
    const line = shape("line", { class: "rareearth-line", y1: 0, y2: HEIGHT });
    plot.append(bars, out, line);
    const grip = document.createElement("div");
    grip.className = "rareearth-grip";
    grip.tabIndex = 0;
    grip.setAttribute("role", "slider");
    grip.setAttribute("aria-label", "Threshold: drag to discard lower scores");
    el.append(plot, grip);

    const range = () => {
      const [low, high] = model.get("range");
      return { low, high, span: high - low || 1 };
    };
    const drawBars = () => {
      const counts = model.get("counts");
      const most = Math.max(0, ...counts);
      const wide = WIDTH / Math.max(1, counts.length);
      const known = model.get("known");
      /** @type {(values: number[], kind: string) => SVGElement[]} */
      const row = (values, kind) =>
        values.map((count, at) => {
          const height = heightOf(count, most);
          const place = { x: at * wide, y: HEIGHT - height, width: wide * 0.94, height };
          return shape("rect", { class: kind, ...place });
        });
      bars.replaceChildren(...row(counts, "rareearth-all"), ...row(known, "rareearth-known"));
    };
    const drawLine = () => {
      const { low, high, span } = range();
      const at = Math.min(high, Math.max(low, model.get("at")));
      const x = ((at - low) / span) * WIDTH;
      out.setAttribute("width", String(x));
      line.setAttribute("x1", String(x));
      line.setAttribute("x2", String(x));
      grip.style.left = `${(100 * x) / WIDTH}%`;
      grip.setAttribute("aria-valuemin", low.toFixed(3));
      grip.setAttribute("aria-valuemax", high.toFixed(3));
      grip.setAttribute("aria-valuenow", at.toFixed(3));
    };
    const update = () => {
      drawBars();
      drawLine();
      el.dataset.ready = String(model.get("counts").length > 0);
    };

    // While the line is dragged, at most one message for each picture of the screen.
    let waiting = 0;
    const move = (/** @type {number} */ at) => {
      const { low, high } = range();
      model.set("at", Math.min(high, Math.max(low, at)));
      drawLine();
      waiting ||= requestAnimationFrame(() => {
        waiting = 0;
        model.save_changes();
      });
    };
    const chosen = () => {
      cancelAnimationFrame(waiting);
      waiting = 0;
      model.save_changes();
      model.send({ chosen: model.get("at") });
    };
    const follow = (/** @type {PointerEvent} */ event) => {
      const box = plot.getBoundingClientRect();
      const { low, span } = range();
      move(low + ((event.clientX - box.left) / (box.width || 1)) * span);
    };
    let dragging = false;
    el.addEventListener("pointerdown", (event) => {
      if (!model.get("counts").length || event.button !== 0) return;
      dragging = true;
      el.setPointerCapture?.(event.pointerId);
      follow(event);
    });
    el.addEventListener("pointermove", (event) => {
      if (dragging) follow(event);
    });
    const release = () => {
      if (dragging) chosen();
      dragging = false;
    };
    el.addEventListener("pointerup", release);
    el.addEventListener("pointercancel", release);
    grip.addEventListener("keydown", (event) => {
      const step = STEPS[/** @type {keyof typeof STEPS} */ (event.key)];
      if (!step || !model.get("counts").length) return;
      event.preventDefault();
      move(model.get("at") + step * range().span);
      chosen();
    });
    update();
    model.on("change", update);
    return () => cancelAnimationFrame(waiting);
  },
};
