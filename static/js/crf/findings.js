// Derived answers and findings as the server judges what is typed, shown beside their questions.
import { answerOf, derivedNamed, textsOf } from "./answers.js";
import { all, one, post } from "./page.js";
import { showMissing } from "./rail.js";
import { judge } from "./visibility.js";

const DERIVE_AFTER = 350;
const MOST_PROMPTS = 200;

let deriving = null;
let asked = 0;

export function deriveSoon(page) {
  if (!page.texts.derive) return;
  clearTimeout(deriving);
  deriving = setTimeout(() => derive(page), DERIVE_AFTER);
}

async function derive(page) {
  asked += 1;
  const turn = asked;
  try {
    const response = await post(page, page.texts.derive, { body: new FormData(page.form) });
    if (!response.ok || turn !== asked) return;
    showJudged(page, await response.json());
  } catch {
    // The network is away: the save computes the same answers.
  }
}

// `found` is what crf.engine.submission.live returns.
export function showJudged(page, found) {
  Object.entries(found.derived).forEach(([name, text]) => {
    const output = derivedNamed(page, name);
    if (!output) return;
    if (output.textContent !== text) output.textContent = text;
    if (found.raw && name in found.raw) output.dataset.raw = JSON.stringify(found.raw[name]);
  });
  all("[data-accept]", page.form).forEach((button) => {
    button.hidden = !hasProposal(page, button);
  });
  judge(page);
  if (found.missing) showMissing(page, found.missing);
  const notes = notesOf(found);
  all(".p3-q-notes", page.form).forEach((place) => {
    showNotes(page, place, notes);
  });
}

// A proposal is taken over only where there is one.
function hasProposal(page, { dataset }) {
  const proposed = answerOf(page, dataset.accept);
  return proposed !== null && proposed !== undefined && proposed !== "";
}

function notesOf({ errors, findings }) {
  const notes = new Map();
  const put = (name, note) => notes.set(name, [...(notes.get(name) || []), note]);
  Object.entries(errors).forEach(([name, text]) => {
    put(name, { tone: "is-error", key: "", text });
  });
  findings.forEach(({ name, level, key, message }) => {
    put(name, { tone: level === "hard" ? "is-error" : "is-soft", key, text: message });
  });
  return notes;
}

const shownTexts = (place) => all(".p3-q-note span", place).map((span) => span.textContent);

// What the server drew stays until it is answered, even where nobody typed since.
function showNotes(page, place, notes) {
  if (place.contains(document.activeElement)) return;
  const name = place.id.replace("note-", "");
  const before = shownTexts(place);
  const found = notes.get(name) || [];
  const wanted = page.touched.has(name) ? found : found.filter((note) => before.includes(note.text));
  const hasError = wanted.some((note) => note.tone === "is-error");
  const question = place.closest(".p3-q, td");
  question.classList.toggle("has-error", hasError);
  question.classList.toggle("has-soft", !hasError && wanted.length > 0);
  if (wanted.map((note) => note.text).join("\n") === before.join("\n")) return;
  const soft = wanted.filter((note) => note.tone === "is-soft");
  const keys = soft.map((note) => note.key).join("|");
  place.replaceChildren(...wanted.map((note) => drawNote(page, note, note === soft.at(-1) && keys)));
  wanted.forEach((note) => {
    remember(page, name, note);
  });
}

// templates/crf/partials/note.html, the one drawing of a note, is cloned from the page.
// The last of several takes the one reason that settles all of them: `keys` names them.
export function drawNote(page, { tone, key, text }, keys = key) {
  const note = one(`template[data-note="${tone}"]`, page.form).content.cloneNode(true);
  one(".p3-q-note", note).dataset.finding = key;
  one(".p3-q-note span", note).textContent = text;
  const confirm = one(".p3-confirm", note);
  if (confirm && keys) one("input", confirm).name = `_confirm:${keys}`;
  else confirm?.remove();
  return note;
}

// First answer, prompt, correction: which finding was shown for which answer goes with the save.
function remember(page, name, { key, text }) {
  const value = textsOf(page, name).join(", ");
  const isKnown = (prompt) => prompt.name === name && prompt.value === value && prompt.key === key;
  if (page.prompts.some(isKnown)) return;
  page.prompts.push({ key: key || "unreadable", name, value, message: text });
  page.form.elements._prompts.value = JSON.stringify(page.prompts.slice(-MOST_PROMPTS));
}
