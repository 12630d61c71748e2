// Form pages: questions shown and required while typing, derived answers and findings live, drafts
// kept every few seconds, rows and answers by keyboard, and a warning before unsaved answers are
// left. The server judges again on every save; without scripts the page still works.

import { answerOf, fill, inputsNamed, typedNow } from "./answers.js";
import { askInPlace } from "./ask.js";
import {
  forgetHere,
  forgetStored,
  isAway,
  keepDraft,
  keepHere,
  keepUntilSaved,
  putBack,
  saveWhenBack,
} from "./drafts.js";
import { deriveSoon } from "./findings.js";
import { foldRows } from "./folds.js";
import { onKey, standAlone } from "./keyboard.js";
import { one, openPage } from "./page.js";
import { land, startRail } from "./rail.js";
import { addAndGo, identify, markRemoved } from "./rows.js";
import { explainCodes, findTerms, keyInTerms, leaveTerms, pressTerm } from "./terms.js";
import { mayLeaveOut } from "./vanishing.js";
import { judge } from "./visibility.js";

const DRAFT_EVERY = 4000;

// What is proposed here, or known from another form, becomes the answer.
function takeOver(page, button) {
  const { accept, take } = button.dataset;
  const value = accept ? answerOf(page, accept) : null;
  const typed = take ? JSON.parse(take) : [String(value)];
  const name = button.closest("[data-q]").dataset.q;
  if (accept && value === null) return;
  fill(page, name, typed);
  const inputs = inputsNamed(page, name);
  const answer = inputs.find((input) => input.checked || input.type === "text") || inputs[0];
  answer?.dispatchEvent(new Event("change", { bubbles: true }));
  if (take) answer?.focus();
}

function onClick(page, { target }) {
  const taken = target.closest("[data-accept], [data-take]");
  if (taken) takeOver(page, taken);
  const add = target.closest("[data-add-row]");
  if (add) addAndGo(page, add.closest("[data-group]"));
  if (target.closest("[data-keep-rows]")) one("[data-vanishing]", page.form).hidden = true;
  if (!target.closest("[data-discard]")) return;
  page.dirty = false;
  page.unsent = false;
  forgetHere(page);
}

function onChange(page, { target, type }) {
  const question = target.closest("[data-q]");
  if (question && type === "change") page.touched.add(question.dataset.q);
  if (type === "change" && target.matches("[data-terms]")) explainCodes(page.form, target);
  if (target.type === "checkbox") {
    standAlone(page, target);
    markRemoved(target);
  }
  identify(target);
  if (type === "input" && target.matches("[data-terms]")) findTerms(target);
  page.dirty = true;
  page.unsent = true;
  judge(page);
  deriveSoon(page);
}

function onSubmit(page, event) {
  const isDiscarding = event.submitter?.matches("[data-discard]");
  if (!isDiscarding && !mayLeaveOut(page, event.submitter)) {
    event.preventDefault();
    return;
  }
  if (!isDiscarding && isAway(page)) {
    event.preventDefault();
    saveWhenBack(page, event.submitter);
    return;
  }
  page.dirty = false;
  if (!isDiscarding) keepUntilSaved(page);
}

function onLeave(page, event) {
  if (!page.dirty) return;
  keepDraft(page, { last: true });
  event.preventDefault();
}

// The browser brought the page back from its memory, and it is about to be asked for anew.
function onStale(page) {
  if (page.dirty) keepHere(page, typedNow(page), sessionStorage);
  page.dirty = false;
}

export function start(form) {
  const page = openPage(form);
  document.documentElement.classList.add("has-js");
  form.addEventListener("keydown", (event) => keyInTerms(event) || onKey(page, event));
  form.addEventListener("mousedown", pressTerm);
  form.addEventListener("focusout", leaveTerms);
  form.addEventListener("click", (event) => onClick(page, event));
  form.addEventListener("input", (event) => onChange(page, event));
  form.addEventListener("change", (event) => onChange(page, event));
  form.addEventListener("submit", (event) => onSubmit(page, event));
  window.addEventListener("beforeunload", (event) => onLeave(page, event));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) keepDraft(page, { last: true });
  });
  document.addEventListener("palace3:stale", () => onStale(page));
  window.addEventListener("online", () => keepDraft(page));
  setInterval(() => keepDraft(page), DRAFT_EVERY);
  forgetStored(page);
  if (one("[data-pasted]", form)) forgetHere(page); // the server put what was typed here on the page
  if (one('button[name="_action"]', form)) putBack(page);
  startRail(page);
  judge(page);
  foldRows(page);
  land(page);
  return page;
}

const form = document.querySelector("form[data-crf]");
if (form) {
  start(form);
  askInPlace(document);
}
