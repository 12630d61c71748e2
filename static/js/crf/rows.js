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

const firstInput = (row) => one("input:not([type=hidden]):not([type=checkbox]), select, textarea", row);

export function addAndGo(page, group) {
  const row = addRow(page, group);
  if (row) firstInput(row)?.focus();
}

// Adds the rows that kept answers belong to.
export function addRowsFor(page, values) {
  Object.keys(values).forEach((name) => {
    const match = name.match(/^([a-z][a-z0-9_]*)-(\d+)-/);
    const group = match && one(`[data-group="${match[1]}"]`, page.form);
    if (!group) return;
    const isThere = () => one(`[data-row="${match[1]}-${match[2]}"]`, group);
    while (!isThere() && nextIndex(group) <= Number(match[2])) {
      if (!addRow(page, group)) return;
    }
  });
}

export function markRemoved(tick) {
  if (!tick.name.endsWith("-remove")) return;
  tick.closest("[data-row]").classList.toggle("is-removed", tick.checked);
}
