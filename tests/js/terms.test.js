import assert from "node:assert/strict";
import { test } from "node:test";
import { explainCodes, keyInTerms, leaveTerms, pressTerm, showTerms } from "../../static/js/crf/terms.js";
import { drawForm } from "./form.js";

const FIELD = `<div data-term-place>
  <input type="text" name="term" data-terms="/terms/" aria-expanded="false"><span data-term-text></span>
  <div role="listbox" id="terms-term" data-term-list hidden></div>
  <template><div role="option" aria-selected="false" data-term=""><strong data-text></strong><span data-name></span><small data-about></small></div></template>
</div>`;
const TERMS = [
  { name: "Neutrophil count decreased", text: "中性粒细胞计数降低", about: "neutropenia" },
  { name: "Febrile neutropenia", text: "Febrile neutropenia", about: "Blood" },
];

function draw() {
  const form = drawForm();
  const place = document.createElement("div");
  place.innerHTML = FIELD;
  form.append(place);
  const input = form.querySelector("[data-terms]");
  const list = form.querySelector("[data-term-list]");
  showTerms(input, TERMS);
  return { form, input, list };
}

function press(input, key, held = {}) {
  const event = { target: input, key, isPrevented: false, ...held };
  event.preventDefault = () => {
    event.isPrevented = true;
  };
  return [keyInTerms(event), event.isPrevented];
}

test("terms are shown by name in the reader's language, with the name that is kept where it differs", () => {
  const { input, list } = draw();
  assert.equal(list.hidden, false);
  assert.equal(input.getAttribute("aria-expanded"), "true");
  const [first, second] = list.children;
  assert.equal(first.querySelector("[data-text]").textContent, "中性粒细胞计数降低");
  assert.equal(first.querySelector("[data-name]").textContent, "Neutrophil count decreased");
  assert.equal(second.querySelector("[data-name]").textContent, "");
});

test("arrows walk around the list, and Enter takes the term and tells the page", () => {
  const { input, list } = draw();
  const told = [];
  input.addEventListener("change", () => told.push(input.value));
  assert.deepEqual(press(input, "ArrowUp"), [true, true]);
  assert.equal(list.children[1].getAttribute("aria-selected"), "true");
  press(input, "ArrowDown");
  assert.equal(input.getAttribute("aria-activedescendant"), list.children[0].id);
  assert.equal(list.children[1].getAttribute("aria-selected"), "false");
  assert.deepEqual(press(input, "Enter"), [true, true]);
  assert.deepEqual(told, ["Neutrophil count decreased"]);
  assert.equal(input.nextElementSibling.textContent, "中性粒细胞计数降低");
  assert.equal(list.hidden, true);
  assert.equal(input.hasAttribute("aria-activedescendant"), false);
});

test("Enter without a choice, other keys and a word being composed are left to the page", () => {
  const { form, input } = draw();
  assert.deepEqual(press(input, "Enter"), [false, false]);
  assert.deepEqual(press(input, "a"), [false, false]);
  assert.deepEqual(press(input, "ArrowDown", { isComposing: true }), [false, false]);
  assert.deepEqual(press(form.querySelector('[name="weight"]'), "ArrowDown"), [false, false]);
});

test("Escape and leaving the field close the list and keep what was typed", () => {
  const { input, list } = draw();
  input.value = "neutro";
  press(input, "Escape");
  assert.deepEqual([list.hidden, input.value], [true, "neutro"]);
  showTerms(input, TERMS);
  leaveTerms({ target: input });
  assert.equal(list.hidden, true);
  assert.deepEqual(press(input, "ArrowDown"), [false, false]);
});

test("a press of the mouse takes the term; elsewhere it does nothing", () => {
  const { form, input, list } = draw();
  let isPrevented = false;
  const preventDefault = () => {
    isPrevented = true;
  };
  pressTerm({ target: form, preventDefault });
  assert.equal(isPrevented, false);
  pressTerm({ target: list.children[1].querySelector("strong"), preventDefault });
  assert.deepEqual(
    [isPrevented, input.value, input.nextElementSibling.textContent],
    [true, "Febrile neutropenia", ""],
  );
});

test("no terms, no list", () => {
  const { input, list } = draw();
  showTerms(input, []);
  assert.deepEqual([list.hidden, input.getAttribute("aria-expanded")], [true, "false"]);
});

test("what each code means for the chosen term stands beside it, and goes with the term", async () => {
  const { form, input } = draw();
  const codes = document.createElement("div");
  codes.innerHTML =
    '<div data-explained-by="term" data-meanings="/grades/"><small data-meaning="1">old</small><small data-meaning="5"></small></div>';
  form.append(codes);
  const asked = [];
  globalThis.fetch = async (address) => {
    asked.push(address);
    return { ok: true, json: async () => ({ meanings: { 1: "made-up words" } }) };
  };
  const said = () => [...codes.querySelectorAll("[data-meaning]")].map((place) => place.textContent);
  input.value = "Febrile neutropenia";
  await explainCodes(form, input);
  assert.deepEqual(asked, ["/grades/?term=Febrile%20neutropenia"]);
  assert.deepEqual(said(), ["made-up words", ""]);
  input.value = " ";
  await explainCodes(form, input);
  assert.deepEqual([asked.length, said()], [1, ["", ""]]);
  globalThis.fetch = async () => {
    throw new TypeError("no network");
  };
  input.value = "Chills";
  await explainCodes(form, input);
  assert.deepEqual(said(), ["", ""]);
});
