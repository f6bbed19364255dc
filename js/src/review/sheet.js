// A sheet of chips: pictures of patches with captions; one patch is under review. sheet.py describes
// the traits.

/** @import { SheetTraits, Widget } from "../types.js" */

/** @type {Widget<SheetTraits>} */
export default {
  render({ model, el }) {
    el.classList.add("rareearth-sheet");
    /** @type {string[]} */
    let urls = [];
    const revoke = () => {
      for (const url of urls) URL.revokeObjectURL(url);
      urls = [];
    };

    /** @type {(chip: SheetTraits["chips"][number], place: number) => HTMLElement} */
    const figureOf = ({ patch, caption }, place) => {
      const figure = document.createElement("figure");
      const image = document.createElement("img");
      const text = document.createElement("figcaption");
      const picture = model.get("pictures")[place];
      if (picture?.byteLength) {
        const url = URL.createObjectURL(new Blob([picture], { type: "image/webp" }));
        urls.push(url);
        image.src = url;
      }
      image.alt = `patch ${patch}`;
      text.textContent = caption;
      figure.append(image, text);
      figure.addEventListener("click", () => {
        model.set("place", place);
        model.save_changes();
      });
      return figure;
    };
    const draw = () => {
      revoke();
      el.replaceChildren(...model.get("chips").map(figureOf));
      badge();
      el.dataset.drawn = String(Number(el.dataset.drawn ?? 0) + 1);
    };
    const badge = () => {
      const verdicts = model.get("verdicts");
      const underReview = model.get("place");
      [...el.children].forEach((child, number) => {
        const figure = /** @type {HTMLElement} */ (child);
        figure.dataset.verdict = verdicts[number] ?? "";
        figure.classList.toggle("rareearth-under-review", number === underReview);
      });
    };

    // One event for all changes of a message: drawing twice would revoke pictures that still load.
    /** @type {unknown[]} */
    let shown = [];
    const update = () => {
      const current = [model.get("chips"), model.get("pictures")];
      if (current.every((value, at) => value === shown[at])) {
        badge();
        return;
      }
      shown = current;
      draw();
    };
    update();
    model.on("change", update);
    return revoke;
  },
};
