// Terms of a dictionary, found while typing by a name in either language or by another word for them. What is chosen
// is the name of the term; the server refuses what is no term.
import { one } from "./page.js";

const SOON = 150;
const searches = new WeakMap();

const listOf = (input) => one("[data-term-list]", input.parentElement);
const chosenIn = (list) => one('[aria-selected="true"]', list);

export function findTerms(input) {
  clearTimeout(searches.get(input));
  sayTerm(input, "");
  searches.set(
    input,
    setTimeout(() => ask(input), SOON),
  );
}

async function ask(input) {
  const typed = input.value.trim();
  if (!typed) {
    close(input);
    return;
  }
  try {
    const response = await fetch(`${input.dataset.terms}?q=${encodeURIComponent(typed)}`, {
      headers: { "X-Background": "1", "X-Requested-With": "fetch" },
      credentials: "same-origin",
    });
    if (!response.ok || typed !== input.value.trim() || document.activeElement !== input) return;
    showTerms(input, (await response.json()).terms);
  } catch {
    // The network is away: the save says which terms are near.
  }
}

export function showTerms(input, terms) {
  const list = listOf(input);
  list.replaceChildren(...terms.map((term, place) => drawTerm(list, term, place)));
  list.hidden = !terms.length;
  input.setAttribute("aria-expanded", String(Boolean(terms.length)));
  point(input, null);
}

function drawTerm(list, { name, text, about }, place) {
  const option = one("template", list.parentElement).content.firstElementChild.cloneNode(true);
  option.id = `${list.id}-${place}`;
  option.dataset.term = name;
  one("[data-text]", option).textContent = text;
  one("[data-name]", option).textContent = text === name ? "" : name;
  one("[data-about]", option).textContent = about;
  return option;
}

function point(input, option) {
  const list = listOf(input);
  chosenIn(list)?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView?.({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function take(input, option) {
  const { term } = option.dataset;
  const text = one("[data-text]", option).textContent;
  input.value = term;
  sayTerm(input, text === term ? "" : text);
  close(input);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// The term in the reader's language stands under its name, until something else is typed.
function sayTerm(input, text) {
  const place = one("[data-term-text]", input.parentElement);
  if (place) place.textContent = text;
}

// Beside each code stands what it means for the term, in the words that are loaded; nothing for what is no term.
export async function explainCodes(form, input) {
  const codes = one(`[data-explained-by="${input.name}"]`, form);
  if (!codes) return;
  const term = input.value.trim();
  writeMeanings(codes, {});
  if (!term) return;
  try {
    const response = await fetch(`${codes.dataset.meanings}?term=${encodeURIComponent(term)}`, {
      headers: { "X-Background": "1", "X-Requested-With": "fetch" },
      credentials: "same-origin",
    });
    if (response.ok && term === input.value.trim()) writeMeanings(codes, (await response.json()).meanings);
  } catch {
    // The network is away: the texts stand there once the form is saved.
  }
}

function writeMeanings(codes, meanings) {
  for (const place of codes.querySelectorAll("[data-meaning]")) {
    place.textContent = meanings[place.dataset.meaning] ?? "";
  }
}

function close(input) {
  const list = listOf(input);
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

const KEYS = {
  ArrowDown: (input, options, at) => point(input, options[(at + 1) % options.length]),
  ArrowUp: (input, options, at) => point(input, options[(at <= 0 ? options.length : at) - 1]),
  Escape: (input) => close(input),
  Enter: (input, options, at) => take(input, options[at]),
};

// Arrows walk through the list, Enter takes the term, Escape closes: says whether the key was used up.
export function keyInTerms(event) {
  const input = event.target;
  if (!input.matches?.("[data-terms]") || event.isComposing || listOf(input).hidden) return false;
  const options = [...listOf(input).children];
  const at = options.indexOf(chosenIn(listOf(input)));
  const act = KEYS[event.key];
  if (!act || (event.key === "Enter" && at < 0)) return false;
  act(input, options, at);
  event.preventDefault();
  return true;
}

// The button of the mouse goes down before the field is left: the list is still there.
export function pressTerm(event) {
  const option = event.target.closest("[data-term]");
  if (!option) return;
  event.preventDefault();
  take(one("[data-terms]", option.closest("[data-term-place]")), option);
}

export function leaveTerms({ target }) {
  if (target.matches?.("[data-terms]")) close(target);
}
