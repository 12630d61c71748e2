// Drafts every few seconds: on the server; in this browser while the network is away.
import { fill, typedNow } from "./answers.js";
import { deriveSoon } from "./findings.js";
import { all, one, post } from "./page.js";
import { addRowsFor } from "./rows.js";

const clock = () => new Date().toTimeString().slice(0, 8);

function say(page, text) {
  const place = one("[data-status]", page.form);
  if (place) place.textContent = text;
}

export async function keepDraft(page, { last = false } = {}) {
  if (!page.unsent || page.form.dataset.sent) return;
  const values = typedNow(page);
  page.unsent = false;
  try {
    const kept = await sendDraft(page, values, last);
    page.away = false;
    page.unreachable = false;
    forgetHere(page);
    say(page, page.texts.textSaved.replace("{time}", kept.saved_at || clock()));
  } catch (failure) {
    if (failure.said) {
      say(page, failure.said);
      keepHere(page, values, sessionStorage);
      return;
    }
    page.unsent = true;
    page.away = true;
    page.unreachable = !failure.status; // else a server answered, and a save says what is the matter
    keepHere(page, values);
  }
}

async function sendDraft(page, values, last) {
  if (!page.texts.draft) throw new Error("no address");
  const response = await post(page, page.texts.draft, {
    keepalive: last,
    body: JSON.stringify({ values }),
    headers: { "Content-Type": "application/json" },
  });
  if (response.status === 401) window.palace3?.signInAgain();
  if (response.status === 409) throw await refusal(response);
  if (!response.ok || response.redirected) {
    throw Object.assign(new Error(String(response.status)), { status: response.status });
  }
  return response.json().catch(() => ({}));
}

// The page was saved in another window: no draft is kept any more, and the reader is told.
async function refusal(response) {
  const { message } = await response.json().catch(() => ({}));
  return Object.assign(new Error("409"), { said: message });
}

export function keepHere(page, values, store = localStorage) {
  if (!page.storageName) return;
  const version = page.form.elements._version.value;
  try {
    store.setItem(page.storageName, JSON.stringify({ values, version }));
    if (store === localStorage) say(page, page.texts.textOffline.replace("{time}", clock()));
  } catch {
    // The browser's store is full or forbidden; the page itself still holds the answers.
  }
}

export function forgetHere({ storageName }) {
  if (!storageName) return;
  localStorage.removeItem(storageName);
  sessionStorage.removeItem(storageName);
}

// The copy of a new record's page goes once the record is there, whatever became of the answer to its save.
export function forgetStored({ texts }) {
  if (texts.stored) forgetHere({ storageName: `crf:${texts.stored}` });
}

// A save that never arrives (no network, session over) must lose nothing: this tab keeps a copy
// until the page comes back with a newer version, or for good while the network is away.
export function keepUntilSaved(page) {
  keepHere(page, typedNow(page), page.away ? localStorage : sessionStorage);
}

// Known to be without a network: a save would end on the browser's own page, and this one would be gone.
export const isAway = ({ unreachable, texts }) =>
  window.navigator.onLine === false || (unreachable && Boolean(texts.draft));

// The page stays and says why; a network that is back is noticed, and the save goes on.
export async function saveWhenBack(page, submitter) {
  page.unsent = true;
  await keepDraft(page);
  if (isAway(page)) say(page, page.texts.textNotSaved);
  else page.form.requestSubmit(submitter);
}

// Answers that only this browser holds are put back, once, over a page of the same version.
export function putBack(page) {
  const { storageName } = page;
  const kept = storageName && (sessionStorage.getItem(storageName) || localStorage.getItem(storageName));
  if (!kept) return;
  const { values, version } = JSON.parse(kept);
  if (version !== page.form.elements._version.value) {
    forgetHere(page);
    return;
  }
  const before = JSON.stringify(typedNow(page));
  fillAll(page, values);
  if (JSON.stringify(typedNow(page)) === before) {
    forgetHere(page);
    return;
  }
  say(page, page.texts.textRestored);
  page.dirty = true;
  page.unsent = true;
  deriveSoon(page);
}

function fillAll(page, values) {
  const entries = Object.entries(values);
  for (const [name, typed] of entries) {
    if (name.startsWith("_reason:")) page.ownReasons.set(name, typed[0]);
  }
  addRowsFor(page, values);
  for (const tick of all('input[type="checkbox"]', page.form)) {
    tick.checked = (values[tick.name] || []).includes(tick.value);
  }
  for (const [name, typed] of entries) fill(page, name, typed);
}
