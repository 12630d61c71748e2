// Search in the frame of every page: Ctrl+K (⌘K) opens it, arrows walk through what fits, Enter opens it.
const hits = (dialog) => [...dialog.querySelectorAll(".p3-hits a")];

// The link that an arrow key leads to from where the focus is; nothing stands for the field itself.
export function neighbour(dialog, step) {
  const links = hits(dialog);
  const at = links.indexOf(dialog.ownerDocument.activeElement) + step;
  return at < 0 ? null : links[Math.min(at, links.length - 1)] || null;
}

export function opens(event) {
  return (
    (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k"
  );
}

// What stands there is the answer to what is typed now, and not to what was typed before it.
function isAnswered(dialog, field) {
  const answered = dialog.querySelector("[data-for]")?.dataset.for;
  return answered === field.value && hits(dialog).length > 0;
}

function walk(dialog, field, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    (neighbour(dialog, step) || field).focus();
  } else if (event.key === "Enter" && event.target === field && isAnswered(dialog, field)) {
    event.preventDefault();
    hits(dialog)[0].click();
  }
}

export function start(page) {
  const dialog = page.getElementById("p3-find");
  if (!dialog) return;
  const field = dialog.querySelector("input");
  const open = (event) => {
    event.preventDefault();
    if (!dialog.open) dialog.showModal();
    field.select();
    field.focus();
    field.dispatchEvent(new page.defaultView.Event("open-find"));
  };
  page.addEventListener("keydown", (event) => {
    if (opens(event)) open(event);
  });
  page.querySelector("[data-find]")?.addEventListener("click", open);
  dialog.addEventListener("keydown", (event) => walk(dialog, field, event));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

start(document);
