import assert from "node:assert/strict";
import { test } from "node:test";
import { isAside, onKey, standAlone } from "../../static/js/crf/keyboard.js";
import { openPage } from "../../static/js/crf/page.js";
import { addRow } from "../../static/js/crf/rows.js";
import { choose, drawForm, field } from "./form.js";

// A key pressed in `from`. Without a layout every field counts as seen.
function press(page, from, key, held = {}) {
  for (const item of page.form.querySelectorAll("input, select, button")) {
    Object.defineProperty(item, "offsetParent", { value: page.form, configurable: true });
  }
  const event = { target: from, key, defaultPrevented: false, ...held };
  event.preventDefault = () => {
    event.defaultPrevented = true;
  };
  onKey(page, event);
  return event.defaultPrevented;
}

test("a digit or a code chooses, and Delete takes the choice back", () => {
  const page = openPage(drawForm());
  const [female, male, none] = page.form.querySelectorAll('[name="sex"]');
  assert.equal(press(page, none, "2"), true);
  assert.equal(male.checked, true);
  press(page, male, "f");
  assert.equal(female.checked, true);
  assert.equal(press(page, female, "m", { ctrlKey: true }), false);
  assert.equal(female.checked, true);
  press(page, female, "Delete");
  assert.equal(none.checked, true);
});

test("Ctrl+S saves, whatever other button of the form stands first", () => {
  const form = drawForm();
  const page = openPage(form);
  const other = document.createElement("button");
  other.name = "_action";
  other.value = "paste";
  form.prepend(other);
  const asked = [];
  form.requestSubmit = (button) => asked.push(button.value);
  assert.equal(press(page, field(form, "weight"), "s", { ctrlKey: true }), true);
  assert.deepEqual(asked, ["save"]);
});

test("Ctrl+Enter saves and goes on, where the page offers it", () => {
  const form = drawForm();
  const page = openPage(form);
  const asked = [];
  form.requestSubmit = (button) => asked.push(button.value);
  assert.equal(press(page, field(form, "weight"), "Enter", { ctrlKey: true }), false);
  form.insertAdjacentHTML("beforeend", '<button name="_action" value="next">Save and next</button>');
  assert.equal(press(page, field(form, "weight"), "Enter", { ctrlKey: true }), true);
  assert.deepEqual(asked, ["next"]);
});

test("Alt+M leads to the first missing answer", () => {
  const form = drawForm();
  const page = openPage(form);
  assert.equal(press(page, field(form, "weight"), "m", { altKey: true }), false);
  form
    .querySelector("[data-missing] ul")
    .insertAdjacentHTML("beforeend", '<li><a href="#id-pregnant">Pregnant</a></li>');
  assert.equal(press(page, field(form, "weight"), "m", { altKey: true }), true);
  assert.equal(document.activeElement.id, "id-pregnant");
});

test("Enter goes on to the next answer, past reasons for none", () => {
  const page = openPage(drawForm());
  assert.equal(press(page, field(page.form, "weight"), "Enter"), true);
  assert.equal(document.activeElement.name, "seen");
});

test("Enter that ends a word being composed is left to the input method", () => {
  const page = openPage(drawForm());
  assert.equal(press(page, field(page.form, "weight"), "Enter", { isComposing: true }), false);
});

test("Enter at the end of the last row adds one, and so does Alt+N anywhere", () => {
  const page = openPage(drawForm());
  const rows = () => page.form.querySelectorAll("[data-row]").length;
  addRow(page, page.form.querySelector("[data-group]"));
  press(page, field(page.form, "nodes-0-positive"), "Enter");
  assert.deepEqual([rows(), document.activeElement.name], [2, "nodes-1-examined"]);
  press(page, field(page.form, "weight"), "n", { altKey: true });
  assert.equal(rows(), 3);
});

test("reasons, removals and buttons in between are no stops", () => {
  const form = drawForm();
  const page = openPage(form);
  addRow(page, form.querySelector("[data-group]"));
  const stops = ["weight", "weight__why", "nodes-0-examined", "nodes-0-remove"];
  assert.deepEqual(
    stops.map((name) => isAside(field(form, name))),
    [false, true, false, true],
  );
  assert.equal(isAside(form.querySelector("[data-add-row]")), true);
});

test("a code that stands alone unticks the others, and they it", () => {
  const page = openPage(drawForm());
  const [red, , none] = page.form.querySelectorAll('[name="colours"]');
  choose(page.form, "colours", "red");
  none.checked = true;
  standAlone(page, none);
  assert.equal(red.checked, false);
  red.checked = true;
  standAlone(page, red);
  assert.equal(none.checked, false);
});
