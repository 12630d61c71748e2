// Rows that an answer takes away: the page names them and asks before they are left out of a save.
import { isGone, labelOf, textsOf } from "./answers.js";
import { inWords, NOTHING, typedAt } from "./corrections.js";
import { all, one } from "./page.js";

const TOLD = 3; // answers by which a reader knows a row again

// What a row begins with before it is asked was typed by nobody.
const isBeginning = (question) =>
  Boolean(question.closest("[data-begins]")) &&
  all("input", question).every(
    (input) => input.value === input.defaultValue && input.checked === input.defaultChecked,
  );

export const isLeftOut = (page, question) =>
  isGone(question) &&
  !one("[data-derived]", question) &&
  !isBeginning(question) &&
  typedAt(page, question.dataset.q) !== NOTHING;

const isRemoved = (row) => Boolean(one('[name$="-remove"]:checked', row));
const answered = (page, row) => all("[data-q]", row).filter((question) => isLeftOut(page, question));

// A folded row that nobody opened is hidden by its fold alone; what vanishes is hidden with its group.
const vanishing = (page) =>
  all("[data-group]", page.form)
    .filter(isGone)
    .flatMap((group) => all("[data-row]", group))
    .filter((row) => !isRemoved(row) && answered(page, row).length);

function words(page, row) {
  const group = row.closest("[data-group]");
  const title = one(".p3-q-text", group).firstChild.textContent.trim();
  const number = one("[data-number]", row)?.textContent || Number(row.dataset.row.split("-").pop()) + 1;
  const said = answered(page, row)
    .slice(0, TOLD)
    .map((question) => `${labelOf(question)}${page.texts.textLabel}${saidOf(page, question)}`);
  return `${title} ${number} – ${said.join(page.texts.textListedApart)}`;
}

function saidOf(page, question) {
  const name = question.dataset.q;
  const why = textsOf(page, `${name}__why`).map((value) => inWords(page, `${name}__why`, value));
  return [...textsOf(page, name).map((value) => inWords(page, name, value)), ...why].join(
    page.texts.textListed,
  );
}

export const rowsInWords = (page) => vanishing(page).map((row) => words(page, row));

// Says yes to a save that takes no row away, or whose rows were named and agreed to; else asks.
export function mayLeaveOut(page, submitter) {
  const box = one("[data-vanishing]", page.form);
  const rows = rowsInWords(page);
  const asked = JSON.stringify(rows);
  if (!box || !rows.length || (submitter?.matches("[data-leave-out]") && box.dataset.asked === asked)) {
    return true;
  }
  box.dataset.asked = asked;
  one("ul", box).replaceChildren(
    ...rows.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
  box.hidden = false;
  box.focus();
  return false;
}

// The question goes with what it asked about.
export function askAnew(page) {
  const box = one("[data-vanishing]", page.form);
  if (box && box.dataset.asked !== JSON.stringify(rowsInWords(page))) box.hidden = true;
}
