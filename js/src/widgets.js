// All widgets of Rare Earth Explorer. One file is built from this module; the trait `script` of a
// widget names its entry in `WIDGETS`.

import { receiveAlways } from "./anywidget_private.js";
import keys from "./keyboard/keys.js";
import map from "./map/map_bridge.js";
import histogram from "./narrow/histogram.js";
import sheet from "./review/sheet.js";

/** @import { Model, Widget, WidgetTraits } from "./types.js" */

/** The widgets by name; each has its own traits. @type {Record<string, Widget<any>>} */
const WIDGETS = { histogram, keys, map, sheet };

/** @param {Model<WidgetTraits>} model */
function widgetOf(model) {
  const name = model.get("script");
  if (!Object.hasOwn(WIDGETS, name)) throw new Error(`There is no widget "${name}".`);
  return WIDGETS[name];
}

/** @type {Widget<WidgetTraits>} */
export default {
  initialize(context) {
    const model = /** @type {Model<any>} */ (context.model);
    receiveAlways(model).catch((error) => console.error("[rareearth-explorer]", error));
    return widgetOf(context.model).initialize?.(context);
  },
  render: (context) => widgetOf(context.model).render(context),
};
