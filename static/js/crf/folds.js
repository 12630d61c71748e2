// Rows of the repeating groups, each folded to one line that says what it holds; the row that is due stays open.
// Without this module every row is open.
import { labelOf, questionNamed, textsOf } from "./answers.js";
import { inWords } from "./corrections.js";
import { all, one } from "./page.js";

const TOLD = 4; // answers by which a reader knows a row

const foldsIn = (place) => all("details[data-fold]", place).filter((fold) => !fold.closest("[data-spare]"));
const isAsked = (question) => !question.closest("[hidden]");

function wordsOf(page, name) {
  const read = one(".p3-read", questionNamed(page, name)); // nobody may change it: its words stand there
  if (read) return read.textContent;
  const why = textsOf(page, `${name}__why`).map((value) => inWords(page, `${name}__why`, value));
  return [...textsOf(page, name).map((value) => inWords(page, name, value)), ...why].join(
    page.texts.textListed,
  );
}

function said(page, question) {
  const words = wordsOf(page, question.dataset.q);
  return words && `${labelOf(question).trim()}${page.texts.textLabel}${words}`;
}

// What was chosen and when tells a row sooner than its numbers do.
const isNumber = ({ dataset }) => ["integer", "decimal"].includes(dataset.kind);

export function lineOf(page, row) {
  const answered = all("[data-q]", row).filter((question) => isAsked(question) && said(page, question));
  const told = [...answered].sort((one, other) => isNumber(one) - isNumber(other)).slice(0, TOLD);
  return answered
    .filter((question) => told.includes(question))
    .map((question) => said(page, question))
    .join(" · ");
}

// What the row lacks, by the list of missing answers on the page.
const lacking = (page, row) =>
  all("[data-missing] a", page.form).filter((link) => one(`[id="${CSS.escape(link.hash.slice(1))}"]`, row));

// What the grid above the rows shows of them.
function fillGrids(page) {
  for (const cell of all("[data-shows]", page.form)) {
    const name = cell.dataset.shows;
    const question = questionNamed(page, name);
    if (question) cell.textContent = isAsked(question) ? wordsOf(page, name) : "";
  }
}

export function describeFolds(page) {
  for (const fold of foldsIn(page.form)) {
    const row = fold.closest("[data-row]");
    one("[data-line]", fold).textContent = lineOf(page, row) || page.texts.textNone;
    const number = lacking(page, row).length;
    const place = one("[data-row-missing]", fold);
    place.hidden = number === 0;
    place.textContent = page.texts.textMissingHere.replace("{number}", number);
  }
  fillGrids(page);
}

const isDoubtful = (row) =>
  Boolean(one(".has-error, .has-soft, .p3-q-note.is-error, .p3-q-note.is-soft", row));

// In each group the first row that lacks an answer stays open, and each with something to look at.
export function foldRows(page) {
  for (const group of all("[data-group]", page.form)) {
    const folds = foldsIn(group);
    if (folds.length < 2) continue;
    const due = folds.find((fold) => lacking(page, fold).length);
    for (const fold of folds) fold.open = fold === due || isDoubtful(fold);
  }
  describeFolds(page);
}

export const isFolded = (item) => Boolean(item.closest("details[data-fold]:not([open])"));

// A folded row is a stop where it lacks something.
export const lacksSomething = (item) => {
  const place = one("[data-row-missing]", item.closest("details[data-fold]"));
  return !place.hidden;
};
