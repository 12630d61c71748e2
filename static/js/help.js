// "?" opens help about the page, where nothing is typed into a field.
export function asks(event) {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  return event.key === "?" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
}

export function start(page) {
  const link = page.querySelector("[data-help]");
  if (!link) return;
  page.addEventListener("keydown", (event) => {
    if (!asks(event) || page.querySelector("dialog[open]")) return;
    event.preventDefault();
    link.click();
  });
}

start(document);
