import assert from "node:assert/strict";
import { test } from "node:test";
import { markChanges } from "../../static/js/crf/corrections.js";
import { openPage } from "../../static/js/crf/page.js";
import { judge } from "../../static/js/crf/visibility.js";
import { choose, drawForm, field } from "./form.js";

const SAVED = { sex: ["F"], pregnant: ["N"], weight: ["70"] };

function opened() {
  const page = openPage(drawForm({ saved: SAVED }));
  choose(page.form, "sex", "F");
  field(page.form, "pregnant").value = "N";
  field(page.form, "weight").value = "70";
  judge(page);
  return page;
}

test("a form as it was saved corrects nothing", () => {
  const page = opened();
  assert.deepEqual(markChanges(page), []);
  assert.equal(page.form.querySelector("[data-reason]").hidden, true);
});

test("corrections are told in the words of the page", () => {
  const page = opened();
  choose(page.form, "sex", "M");
  field(page.form, "weight").value = "";
  field(page.form, "weight__why").value = "NK";
  field(page.form, "seen").value = "2026-05-07";
  judge(page);
  const told = markChanges(page).map(({ label, what }) => `${label}: ${what}`);
  assert.deepEqual(told, [
    "Sex: female becomes male",
    "Pregnant: N becomes no answer",
    "Weight: 70 becomes not known",
  ]);
  assert.equal(page.form.querySelector("#q-seen").classList.contains("is-changed"), true);
});

test("words in an answer that look like a mark are left as they are", () => {
  const page = opened();
  page.saved.pregnant = ["$& {new}"];
  assert.equal(markChanges(page)[0].what, "$& {new} becomes N");
});

test("each correction asks for its reason where it stands, and keeps it while others come and go", () => {
  const page = opened();
  field(page.form, "weight").value = "71";
  judge(page);
  const box = field(page.form.querySelector("#q-weight"), "_reason:weight");
  assert.equal(page.form.querySelector("#q-weight [data-what]").textContent, "70 becomes 71");
  assert.equal(page.form.querySelector("#q-weight [data-own] label").htmlFor, "id-_reason:weight");
  box.value = "misread";
  box.dispatchEvent(new Event("input"));
  field(page.form, "pregnant").value = "Y";
  judge(page);
  assert.equal(field(page.form.querySelector("#q-pregnant"), "_reason:pregnant").value, "");
  field(page.form, "weight").value = "70";
  judge(page);
  assert.equal(page.form.querySelector("#q-weight [data-own]"), null);
  field(page.form, "weight").value = "72";
  judge(page);
  assert.equal(field(page.form.querySelector("#q-weight"), "_reason:weight").value, "misread");
});

test("an answer that is no longer asked gives its reason at the end of the form", () => {
  const page = opened();
  choose(page.form, "sex", "M");
  judge(page);
  const end = page.form.querySelector("[data-own-reasons]");
  assert.equal(field(end, "_reason:pregnant").type, "text");
  assert.equal(field(page.form.querySelector("#q-sex"), "_reason:sex").type, "text");
});
