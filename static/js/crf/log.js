// The list of a log: new records that this browser alone holds, because they were typed without a network.
const stores = () => [sessionStorage, localStorage];

// Maps the key of each page of a new record to what was typed on it; copies of saved pages are dropped.
export function keptHere({ storage, stored }) {
  const saved = new Set(stored.split(" "));
  const begins = `crf:${storage}`;
  const found = new Map();
  for (const store of stores()) {
    for (const name of Object.keys(store).filter((each) => each.startsWith(begins))) {
      const key = name.slice(begins.length);
      if (saved.has(key)) store.removeItem(name);
      else found.set(key, JSON.parse(store.getItem(name)).values);
    }
  }
  return found;
}

const words = (values) =>
  Object.entries(values)
    .filter(([name, [text]]) => /^[a-z]/.test(name) && !name.includes("-") && !name.includes("__") && text)
    .slice(0, 3)
    .map(([, [text]]) => `${text} · `)
    .join("");

export function listKept(section) {
  const { dataset } = section;
  for (const [key, values] of keptHere(dataset)) {
    const address = `${dataset.new}?draft=${key}`;
    if (section.querySelector(`a[href="${address}"]`)) continue;
    const line = section.querySelector("template").content.firstElementChild.cloneNode(true);
    line.querySelector("a").href = address;
    line.querySelector("[data-typed]").textContent = words(values);
    section.querySelector("ul").append(line);
    section.hidden = false;
  }
}

const section = document.querySelector("[data-drafts-of-new]");
if (section) listKept(section);
