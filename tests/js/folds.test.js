import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFolds, foldRows, isFolded, lacksSomething, lineOf } from "../../static/js/crf/folds.js";
import { openPage } from "../../static/js/crf/page.js";
import { showMissing } from "../../static/js/crf/rail.js";
import { drawForm, field } from "./form.js";

const ROW = (number) => `<fieldset data-row="nodes-${number}"><details data-fold open>
  <summary><span data-line></span> <span data-row-missing hidden></span></summary>
  <div data-q="nodes-${number}-examined" data-kind="integer"><label class="p3-q-text">Examined</label>
    <input type="text" id="id-nodes-${number}-examined" name="nodes-${number}-examined"></div>
  <div data-q="nodes-${number}-side" data-kind="text"><label class="p3-q-text">Side</label>
    <select name="nodes-${number}-side"><option value=""></option><option value="L">left</option></select></div>
  <div data-q="nodes-${number}-gone" data-kind="text" hidden><label class="p3-q-text">Gone</label>
    <input name="nodes-${number}-gone" value="x"></div></details></fieldset>`;

function opened(rows = 3) {
  const form = drawForm();
  form
    .querySelector('[data-group="nodes"]')
    .insertAdjacentHTML("beforeend", [...Array(rows).keys()].map(ROW).join(""));
  return openPage(form);
}
const folds = ({ form }) => [...form.querySelectorAll("[data-fold]")];
const lacks = (page, ...rows) =>
  showMissing(
    page,
    rows.map((row) => ({ link: `#id-nodes-${row}-examined`, text: "Examined" })),
  );

test("a row says in a line what it holds, and how much it lacks", () => {
  const page = opened();
  field(page.form, "nodes-0-examined").value = "7";
  field(page.form, "nodes-0-side").value = "L";
  lacks(page, 1);
  const lines = folds(page).map((fold) => fold.querySelector("[data-line]").textContent);
  assert.deepEqual(lines, ["Examined: 7 · Side: left", "no answer", "no answer"]);
  const numbers = folds(page).map((fold) => fold.querySelector("[data-row-missing]"));
  assert.deepEqual(
    numbers.map((place) => [place.hidden, place.textContent]),
    [
      [true, "0 missing"],
      [false, "1 missing"],
      [true, "0 missing"],
    ],
  );
  assert.equal(lineOf(page, page.form.querySelector('[data-row="nodes-1"]')), "");
});

test("the grid above the rows shows what stands in them, and nothing of a question that is not asked", () => {
  const page = opened();
  const cells = ["0-examined", "0-side", "1-side", "0-gone", "9-side"]
    .map((name) => `<td data-shows="nodes-${name}">old</td>`)
    .join("");
  const group = page.form.querySelector('[data-group="nodes"]');
  group.insertAdjacentHTML("afterbegin", `<table><tbody><tr>${cells}</tr></tbody></table>`);
  field(page.form, "nodes-0-examined").value = "7";
  field(page.form, "nodes-0-side").value = "L";
  describeFolds(page);
  const shown = [...page.form.querySelectorAll("[data-shows]")].map((cell) => cell.textContent);
  assert.deepEqual(shown, ["7", "left", "", "", "old"]);
});

test("the first row that lacks an answer stays open, and one with something to look at", () => {
  const page = opened(4);
  lacks(page, 1, 2);
  folds(page)[3].firstElementChild.classList.add("has-soft");
  foldRows(page);
  assert.deepEqual(
    folds(page).map((fold) => fold.open),
    [false, true, false, true],
  );
  const [first, , third] = folds(page).map((fold) => fold.querySelector("input"));
  assert.deepEqual([isFolded(first), lacksSomething(first)], [true, false]);
  assert.deepEqual([isFolded(third), lacksSomething(third)], [true, true]);
});

test("a row that stands alone is not folded", () => {
  const page = opened(1);
  foldRows(page);
  describeFolds(page);
  assert.equal(folds(page)[0].open, true);
});
