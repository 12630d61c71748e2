import assert from "node:assert/strict";
import { test } from "node:test";
import { drawNote, showJudged } from "../../static/js/crf/findings.js";
import { openPage } from "../../static/js/crf/page.js";
import { drawForm, field } from "./form.js";

const SOFT = { name: "weight", level: "soft", key: "weight:soft", message: "Unusual." };
const found = (rest = {}) => ({ derived: {}, raw: {}, errors: {}, findings: [], ...rest });

test("a note is a copy of the template, and only a soft finding asks why it is right", () => {
  const page = openPage(drawForm());
  const soft = drawNote(page, { tone: "is-soft", key: "weight:soft", text: "<b>Unusual.</b>" });
  assert.equal(soft.querySelector(".p3-q-note span").textContent, "<b>Unusual.</b>");
  assert.equal(soft.querySelector(".p3-q-note").dataset.finding, "weight:soft");
  assert.equal(soft.querySelector("input").name, "_confirm:weight:soft");
  const hard = drawNote(page, { tone: "is-error", key: "weight:hard", text: "Impossible." });
  assert.equal(hard.querySelector("input"), null);
  assert.equal(drawNote(page, { tone: "is-soft", key: "", text: "So." }).querySelector("input"), null);
});

test("a finding appears at a question that was answered here, and goes with its cause", () => {
  const page = openPage(drawForm());
  const place = page.form.querySelector("#note-weight");
  showJudged(page, found({ findings: [SOFT] }));
  assert.equal(place.children.length, 0);
  page.touched.add("weight");
  showJudged(page, found({ findings: [SOFT] }));
  const question = page.form.querySelector("#q-weight");
  assert.equal(question.classList.contains("has-soft"), true);
  assert.equal(place.querySelector("span").textContent, "Unusual.");
  showJudged(page, found());
  assert.deepEqual([place.children.length, question.classList.contains("has-soft")], [0, false]);
});

test("an unreadable answer is an error and outweighs what is unusual", () => {
  const page = openPage(drawForm());
  page.touched.add("weight");
  showJudged(page, found({ errors: { weight: "Not a number." }, findings: [SOFT] }));
  const { classList } = page.form.querySelector("#q-weight");
  assert.deepEqual([classList.contains("has-error"), classList.contains("has-soft")], [true, false]);
});

test("each prompt is kept once, with the answer it was shown for", () => {
  const page = openPage(drawForm());
  page.touched.add("weight");
  field(page.form, "weight").value = "120";
  showJudged(page, found({ findings: [SOFT] }));
  showJudged(page, found());
  showJudged(page, found({ findings: [SOFT] }));
  assert.deepEqual(JSON.parse(field(page.form, "_prompts").value), [
    { key: "weight:soft", name: "weight", value: "120", message: "Unusual." },
  ]);
});

test("derived answers are shown in words and compared as values", () => {
  const page = openPage(drawForm());
  showJudged(page, found({ derived: { bmi: "24.1 kg/m2", gone: "1" }, raw: { bmi: 24.1 } }));
  const output = page.form.querySelector("[data-derived]");
  assert.deepEqual([output.textContent, output.dataset.raw], ["24.1 kg/m2", "24.1"]);
});

test("a proposal is offered while the server derives one, and only then", () => {
  const page = openPage(drawForm());
  const question = page.form.querySelector("#q-weight");
  question.insertAdjacentHTML("beforeend", '<button type="button" data-accept="bmi" hidden></button>');
  const button = question.querySelector("[data-accept]");
  showJudged(page, found());
  assert.equal(button.hidden, true);
  showJudged(page, found({ derived: { bmi: "24.1" }, raw: { bmi: 24.1 } }));
  assert.equal(button.hidden, false);
  showJudged(page, found({ derived: { bmi: "–" }, raw: { bmi: null } }));
  assert.equal(button.hidden, true);
});
