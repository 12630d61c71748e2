import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { choose, drawForm, field } from "./form.js";

mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
drawForm().remove();
const { start } = await import("../../static/js/crf/main.js");
const { addRow } = await import("../../static/js/crf/rows.js");
const { rowsInWords } = await import("../../static/js/crf/vanishing.js");
const { judge } = await import("../../static/js/crf/visibility.js");

const BOX = `<div data-vanishing tabindex="-1" hidden><ul></ul>
  <button type="submit" data-leave-out>Save without these rows</button>
  <button type="button" data-keep-rows>Back</button></div>`;

// A group that is asked of women alone, with one row in which something is typed.
function withRow() {
  const form = drawForm();
  const group = form.querySelector('[data-group="nodes"]');
  group.dataset.show = '["is", "sex", ["F"]]';
  group.insertAdjacentHTML("afterbegin", '<h3 class="p3-q-text">Nodes<span></span></h3>');
  form.insertAdjacentHTML("beforeend", BOX);
  const page = start(form);
  choose(form, "sex", "F");
  const row = addRow(page, group);
  field(row, "nodes-0-examined").value = "3";
  judge(page);
  return page;
}

function send(page, selector = 'button[name="_action"]') {
  const event = new window.Event("submit", { cancelable: true, bubbles: true });
  Object.defineProperty(event, "submitter", { value: page.form.querySelector(selector) });
  page.form.dispatchEvent(event);
  return !event.defaultPrevented;
}

const box = ({ form }) => form.querySelector("[data-vanishing]");
const named = (page) => [...box(page).querySelectorAll("li")].map((item) => item.textContent);

test("point 4: a save that keeps every row is not asked about", () => {
  const page = withRow();
  assert.equal(send(page), true);
  assert.equal(box(page).hidden, true);
});

test("point 4: rows that an answer takes away are named before they go", () => {
  const page = withRow();
  assert.deepEqual(rowsInWords(page), []);
  choose(page.form, "sex", "M");
  judge(page);
  assert.deepEqual(rowsInWords(page), ["Nodes 1 – Examined, row 1: 3"]);
  assert.equal(
    page.form.querySelector("[data-cleared]").textContent,
    "left out: Nodes 1 – Examined, row 1: 3",
  );
  assert.equal(send(page), false);
  assert.deepEqual([box(page).hidden, named(page)], [false, ["Nodes 1 – Examined, row 1: 3"]]);
  assert.equal(send(page), false, "pressing Save again asks again");
  assert.equal(send(page, "[data-leave-out]"), true);
});

test("point 4: the question goes when the answer is taken back, and is asked anew of other rows", () => {
  const page = withRow();
  choose(page.form, "sex", "M");
  judge(page);
  send(page);
  choose(page.form, "sex", "F");
  judge(page);
  assert.equal(box(page).hidden, true);
  assert.equal(send(page), true);
  choose(page.form, "sex", "M");
  judge(page);
  send(page);
  field(page.form, "nodes-0-examined").value = "4";
  assert.equal(send(page, "[data-leave-out]"), false, "another row than the one that was named");
  page.form.querySelector("[data-keep-rows]").click();
  assert.equal(box(page).hidden, true);
});

test("point 4: a row that is removed, or empty, is not asked about", () => {
  const page = withRow();
  addRow(page, page.form.querySelector('[data-group="nodes"]'));
  field(page.form, "nodes-0-remove").checked = true;
  choose(page.form, "sex", "M");
  judge(page);
  assert.equal(send(page), true);
});

test("a folded row is opened before another one is added", () => {
  const page = start(drawForm());
  const rows = page.form.querySelector("[data-rows]");
  const fold = window.document.createElement("details");
  fold.dataset.spare = "";
  addRow(page, page.form.querySelector("[data-group]"));
  fold.append(rows.firstElementChild);
  rows.append(fold);
  const press = () => page.form.querySelector("[data-add-row]").click();
  press();
  assert.deepEqual([fold.open, rows.querySelectorAll("[data-row]").length], [true, 1]);
  press();
  assert.equal(rows.querySelectorAll("[data-row]").length, 2);
});
