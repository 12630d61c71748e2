// Counts in the menu: how much waits in each list, asked for after the page and kept for a minute.
const KEPT = 60_000;
const NAME = "palace3-counts";

export function kept(store, now) {
  try {
    const { at, counts, of } = JSON.parse(store.getItem(NAME));
    return now - at < KEPT ? { counts, of } : null;
  } catch {
    return null;
  }
}

// Each link of the menu carries the count of its list; one that has none carries nothing.
export function show(menu, counts) {
  for (const link of menu.querySelectorAll("a")) {
    link.querySelector(".p3-count")?.remove();
    const count = counts[link.getAttribute("href")];
    if (!count) continue;
    const shown = menu.ownerDocument.createElement("span");
    shown.className = "p3-count";
    shown.textContent = count;
    link.append(" ", shown);
  }
}

export async function start(page, ask, store, now) {
  const menu = page.querySelector("[data-counts]");
  if (!menu) return;
  const who = page.querySelector(".p3-me-name")?.textContent;
  const before = kept(store, now);
  if (before?.of === who) return show(menu, before.counts);
  const headers = { "X-Requested-With": "fetch", "X-Background": "1" };
  const answer = await ask(menu.dataset.counts, { headers, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return; // something else comes first: a password, a second factor
  const { counts } = await answer.json();
  store.setItem(NAME, JSON.stringify({ at: now, of: who, counts }));
  show(menu, counts);
}

if (globalThis.sessionStorage) start(document, (...sent) => fetch(...sent), sessionStorage, Date.now());
