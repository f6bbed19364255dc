// A sheet of chips: pictures of patches with captions, one of them in hand. sheet.py describes the
// traits.

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
      const inHand = model.get("place");
      [...el.children].forEach((child, number) => {
        const figure = /** @type {HTMLElement} */ (child);
        figure.dataset.verdict = verdicts[number] ?? "";
        figure.classList.toggle("rareearth-in-hand", number === inHand);
      });
    };

    // One event for all that one message changes: drawing twice would revoke pictures still loading.
    /** @type {unknown[]} */
    let shown = [];
    const update = () => {
      const wanted = [model.get("chips"), model.get("pictures")];
      if (wanted.every((value, at) => value === shown[at])) {
        badge();
        return;
      }
      shown = wanted;
      draw();
    };
    update();
    model.on("change", update);
    return revoke;
  },
};
