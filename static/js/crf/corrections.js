// What the save corrects: answers that were saved and differ now or are no longer asked, rows that go.
// Each asks for its reason where it stands; the one at the end of the form is for all that have none of their own.
import { inputsNamed, isGone, labelOf, questionNamed, textsOf } from "./answers.js";
import { all, one } from "./page.js";

export const NOTHING = "[[],[]]";
export const typedAt = (page, name) => JSON.stringify([textsOf(page, name), textsOf(page, `${name}__why`)]);
const savedAt = ({ saved }, name) => JSON.stringify([saved[name] || [], saved[`${name}__why`] || []]);

const isLeaving = (question) =>
  Boolean(one('[name$="-remove"]:checked', question.closest("[data-row]") || question));
const hasPosition = (tick) => Boolean(one('[name$="-position"]', tick.closest("[data-row]")));

// Marks what differs from the save and returns the corrections among it, in the order of the page.
export function markChanges(page) {
  if (!page.saved) return [];
  const asked = all("[data-q]", page.form).filter((question) => !one("[data-derived]", question));
  const corrections = asked.map((question) => markChange(page, question)).filter(Boolean);
  const removed = all('[data-row] [name$="-remove"]', page.form)
    .filter((tick) => tick.checked && hasPosition(tick))
    .map((tick) => ({
      name: tick.name,
      label: tick.closest("label").textContent.trim(),
      what: page.texts.textRemoved,
    }));
  const gone = all("[data-removed]", page.form).map(({ name, dataset }) => ({
    name,
    label: dataset.removed,
    what: page.texts.textRemoved,
  }));
  return [...corrections, ...removed, ...gone];
}

function markChange(page, question) {
  const name = question.dataset.q;
  const before = savedAt(page, name);
  const now = isGone(question) ? NOTHING : typedAt(page, name);
  question.classList.toggle("is-changed", before !== now);
  if (before === now || before === NOTHING || isLeaving(question)) return null;
  return { name, label: labelOf(question), what: inOneSentence(page, name, before, now) };
}

function inOneSentence(page, name, before, now) {
  const { textChange, textListed, textNone } = page.texts;
  const [old, young] = [before, now].map((answered) => {
    const [values, why] = JSON.parse(answered);
    const words = values.map((value) => inWords(page, name, value));
    return [...words, ...why.map((value) => inWords(page, `${name}__why`, value))].join(textListed);
  });
  return textChange.replace(/\{(old|new)\}/g, (_, mark) => (mark === "old" ? old : young) || textNone);
}

export function inWords(page, name, value) {
  const inputs = inputsNamed(page, name);
  const field = inputs.find((input) => input.tagName === "SELECT" || input.value === value);
  if (field?.tagName === "SELECT") {
    return [...field.options].find((option) => option.value === value)?.text || value;
  }
  const ticked = ["radio", "checkbox"].includes(field?.type);
  return (ticked && field.labels[0]?.lastChild.textContent.trim()) || value;
}

export function askReasons(page, corrections) {
  const panel = one("[data-reason]", page.form);
  if (!panel) return;
  panel.hidden = !corrections.length && !one("[aria-invalid]", panel);
  const kept = new Map(all("[data-own]", page.form).map((item) => [item.dataset.own, item]));
  for (const correction of corrections) {
    const item = kept.get(correction.name) || ownReason(page, correction.name);
    kept.delete(correction.name);
    if (!item.isConnected) placeOf(page, correction.name).append(item);
    describe(item, correction);
  }
  for (const item of kept.values()) item.remove();
}

// At the answer, or at the row that goes; at the end of the form where it is not on the page any more.
function placeOf(page, name) {
  const question = questionNamed(page, name);
  const tick = question ? null : inputsNamed(page, name).find(({ type }) => type === "checkbox");
  const place = question || tick?.closest("td, [data-row]");
  if (!place || isGone(place)) return one("[data-own-reasons]", page.form);
  return one(":scope > .p3-cell-answer", place) || place;
}

function ownReason(page, name) {
  const pattern = one("template[data-own-reason]", page.form);
  const item = pattern.content.firstElementChild.cloneNode(true);
  const box = one("input", item);
  item.dataset.own = name;
  box.name = `_reason:${name}`;
  box.id = `id-${box.name}`;
  box.value = page.ownReasons.get(box.name) || "";
  one("label", item).htmlFor = box.id;
  box.addEventListener("input", () => page.ownReasons.set(box.name, box.value));
  return item;
}

function describe(item, { label, what }) {
  one("[data-label]", item).textContent = label;
  one("[data-what]", item).textContent = what;
}
