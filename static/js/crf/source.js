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

  function onKey(event) {
    const { key, target } = event;
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "s") {
      form.requestSubmit(form.querySelector('button[name="save"]'));
    } else if (event.altKey && key.toLowerCase() === "a" && target.closest("[data-section]")) {
      tickAll(target.closest("[data-section]"));
    } else if (target.matches(TICK) && ["ArrowDown", "ArrowUp"].includes(key)) {
      go(target, key === "ArrowDown" ? 1 : -1);
    } else return;
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
