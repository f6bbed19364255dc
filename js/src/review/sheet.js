// A sheet of chips: pictures of patches with captions; one may be chosen, and each may have buttons.
// sheet.py describes the traits.

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

    /** @type {(place: number) => void} */
    const choose = (place) => {
      model.set("place", place);
      model.save_changes();
    };
    /** @type {(picture: SheetTraits["pictures"][number] | undefined) => HTMLImageElement} */
    const imageOf = (picture) => {
      const image = document.createElement("img");
      if (picture?.byteLength) {
        const url = URL.createObjectURL(new Blob([picture], { type: "image/webp" }));
        urls.push(url);
        image.src = url;
      }
      return image;
    };
    /** @type {(verb: SheetTraits["verbs"][number], patch: number) => HTMLElement} */
    const buttonOf = ({ verb, text, title }, patch) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.title = title;
      button.setAttribute("aria-label", `${title}: patch ${patch}`);
      button.dataset.verb = verb;
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        model.send({ verb, patch });
      });
      return button;
    };
    /** @type {(chip: SheetTraits["chips"][number], place: number) => HTMLElement} */
    const figureOf = ({ patch, caption }, place) => {
      const figure = document.createElement("figure");
      const text = document.createElement("figcaption");
      const image = imageOf(model.get("pictures")[place]);
      image.alt = `patch ${patch}`;
      text.textContent = caption;
      figure.setAttribute("tabindex", "0");
      figure.append(image, text);
      const verbs = model.get("verbs") ?? [];
      if (verbs.length) {
        const row = document.createElement("div");
        row.append(...verbs.map((verb) => buttonOf(verb, patch)));
        figure.append(row);
      }
      figure.addEventListener("click", () => choose(place));
      figure.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && event.target === figure) choose(place);
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
      const chosen = model.get("place");
      [...el.children].forEach((child, number) => {
        const figure = /** @type {HTMLElement} */ (child);
        figure.dataset.verdict = verdicts[number] ?? "";
        figure.classList.toggle("rareearth-under-review", number === chosen);
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
