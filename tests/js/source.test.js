import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";
import { openSource } from "../../static/js/crf/source.js";

function drawn() {
  globalThis.document = new Window().document;
  document.body.innerHTML = `<form data-source>
    <table><tbody data-section><tr><td><button type="button" data-all hidden></button>
    <input type="checkbox" name="a"><input type="checkbox" name="b" checked></td></tr></tbody>
    <tbody data-section><tr><td><input type="checkbox" name="c"></td></tr></tbody></table>
    <button name="ask" value="1"></button><button name="save" value="1"></button></form>`;
  const form = document.querySelector("form");
  const tick = (name) => form.querySelector(`[name="${name}"]`);
  const page = openSource(form);
  const press = (target, key, held = {}) => {
    let stopped = false;
    page.onKey({ target, key, preventDefault: () => (stopped = true), ...held });
    return stopped;
  };
  return { form, tick, page, press };
}

test("all of a section is ticked at once, and taken off again", () => {
  const { form, tick, page, press } = drawn();
  const button = form.querySelector("[data-all]");
  assert.equal(button.hidden, false);
  button.click();
  assert.deepEqual(
    ["a", "b", "c"].map((name) => tick(name).checked),
    [true, true, false],
  );
  assert.equal(page.isUnsaved(), true);
  assert.equal(press(tick("a"), "a", { altKey: true }), true);
  assert.deepEqual(
    ["a", "b", "c"].map((name) => tick(name).checked),
    [false, false, false],
  );
});

test("arrows go from tick to tick, Ctrl+S saves, and other keys are left alone", () => {
  const { form, tick, press } = drawn();
  press(tick("b"), "ArrowDown");
  assert.equal(document.activeElement.name, "c");
  press(tick("c"), "ArrowUp");
  assert.equal(document.activeElement.name, "b");
  const asked = [];
  form.requestSubmit = (button) => asked.push(button.name);
  assert.equal(press(tick("b"), "s", { ctrlKey: true }), true);
  assert.deepEqual(asked, ["save"]);
  assert.equal(press(tick("b"), "x"), false);
});
