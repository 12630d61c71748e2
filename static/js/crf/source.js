// The page beside paper: ticks by keyboard, all of a section at once, and nothing ticked is lost by leaving.
const TICK = 'input[type="checkbox"]';

export function openSource(form) {
  const ticks = () => [...form.querySelectorAll(TICK)];
  let unsaved = false;

  function tickAll(section) {
    const own = [...section.querySelectorAll(TICK)];
    const all = own.every((tick) => tick.checked);
    for (const tick of own) tick.checked = !all;
    unsaved = true;
  }

  function go(from, step) {
    const line = ticks();
    line[line.indexOf(from) + step]?.focus();
  }

  function save() {
    form.requestSubmit(form.querySelector('button[name="save"]'));
  }

  function withModifier({ key, target, ctrlKey, metaKey, altKey }) {
    const letter = key.toLowerCase();
    if ((ctrlKey || metaKey) && letter === "s") return save;
    const section = altKey && letter === "a" && target.closest("[data-section]");
    return section ? () => tickAll(section) : undefined;
  }

  function betweenTicks({ key, target }) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    return step && target.matches(TICK) ? () => go(target, step) : undefined;
  }

  function onKey(event) {
    const act = withModifier(event) ?? betweenTicks(event);
    if (!act) return;
    act();
    event.preventDefault();
  }

  for (const button of form.querySelectorAll("[data-all]")) {
    button.hidden = false;
    button.addEventListener("click", () => tickAll(button.closest("[data-section]")));
  }
  form.addEventListener("change", () => {
    unsaved = true;
  });
  form.addEventListener("submit", () => {
    unsaved = false;
  });
  form.addEventListener("keydown", onKey);
  globalThis.addEventListener?.("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
  return { onKey, isUnsaved: () => unsaved };
}

const form = globalThis.document?.querySelector("[data-source]");
if (form) openSource(form);
