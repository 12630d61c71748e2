import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";

const PAGE = `<form data-thread><textarea></textarea>
  <button data-answer>Answer</button><button data-confirm-answer>Right</button></form>
  <a data-previous href="#a">Previous</a><a data-next href="#b">Next</a>`;

function pageWith(body) {
  const window = new Window({ url: "https://palace3.test/queries/7/" });
  window.document.body.innerHTML = body;
  return window.document;
}

globalThis.document = pageWith("");
const { meantBy, start } = await import("../../static/js/queries.js");

const key = (name, more = {}) => ({ key: name, ctrlKey: false, altKey: false, shiftKey: false, ...more });
const meant = (event, page) =>
  [...(meantBy(event, page)?.attributes ?? [])]
    .map(({ name }) => name)
    .find((name) => name.startsWith("data-"));

test("each key means one step of the page", () => {
  const page = pageWith(PAGE);
  assert.equal(meant(key("Enter", { ctrlKey: true }), page), "data-answer");
  assert.equal(meant(key("Enter", { ctrlKey: true, shiftKey: true }), page), "data-confirm-answer");
  assert.equal(meant(key("PageDown", { altKey: true }), page), "data-next");
  assert.equal(meant(key("PageUp", { altKey: true }), page), "data-previous");
  for (const event of [key("Enter"), key("PageDown"), key("Enter", { altKey: true, ctrlKey: true })]) {
    assert.equal(meantBy(event, page), null);
  }
});

test("a key presses its button once, and typing goes on in the answer", () => {
  const page = pageWith(PAGE);
  start(page);
  assert.equal(page.activeElement, page.querySelector("textarea"));
  let pressed = 0;
  page.querySelector("[data-answer]").addEventListener("click", (event) => {
    event.preventDefault();
    pressed += 1;
  });
  const typed = new page.defaultView.KeyboardEvent("keydown", {
    key: "Enter",
    ctrlKey: true,
    bubbles: true,
    cancelable: true,
  });
  page.querySelector("textarea").dispatchEvent(typed);
  assert.deepEqual([pressed, typed.defaultPrevented], [1, true]);
});

test("a page without the step leaves the key alone", () => {
  const page = pageWith("<p></p>");
  assert.equal(meantBy(key("Enter", { ctrlKey: true }), page), null);
});
