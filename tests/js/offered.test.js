import assert from "node:assert/strict";
import { test } from "node:test";
import { offer } from "../../static/js/crf/offered.js";
import { openPage } from "../../static/js/crf/page.js";
import { drawForm } from "./form.js";

function draw(chosen = "") {
  const form = drawForm();
  const place = document.createElement("div");
  place.innerHTML = `<div data-q="grade" data-kind="choice" data-offered='{"1": ["is", "pregnant", ["yes"]]}'>
    <div class="form-check"><input type="radio" name="grade" value="1"${chosen === "1" ? " checked" : ""}></div>
    <div class="form-check"><input type="radio" name="grade" value="2"></div>
    <select name="again"><option value=""></option><option value="1">1</option></select></div>`;
  form.append(place);
  return { page: openPage(form), form };
}

const hidden = (form) => form.querySelector('[name="grade"][value="1"]').closest(".form-check").hidden;

test("a code whose condition does not hold is not offered, in buttons and in a list", () => {
  const { page, form } = draw();
  offer(page);
  const option = form.querySelector("[name=again] option[value='1']");
  assert.deepEqual([hidden(form), option.hidden, option.disabled], [true, true, true]);
  form.querySelector('[name="pregnant"]').value = "yes";
  offer(page);
  assert.deepEqual([hidden(form), option.hidden, option.disabled], [false, false, false]);
});

test("a code that is chosen stays to be seen", () => {
  const { page, form } = draw("1");
  offer(page);
  assert.equal(hidden(form), false);
});
