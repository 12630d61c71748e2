// Shows what is asked, marks what is required, and says what the save will leave out and correct.
import { labelOf, lookFrom, textsOf } from "./answers.js";
import { holds } from "./conditions.js";
import { askReasons, markChanges } from "./corrections.js";
import { offer } from "./offered.js";
import { all, one } from "./page.js";
import { askAnew, isLeftOut, rowsInWords } from "./vanishing.js";

// Everything that follows from the answers on the page without asking the server.
export function judge(page) {
  all("[data-show]", page.form).forEach((place) => {
    show(place, holds(JSON.parse(place.dataset.show), lookFrom(page, place)));
  });
  all("[data-require]", page.form).forEach((question) => {
    markRequired(question, holds(JSON.parse(question.dataset.require), lookFrom(page, question)));
  });
  offer(page);
  all("[data-take]", page.form).forEach((button) => {
    button.hidden = isTaken(page, button);
  });
  all("[data-q]", page.form).forEach((question) => {
    const why = one('[name$="__why"]', question);
    if (!why) return; // nobody may change it here
    question.classList.toggle("is-missing", Boolean(why.value));
    if (why.value) why.closest("details")?.setAttribute("open", "");
  });
  if (page.saved) askReasons(page, markChanges(page));
  tellCleared(page);
  askAnew(page);
}

// What is answered as another form has it need not be taken over.
function isTaken(page, button) {
  const typed = textsOf(page, button.closest("[data-q]").dataset.q);
  return JSON.stringify(typed) === JSON.stringify(JSON.parse(button.dataset.take));
}

function show(place, shown) {
  const hidden = place.tagName === "TD" ? one(".p3-cell-answer", place) : place;
  hidden.hidden = !shown;
  if (place.tagName !== "SECTION") return;
  const jump = one(`[data-part="${CSS.escape(place.id.replace("part-", ""))}"]`, document);
  if (jump) jump.hidden = !shown;
}

function markRequired(question, required) {
  question.classList.toggle("is-required", required);
  const mark = one(".p3-req", question);
  if (mark) mark.hidden = !required;
}

// Answers to questions that are no longer asked are left out of the save; say so at once.
function tellCleared(page) {
  const place = one("[data-cleared]", page.form);
  if (!place) return;
  const alone = all("[data-q]", page.form).filter(
    (question) => isLeftOut(page, question) && !question.closest("[data-row]")?.closest("[hidden]"),
  );
  const left = [...alone.map(labelOf), ...rowsInWords(page)];
  place.hidden = !left.length;
  if (!left.length) return;
  const questions = left.join(page.texts.textListed);
  place.textContent = page.texts.textCleared.replace("{questions}", () => questions);
}
