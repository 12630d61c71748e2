// A query is raised at the answer it is about, in a small window over the form; what is typed into the form stays.
// Alt+Q opens it from anywhere, at the answer in which the focus is; the window says what it is about, to be changed.
// Without this module the link leads to a page that asks the same.

const first = (selector, within) => within.querySelector(selector);

async function send(link, form) {
  const token = first('meta[name="csrf-token"]', document).content;
  const answer = await fetch(link.href, {
    method: "POST",
    body: new URLSearchParams({
      target: link.dataset.ask,
      text: form.elements.text.value,
      assignee: form.elements.assignee.value,
      once: form.elements.once.value,
    }),
    headers: { "X-Requested-With": "fetch", "X-CSRFToken": token },
    credentials: "same-origin",
  });
  return { done: answer.ok, said: await answer.json() };
}

// A balloon stands beside the answer from now on, as it would after a reload.
export function addBalloon(link, { number, href }, text) {
  const balloon = document.createElement("a");
  balloon.className = "p3-balloon";
  balloon.href = href;
  balloon.title = text;
  balloon.textContent = String(number);
  link.before(balloon);
  return balloon;
}

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

const links = (page) => [...page.querySelectorAll("[data-ask]")];

// The link that Alt+Q stands for: that of the answer in which the focus is, else the first of the form.
export function nearest(page) {
  const around = page.activeElement?.closest("[data-q], [data-row]");
  return (around && first("[data-ask]", around)) || links(page)[0];
}

// Every question and row once, in the order of the form.
function offer(select, page) {
  const seen = new Set();
  const options = links(page).filter(({ dataset }) => !seen.has(dataset.ask) && seen.add(dataset.ask));
  select.replaceChildren(
    ...options.map(({ dataset }) =>
      Object.assign(page.createElement("option"), { value: dataset.ask, textContent: dataset.about }),
    ),
  );
}

function open(dialog, link) {
  const form = first("form", dialog);
  offer(form.elements.target, link.ownerDocument);
  form.elements.target.value = link.dataset.ask;
  form.elements.text.value = "";
  form.elements.once.value = newKey();
  first("[data-ask-problem]", dialog).textContent = "";
  dialog.link = link;
  dialog.showModal();
  form.elements.text.focus();
}

async function submit(dialog, event) {
  event.preventDefault();
  const form = first("form", dialog);
  const problem = first("[data-ask-problem]", dialog);
  const chosen = form.elements.target.value;
  if (chosen !== dialog.link.dataset.ask) {
    dialog.link = links(dialog.ownerDocument).find(({ dataset }) => dataset.ask === chosen);
  }
  try {
    const { done, said } = await send(dialog.link, form);
    if (!done) {
      problem.textContent = said.error ?? said.detail ?? dialog.dataset.failed;
      return;
    }
    addBalloon(dialog.link, said, form.elements.text.value);
    first("#p3-announce", document).textContent = said.said;
    dialog.close();
    dialog.link.focus();
  } catch {
    problem.textContent = dialog.dataset.failed;
  }
}

export function askInPlace(page) {
  const dialog = first("[data-ask-dialog]", page);
  if (!dialog?.showModal) return;
  page.addEventListener("click", (event) => {
    const link = event.target.closest("[data-ask]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(dialog, link);
  });
  page.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.code !== "KeyQ" || dialog.open) return;
    const link = nearest(page);
    if (!link) return;
    event.preventDefault();
    open(dialog, link);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) first("form", dialog).requestSubmit();
  });
  first("form", dialog).addEventListener("submit", (event) => submit(dialog, event));
  first("[data-ask-cancel]", dialog).addEventListener("click", () => dialog.close());
}
