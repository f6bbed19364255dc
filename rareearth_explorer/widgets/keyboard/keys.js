// Sends keys pressed inside the explorer to Python. They are stopped here, or JupyterLab would take
// them for its own shortcuts (`d d` deletes a cell).

export default {
  render({ model, el }) {
    el.style.display = "none";
    let root = null, pointed = false;
    const typing = (target) => target.closest?.("input:not([type=checkbox]):not([type=range]), textarea, select");
    // Arrow keys move a slider that has the focus.
    const sliding = (event) => event.key.startsWith("Arrow") && event.target.closest?.("[role=slider]");
    const press = (event) => {
      const name = (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + event.key;
      if (typing(event.target) || sliding(event) || !model.get("names").includes(name)) return;
      event.preventDefault();
      event.stopPropagation();
      // A key that is held down must not confirm page after page that nobody saw.
      if (!event.repeat || /^(Arrow|\[|\])/.test(event.key)) model.send({ key: name });
    };
    // A list keeps the focus after a choice, and would take the next key for one of its entries. Who
    // goes through it by keys stays in it.
    const chosen = (event) => { if (pointed && event.target.matches("select")) root.focus({ preventScroll: true }); };
    // The element is attached to the page after it is rendered.
    const attach = () => {
      root = el.closest(".rareearth-explorer");
      if (!root) return requestAnimationFrame(attach);
      root.tabIndex = 0;
      root.setAttribute("data-lm-suppress-shortcuts", "true");
      root.addEventListener("keydown", press, true);
      root.addEventListener("keydown", () => { pointed = false; }, true);
      root.addEventListener("change", chosen);
      // A click anywhere inside gives the keys to the explorer, unless it went into a field.
      root.addEventListener("pointerdown", (event) => { pointed = true; if (!typing(event.target)) root.focus({ preventScroll: true }); });
    };
    attach();
    return () => root?.removeEventListener("keydown", press, true);
  },
};
