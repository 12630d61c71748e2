import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, fill, lookFrom, typedNow } from "../../static/js/crf/answers.js";
import { openPage } from "../../static/js/crf/page.js";
import { addRow } from "../../static/js/crf/rows.js";
import { choose, drawForm, field } from "./form.js";

test("an answer has the type of its question", () => {
  const page = openPage(drawForm());
  field(page.form, "weight").value = " 70.5 ";
  field(page.form, "seen").value = "2026/5/7";
  choose(page.form, "sex", "F");
  choose(page.form, "colours", "red");
  page.form.querySelector("[data-derived]").dataset.raw = "24.1";
  const names = ["weight", "seen", "sex", "colours", "bmi", "pregnant", "unknown"];
  assert.deepEqual(
    names.map((name) => answerOf(page, name)),
    [70.5, "2026-05-07", "F", ["red"], 24.1, null, null],
  );
});

test("what cannot be seen is no answer", () => {
  const page = openPage(drawForm());
  field(page.form, "weight").value = "\u200b";
  field(page.form, "pregnant").value = "\u3164\ufeff ";
  assert.deepEqual([answerOf(page, "weight"), answerOf(page, "pregnant")], [null, null]);
});

test("a row looks at itself, then at the form, then at what the server knows", () => {
  const page = openPage(drawForm({ context: '{"age": 61}' }));
  const row = addRow(page, page.form.querySelector("[data-group]"));
  field(row, "nodes-0-examined").value = "12";
  field(page.form, "weight").value = "70";
  const look = lookFrom(page, row.querySelector("td"));
  assert.deepEqual(["examined", "weight", "age", "height"].map(look), [12, 70, 61, null]);
});

test("what a draft keeps is put back by the same names", () => {
  const page = openPage(drawForm());
  fill(page, "weight", ["70"]);
  fill(page, "sex", ["M"]);
  fill(page, "colours", ["red", "blue"]);
  fill(page, "_version", ["9"]);
  const { weight, sex, colours, _version, _key, csrfmiddlewaretoken } = typedNow(page);
  assert.deepEqual([weight, sex, colours, _version], [["70"], ["M"], ["red", "blue"], ["1"]]);
  assert.deepEqual([_key, csrfmiddlewaretoken], [undefined, undefined]);
});
