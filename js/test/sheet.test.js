import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import sheet from "../src/review/sheet.js";
import { FakeModel } from "./fake_model.js";
import { find, openPage } from "./page.js";

/** @import { SheetTraits } from "../src/types.js" */

/** @param {number[]} bytes */
const picture = (...bytes) => new DataView(Uint8Array.from(bytes).buffer);

describe("the sheet", () => {
  /** @type {FakeModel<SheetTraits>} */
  let model;
  /** @type {(() => void) | undefined} */
  let end;
  /** @type {unknown} */
  let page;

  beforeEach(() => {
    page = openPage("<div id='sheet'></div>");
    model = new FakeModel({
      script: "sheet",
      chips: [
        { patch: 7, caption: "rank <1>" },
        { patch: 9, caption: "rank 2" },
      ],
      pictures: [picture(1, 2, 3), picture()],
      verdicts: ["confirmed", ""],
      verbs: [],
      place: 1,
    });
    end = sheet.render({ model, el: find("#sheet") });
  });

  const figures = () => /** @type {HTMLElement[]} */ ([...find("#sheet").children]);
  const sources = () => figures().map((figure) => figure.querySelector("img")?.src);
  const drawn = () => Number(find("#sheet").dataset.drawn);

  test("shows a picture with its caption, and a chip without one", () => {
    assert.deepEqual(
      figures().map((figure) => figure.querySelector("img")?.alt),
      ["patch 7", "patch 9"],
    );
    assert.equal(figures()[0].querySelector("figcaption")?.textContent, "rank <1>");
    assert.match(String(sources()[0]), /^blob:/);
    assert.ok(!sources()[1]);
  });

  test("shows verdicts, and which chip is under review", () => {
    const marks = () =>
      figures().map(({ dataset, classList }) => [
        dataset.verdict,
        classList.contains("rareearth-under-review"),
      ]);
    assert.deepEqual(marks(), [
      ["confirmed", false],
      ["", true],
    ]);
    model.receive({ verdicts: ["", "rejected"], place: 0 });
    assert.deepEqual(marks(), [
      ["", true],
      ["rejected", false],
    ]);
    assert.equal(drawn(), 1, "pictures were drawn anew for a verdict");
  });

  test("is drawn once for all that one message changes", () => {
    model.receive({ chips: [{ patch: 3, caption: "" }], pictures: [picture(4)] });
    assert.equal(drawn(), 2);
    assert.equal(figures().length, 1);
  });

  test("puts the clicked chip under review", () => {
    figures()[0].click();
    assert.equal(model.traits.place, 0);
    assert.equal(model.saved, 1);
  });

  test("gives pictures back when they are replaced and when it ends", (t) => {
    /** @type {string[]} */
    const revoked = [];
    t.mock.method(URL, "revokeObjectURL", (/** @type {string} */ url) => revoked.push(url));
    const [first] = sources();
    model.receive({ pictures: [picture(5), picture()] });
    assert.deepEqual(revoked, [first]);
    const [second] = sources();
    end?.();
    assert.deepEqual(revoked, [first, second]);
  });

  test("is chosen from by keys, too", () => {
    const event = new /** @type {any} */ (page).Event("keydown", { bubbles: true });
    Object.assign(event, { key: "Enter" });
    figures()[0].dispatchEvent(event);
    assert.equal(model.traits.place, 0);
    assert.equal(figures()[0].getAttribute("tabindex"), "0");
  });

  test("sends the verb of a button and its patch, and chooses nothing", () => {
    model.receive({
      verbs: [{ verb: "confirmed", text: "✓", title: "Confirm" }],
      chips: [{ patch: 12, caption: "" }],
      pictures: [picture(1)],
    });
    const button = find("#sheet button");
    assert.equal(button.getAttribute("aria-label"), "Confirm: patch 12");
    button.click();
    assert.deepEqual(model.sent, [{ verb: "confirmed", patch: 12 }]);
    assert.equal(model.saved, 0);
  });
});
