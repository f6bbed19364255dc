// A sheet of chips: pictures of patches with captions, one of them in hand. sheet.py describes the
// traits.

function render({ model, el }) {
  el.classList.add("rareearth-sheet");
  let urls = [];

  const draw = () => {
    urls.forEach(URL.revokeObjectURL);
    urls = [];
    const pictures = model.get("pictures");
    el.replaceChildren(...model.get("chips").map(({ patch, caption }, place) => {
      const figure = document.createElement("figure"), image = document.createElement("img");
      const text = document.createElement("figcaption");
      if (pictures[place]?.byteLength) {
        urls.push(URL.createObjectURL(new Blob([pictures[place]], { type: "image/webp" })));
        image.src = urls.at(-1);
      }
      image.alt = `patch ${patch}`;
      text.textContent = caption;
      figure.append(image, text);
      figure.addEventListener("click", () => { model.set("place", place); model.save_changes(); });
      return figure;
    }));
    badge();
    el.dataset.drawn = Number(el.dataset.drawn ?? 0) + 1;
  };

  const badge = () => {
    const verdicts = model.get("verdicts"), place = model.get("place");
    [...el.children].forEach((figure, number) => {
      figure.dataset.verdict = verdicts[number] ?? "";
      figure.classList.toggle("rareearth-in-hand", number === place);
    });
  };

  // One event for all that one message changes: drawing twice would revoke pictures still loading.
  let shown = null;
  const update = () => {
    const wanted = [model.get("chips"), model.get("pictures")];
    if (shown && wanted.every((value, at) => value === shown[at])) return badge();
    shown = wanted;
    draw();
  };
  update();
  model.on("change", update);
  return () => urls.forEach(URL.revokeObjectURL);
}

export default { render };
