import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../../static/js/crf/page.js";
import { goTo, showMissing, startRail } from "../../static/js/crf/rail.js";
import { drawForm } from "./form.js";

const opened = (wide = true) => {
  const page = openPage(drawForm());
  window.matchMedia = () => ({ matches: wide, addEventListener() {} });
  startRail(page);
  return page;
};
const list = ({ form }) => form.querySelector("[data-missing]");
const count = () => document.querySelector("[data-part-missing]");
const WEIGHT = { link: "#id-weight", text: "Weight" };

test("what is missing is counted for the form and for its parts, and named", () => {
  const page = opened();
  page.form.querySelector('[name="weight"]').id = "id-weight";
  showMissing(page, [WEIGHT, { link: "#q-nodes", text: "Nodes <b>" }]);
  assert.equal(list(page).hidden, false);
  assert.equal(list(page).querySelector("summary").textContent, "2 answers are missing");
  assert.deepEqual(
    [...list(page).querySelectorAll("a")].map((link) => [link.getAttribute("href"), link.textContent]),
    [
      ["#id-weight", "Weight"],
      ["#q-nodes", "Nodes <b>"],
    ],
  );
  assert.deepEqual(
    [count().hidden, count().textContent, count().getAttribute("href")],
    [false, "2 missing", "#id-weight"],
  );
  showMissing(page, [WEIGHT]);
  assert.equal(list(page).querySelector("summary").textContent, "1 answer is missing");
  showMissing(page, []);
  assert.deepEqual([list(page).hidden, count().hidden], [true, true]);
});

test("a link to a missing answer opens what is folded, closes the list and moves the focus", () => {
  const page = opened();
  const field = page.form.querySelector('[name="weight"]');
  field.id = "id-weight";
  const folded = document.createElement("details");
  field.replaceWith(folded);
  folded.append(field);
  showMissing(page, [WEIGHT]);
  list(page).open = true;
  list(page).querySelector("a").click();
  assert.deepEqual([folded.open, list(page).open], [true, false]);
  assert.equal(document.activeElement.id, "id-weight");
});

test("of a table the first field takes the focus", () => {
  const page = opened();
  const button = page.form.querySelector("[data-add-row]");
  Object.defineProperty(button, "offsetParent", { value: page.form });
  goTo(page.form.querySelector("#q-nodes"));
  assert.equal(document.activeElement, button);
});

test("Escape closes the list and gives the focus back", () => {
  const page = opened();
  showMissing(page, [WEIGHT]);
  list(page).open = true;
  list(page)
    .querySelector("a")
    .dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  assert.equal(list(page).open, false);
});

test("the parts are folded to a line on a narrow page", () => {
  opened(false);
  assert.equal(document.querySelector("[data-rail]").open, false);
  opened(true);
  assert.equal(document.querySelector("[data-rail]").open, true);
});
