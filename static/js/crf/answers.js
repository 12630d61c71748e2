// Reads what stands in the fields, as texts and as the answers that conditions compare, and fills them.

import { asDay, asNumber, asPartialDay, clean } from "../reading.js";
import { all, one } from "./page.js";

const READERS = { integer: asNumber, decimal: asNumber, date: asDay, partial_date: asPartialDay };
const isTicked = (input) => ["radio", "checkbox"].includes(input.type);

export const inputsNamed = ({ form }, name) => all(`[name="${CSS.escape(name)}"]`, form);
export const questionNamed = ({ form }, name) => one(`[data-q="${CSS.escape(name)}"]`, form);
export const derivedNamed = ({ form }, name) => one(`[data-derived="${CSS.escape(name)}"]`, form);

export function textsOf(page, name) {
  return inputsNamed(page, name)
    .filter((input) => !isTicked(input) || input.checked)
    .map((input) => clean(input.value))
    .filter(Boolean);
}

export function answerOf(page, name) {
  const output = derivedNamed(page, name);
  if (output) return output.dataset.raw === undefined ? null : JSON.parse(output.dataset.raw);
  const question = questionNamed(page, name);
  if (!question) return null;
  const typed = textsOf(page, name);
  const { kind } = question.dataset;
  if (!typed.length) return null;
  if (kind === "multiple") return typed;
  const read = READERS[kind];
  return read ? read(typed[0], page.texts.today) : typed[0];
}

// A row's own answers come first, then the form's, then what the server knows from elsewhere.
export function lookFrom(page, place) {
  const row = place.closest("[data-row]");
  return (name) => {
    const inRow = row && `${row.dataset.row}-${name}`;
    if (inRow && questionNamed(page, inRow)) return answerOf(page, inRow);
    if (questionNamed(page, name)) return answerOf(page, name);
    return name in page.context ? page.context[name] : null;
  };
}

export function fill(page, name, typed) {
  if (["_version", "_prompts"].includes(name)) return;
  inputsNamed(page, name).forEach((input, index) => {
    if (isTicked(input)) input.checked = typed.includes(input.value);
    else input.value = typed[index] ?? typed[0] ?? "";
  });
}

// Everything typed, by name, as a draft keeps it.
export function typedNow({ form }) {
  const values = {};
  new FormData(form).forEach((text, name) => {
    if (name === "csrfmiddlewaretoken" || name === "_key" || typeof text !== "string") return;
    values[name] ??= [];
    values[name].push(text);
  });
  return values;
}

export const isGone = (question) =>
  Boolean(question.closest("[hidden]") || one(":scope > .p3-cell-answer[hidden]", question));

export const labelOf = (question) =>
  one(".p3-q-text", question)?.firstChild.textContent ||
  one("[aria-label]", question)?.getAttribute("aria-label");
