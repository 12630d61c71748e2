// The form on the page and what the modules share about it: its texts and addresses, what was saved,
// and what has happened since it was opened.

export const one = (selector, within) => within.querySelector(selector);
export const all = (selector, within) => [...within.querySelectorAll(selector)];

export function openPage(form) {
  const { dataset } = form;
  const reasons = one("[data-reason]", form)?.dataset.reasons || "{}";
  return {
    form,
    texts: dataset,
    context: JSON.parse(dataset.context || "{}"),
    saved: dataset.saved ? JSON.parse(dataset.saved) : null,
    storageName: dataset.storage ? `crf:${dataset.storage}` : "",
    ownReasons: new Map(Object.entries(JSON.parse(reasons))),
    prompts: JSON.parse(form.elements._prompts?.value || "[]"),
    touched: new Set(), // names of the questions that were answered on this page
    dirty: false, // something was typed that no save has taken
    unsent: false, // something was typed that no draft holds
    unreachable: false, // no server answered the last draft
    away: false, // the server could not be reached for the last draft
  };
}

const token = ({ form }) =>
  document.querySelector('meta[name="csrf-token"]')?.content || form.elements.csrfmiddlewaretoken.value;

// Posts without renewing the session: what a page sends by itself is no sign that somebody is there.
export const post = (page, address, { headers = {}, ...rest }) =>
  fetch(address, {
    method: "POST",
    headers: {
      "X-CSRFToken": token(page),
      "X-Background": "1",
      "X-Requested-With": "fetch",
      ...headers,
    },
    credentials: "same-origin",
    ...rest,
  });
