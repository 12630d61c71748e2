// What is missing, counted for each part of the form while somebody types, and the way to each missing answer.
import { describeFolds } from "./folds.js";
import { all, one } from "./page.js";

const FIELDS = "input:not([type=hidden]), select, textarea, button";

const partOf = (page, link) =>
  one(`[id="${CSS.escape(link.slice(1))}"]`, page.form)?.closest("section[id]")?.id;

function linkTo({ link, text }) {
  const item = document.createElement("li");
  item.append(Object.assign(document.createElement("a"), { href: link, textContent: text }));
  return item;
}

// `missing` is what crf.engine.live returns: the address of each field and the name of its question.
export function showMissing(page, missing) {
  const list = one("[data-missing]", page.form);
  if (!list) return;
  const number = missing.length;
  const { textMissingOne, textMissingMany, textMissingHere } = page.texts;
  list.hidden = number === 0;
  one("summary", list).textContent =
    number === 1 ? textMissingOne : textMissingMany.replace("{number}", number);
  one("ul", list).replaceChildren(...missing.map(linkTo));
  const parts = missing.map(({ link }) => partOf(page, link));
  all("[data-part-missing]", document).forEach((place) => {
    const part = `part-${place.closest("[data-part]").dataset.part}`;
    const here = parts.filter((each) => each === part).length;
    place.hidden = here === 0;
    place.textContent = textMissingHere.replace("{number}", here);
    if (here) place.setAttribute("href", missing[parts.indexOf(part)].link);
  });
  describeFolds(page);
}

// Opens what is folded around a place and puts the focus into its first field.
export function goTo(place) {
  for (let folded = place.closest("details"); folded; folded = folded.parentElement.closest("details")) {
    folded.open = true;
  }
  const isField = place.matches(FIELDS);
  const field = isField ? place : all(FIELDS, place).find((each) => each.offsetParent) || place;
  field.scrollIntoView({ block: "center", behavior: "instant" });
  field.focus({ preventScroll: true });
}

// A record that was begun opens at the first answer it lacks, unless the page has something to say first.
export function land(page) {
  const due = one("[data-missing] a", page.form);
  const place = due && one(`[id="${CSS.escape(due.hash.slice(1))}"]`, page.form);
  const isTold = one(".p3-errors, .p3-alert:not(.tone-ok, [hidden])", document) || window.location.hash;
  if (!place || !page.saved || isTold) return;
  const said = one(".p3-alert.tone-ok", document)?.textContent.trim();
  if (said) one("[data-status]", page.form).textContent = said;
  goTo(place);
}

function onLink(page, event) {
  const link = event.target.closest('a[href^="#id-"], a[href^="#q-"]');
  const place = link && one(`[id="${CSS.escape(link.getAttribute("href").slice(1))}"]`, page.form);
  if (!place) return;
  event.preventDefault();
  const list = link.closest("[data-missing]");
  if (list) list.open = false;
  goTo(place);
}

// The list over the save bar covers fields: it closes when a link is taken, by Esc, and when it is left.
function closes(list) {
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    list.open = false;
    one("summary", list).focus();
  });
  list.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !list.contains(relatedTarget)) list.open = false;
  });
}

export function startRail(page) {
  const rail = one("[data-rail]", document);
  if (rail) {
    const wide = window.matchMedia("(min-width: 1100px)");
    const fold = () => {
      rail.open = wide.matches;
    };
    fold();
    wide.addEventListener("change", fold);
  }
  document.addEventListener("click", (event) => onLink(page, event));
  const list = one("[data-missing]", page.form);
  if (list) closes(list);
}
