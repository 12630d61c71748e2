// The page of one query: it is answered, and the list is walked, without the mouse.
const first = (selector, within) => within.querySelector(selector);

// The button or link that a key stands for on this page; nothing where the page has none.
export function meantBy(event, page) {
  if (event.key === "Enter" && event.ctrlKey && !event.altKey) {
    return first(event.shiftKey ? "[data-confirm-answer]" : "[data-answer]", page);
  }
  if (event.altKey && !event.ctrlKey && event.key === "PageDown") return first("[data-next]", page);
  if (event.altKey && !event.ctrlKey && event.key === "PageUp") return first("[data-previous]", page);
  return null;
}

export function start(page) {
  page.documentElement.classList.add("has-js");
  page.addEventListener("keydown", (event) => {
    const meant = meantBy(event, page);
    if (!meant) return;
    event.preventDefault();
    meant.click();
  });
  if (!first("[data-focus]", page)) first("[data-thread] textarea", page)?.focus();
}

start(document);
