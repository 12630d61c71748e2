// Rows and answers by keyboard: Enter goes on, digits and codes choose, Alt+N adds a row, Alt+M leads to
// what is missing, Ctrl+S saves, Ctrl+Enter saves and goes on. They are written on the page (form_body.html).
import { inputsNamed } from "./answers.js";
import { isFolded, lacksSomething } from "./folds.js";
import { all, one } from "./page.js";
import { goTo } from "./rail.js";
import { addAndGo } from "./rows.js";

const FIELDS = "input:not([type=hidden]), select, textarea";

// Fields that are left out when Enter goes on: reasons, removals and buttons in between.
export const isAside = (item) =>
  /__why$|^_confirm:/.test(item.name) ||
  (item.type === "checkbox" && item.name.endsWith("-remove")) ||
  item.matches("[data-accept], [data-take], [data-add-row]");

// A row that is folded away and lacks an answer is opened on the way.
const isSeen = (item) =>
  isFolded(item) ? !item.closest("[hidden]") && lacksSomething(item) : Boolean(item.offsetParent);

// Keys that mean the same wherever they are pressed; each says whether it did something.
const EVERYWHERE = {
  "Alt+n": addRowByKey,
  "Alt+m": goToMissing,
  "Ctrl+s": ({ form }) => submitBy(form, "save"),
  "Ctrl+enter": ({ form }) => submitBy(form, "next"),
};

function heldWith({ altKey, ctrlKey, metaKey, key }) {
  if (altKey) return `Alt+${key.toLowerCase()}`;
  return ctrlKey || metaKey ? `Ctrl+${key.toLowerCase()}` : "";
}

export function onKey(page, event) {
  const from = event.target;
  const act = EVERYWHERE[heldWith(event)];
  if (act) {
    if (act(page, from)) event.preventDefault();
  } else if (event.key === "Enter" && from.matches("input, select") && !event.isComposing) {
    event.preventDefault();
    goOn(page, from);
  } else if (from.type === "radio" && from.closest("[data-digits]")) pickByKey(page, event);
}

function submitBy(form, action) {
  const button = one(`button[name="_action"][value="${action}"]`, form);
  if (button) form.requestSubmit(button);
  return Boolean(button);
}

function goToMissing({ form }) {
  const link = one("[data-missing] a", form);
  const place = link && one(`[id="${CSS.escape(link.getAttribute("href").slice(1))}"]`, form);
  if (place) goTo(place);
  return Boolean(place);
}

function addRowByKey(page, from) {
  const group = from.closest("[data-group]") || one("[data-group]", page.form);
  if (group) addAndGo(page, group);
  return Boolean(group);
}

export function goOn(page, from) {
  const row = from.closest("[data-row]");
  if (row && isLastOfGroup(row, from)) {
    addAndGo(page, row.closest("[data-group]"));
    return;
  }
  const line = all(`${FIELDS}, button`, page.form).filter(
    (item) => isSeen(item) && !item.disabled && !isAside(item) && isStop(item, from),
  );
  const rest = line.slice(line.indexOf(from) + 1);
  const next = rest.find((item) => item.name !== from.name || item.type === "submit");
  if (next && isFolded(next)) goTo(next);
  else next?.focus();
}

function isLastOfGroup(row, from) {
  const fields = all(FIELDS, row).filter((item) => isSeen(item) && !isAside(item));
  const rows = all("[data-row]", row.closest("[data-group]"));
  return fields.at(-1) === from && rows.at(-1) === row;
}

// Of radio buttons, the chosen one is a stop, or each while none is chosen.
const isStop = (item, from) =>
  item.type !== "radio" || item.checked || item === from || !item.form.elements[item.name].value;

export function pickByKey(page, event) {
  const from = event.target;
  const choices = all(`input[name="${CSS.escape(from.name)}"]`, from.closest("[data-digits]"));
  const key = event.key.toUpperCase();
  const meant = choices.find((choice) => digitOf(choice) === key || choice.value.toUpperCase() === key);
  if (meant?.value && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    choose(meant);
    if (from.closest("[data-quick]")) goOn(page, meant);
  } else if (["Backspace", "Delete"].includes(event.key)) {
    event.preventDefault();
    choose(
      choices.find((choice) => choice.value === ""),
      choices[0],
    );
  }
}

// The key of a choice: its own code where the codes are digits, else its place in the list.
const digitOf = (choice) => one(".p3-digit", choice.parentElement)?.textContent;

function choose(choice, focus = choice) {
  if (!choice || choice.disabled) return;
  choice.checked = true;
  focus.focus();
  choice.dispatchEvent(new Event("change", { bubbles: true }));
}

// A code such as "none" stands alone.
export function standAlone(page, tick) {
  const codes = tick.closest("[data-alone]")?.dataset.alone.split(" ");
  if (!codes || !tick.checked) return;
  const alone = codes.includes(tick.value);
  inputsNamed(page, tick.name).forEach((other) => {
    if (other !== tick && (alone || codes.includes(other.value))) other.checked = false;
  });
}
