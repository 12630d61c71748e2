import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../../static/js/crf/page.js";
import { addRow } from "../../static/js/crf/rows.js";
import { judge } from "../../static/js/crf/visibility.js";
import { choose, drawForm, field } from "./form.js";

test("a question appears, and is required, with the answer it hangs on", () => {
  const page = openPage(drawForm());
  const question = page.form.querySelector("#q-pregnant");
  judge(page);
  assert.equal(question.hidden, true);
  choose(page.form, "sex", "F");
  judge(page);
  assert.equal(question.hidden, false);
  assert.equal(question.classList.contains("is-required"), true);
  assert.equal(question.querySelector(".p3-req").hidden, false);
});

test("an answer whose question goes is named before the save", () => {
  const page = openPage(drawForm());
  field(page.form, "pregnant").value = "Y";
  judge(page);
  const place = page.form.querySelector("[data-cleared]");
  assert.deepEqual([place.hidden, place.textContent], [false, "left out: Pregnant"]);
  choose(page.form, "sex", "F");
  judge(page);
  assert.equal(place.hidden, true);
});

test("in a table the cell stays and its answer goes", () => {
  const page = openPage(drawForm());
  const row = addRow(page, page.form.querySelector("[data-group]"));
  const cell = row.querySelector('[data-q="nodes-0-positive"]');
  assert.deepEqual([cell.hidden, cell.firstElementChild.hidden], [false, true]);
  field(row, "nodes-0-examined").value = "3";
  judge(page);
  assert.equal(cell.firstElementChild.hidden, false);
});

test("a question with a reason for no answer is marked", () => {
  const page = openPage(drawForm());
  field(page.form, "weight__why").value = "NK";
  judge(page);
  assert.equal(page.form.querySelector("#q-weight").classList.contains("is-missing"), true);
});
