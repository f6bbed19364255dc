// All uses of undocumented parts of anywidget and of Jupyter's widget manager, so that only this file
// must be checked against a new version. Written for anywidget 0.11.0 and ipywidgets 8.1.

/** @import { Model, OwnIdTraits } from "./types.js" */

const SLOW = "[anywidget] Failed to initialize model.";

/** @type {WeakSet<object>} */
const mended = new WeakSet();

/**
 * Lets every anywidget of the page receive messages, however long it took to start.
 *
 * A model of anywidget waits for its start before it takes a message from Python. If the start takes
 * more than two seconds, as on a busy machine, it refuses each later message too, without end: a map
 * or a UMAP stays as it was first drawn. Here it takes them. Its view reads the state when it starts.
 *
 * @param {Model<OwnIdTraits>} model
 */
export async function receiveAlways(model) {
  const manager = /** @type {any} */ (model.widget_manager);
  if (!manager) return;
  const kind = Object.getPrototypeOf(await manager.get_model(model.get("own_id")));
  if (mended.has(kind) || !Object.hasOwn(kind, "_handle_comm_msg")) return;
  mended.add(kind);
  const waiting = kind._handle_comm_msg;
  const plain = Object.getPrototypeOf(kind)._handle_comm_msg;
  /** @param {unknown[]} message */
  kind._handle_comm_msg = async function (...message) {
    try {
      return await waiting.apply(this, message);
    } catch (error) {
      if (!(error instanceof Error) || error.message !== SLOW) throw error;
      return plain.apply(this, message);
    }
  };
  // A model binds the function when it is made, and these were made before.
  for (const made of Object.values(manager._models ?? {})) {
    made.then(
      (/** @type {any} */ each) => {
        if (Object.getPrototypeOf(each) !== kind) return;
        each.comm?.on_msg(each._handle_comm_msg.bind(each));
      },
      () => {},
    );
  }
}
