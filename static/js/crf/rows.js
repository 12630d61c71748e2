// Rows of the repeating groups.
import { all, one } from "./page.js";
import { judge } from "./visibility.js";

export const nextIndex = (group) =>
  Math.max(-1, ...all("[data-row]", group).map((row) => Number(row.dataset.row.split("-").pop()))) + 1;

export function addRow(page, group) {
  const pattern = one("template[data-row-template]", group);
  if (!pattern) return null;
  const place = one("[data-rows]", group);
  const number = all("[data-row]", group).length + 1;
  const holder = document.createElement(place.tagName);
  holder.innerHTML = pattern.innerHTML
    .replaceAll("__row__", nextIndex(group))
    .replaceAll("__number__", number);
  const row = holder.firstElementChild;
  place.append(row);
  judge(page);
  return row;
}

// A row's identity is chosen when somebody first types into it, and stays with it for good.
export function identify(place) {
  const holder = place.closest("[data-row]");
  const field = holder && one('[name$="-row_id"]', holder);
  if (field && !field.value) field.value = newIdentity();
}

// crypto.randomUUID is for secure pages only; a UUID of version 4 is sixteen random bytes.
function newIdentity() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const firstInput = (row) => one("input:not([type=hidden]):not([type=checkbox]), select, textarea", row);

function unfold(folded) {
  if (folded) folded.open = true;
}

// The row that the server drew and folded away is the next one.
export function addAndGo(page, group) {
  const folded = one("details[data-spare]:not([open])", group);
  unfold(folded);
  const row = folded ? one("[data-row]", folded) : addRow(page, group);
  if (row) firstInput(row)?.focus();
}

// Adds the rows that kept answers belong to.
export function addRowsFor(page, values) {
  Object.keys(values).forEach((name) => {
    const match = name.match(/^([a-z][a-z0-9_]*)-(\d+)-/);
    const group = match && one(`[data-group="${match[1]}"]`, page.form);
    if (!group) return;
    const isThere = () => one(`[data-row="${match[1]}-${match[2]}"]`, group);
    unfold(isThere()?.closest("details[data-spare]"));
    while (!isThere() && nextIndex(group) <= Number(match[2])) {
      if (!addRow(page, group)) return;
    }
  });
}

export function markRemoved(tick) {
  if (!tick.name.endsWith("-remove")) return;
  tick.closest("[data-row]").classList.toggle("is-removed", tick.checked);
}
