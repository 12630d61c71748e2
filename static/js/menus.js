// A menu that drops down closes by Escape, which gives the focus back, and when the focus or a press leaves it.
const OPEN = "details.p3-drop[open]";

export function start(page) {
  page.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && page.querySelector(OPEN);
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  for (const leaving of ["focusin", "click"]) {
    page.addEventListener(leaving, ({ target }) => {
      for (const menu of page.querySelectorAll(OPEN)) if (!menu.contains(target)) menu.open = false;
    });
  }
}

start(document);
