import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";

const PAGE = `<a data-find href="/search/">Search</a>
  <dialog id="p3-find"><form><input name="q"></form>
  <div data-for="01-4"><ul class="p3-hits"><li><a href="#a">A</a></li><li><a href="#b">B</a></li></ul></div></dialog>`;

function pageWith(body) {
  const window = new Window({ url: "https://palace3.test/work-list/" });
  window.document.body.innerHTML = body;
  return window.document;
}

globalThis.document = pageWith("");
const { neighbour, opens, start } = await import("../../static/js/find.js");

function press(page, target, name, more = {}) {
  target.dispatchEvent(new page.defaultView.KeyboardEvent("keydown", { key: name, bubbles: true, ...more }));
}

test("Ctrl+K and ⌘K open it, and no other key does", () => {
  const event = (more) => ({
    key: "k",
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...more,
  });
  assert.equal(opens(event({ ctrlKey: true })), true);
  assert.equal(opens(event({ metaKey: true, key: "K" })), true);
  assert.equal(opens(event({})), false);
  assert.equal(opens(event({ ctrlKey: true, shiftKey: true })), false);
});

test("the key opens the dialog and its field has the focus; so does the link", () => {
  const page = pageWith(PAGE);
  const asked = [];
  page.querySelector("input").addEventListener("open-find", () => asked.push(1));
  start(page);
  press(page, page.body, "k", { ctrlKey: true });
  assert.equal(page.getElementById("p3-find").open, true);
  assert.equal(page.activeElement, page.querySelector("input"));
  page.querySelector("[data-find]").click();
  assert.equal(asked.length, 2);
});

test("arrows walk down to the last and back into the field; Enter opens the first", () => {
  const page = pageWith(PAGE);
  start(page);
  const dialog = page.getElementById("p3-find");
  const [a, b] = dialog.querySelectorAll(".p3-hits a");
  const field = dialog.querySelector("input");
  field.focus();
  press(page, field, "ArrowDown");
  assert.equal(page.activeElement, a);
  press(page, a, "ArrowDown");
  press(page, b, "ArrowDown");
  assert.equal(page.activeElement, b);
  press(page, b, "ArrowUp");
  press(page, a, "ArrowUp");
  assert.equal(page.activeElement, field);
  assert.equal(neighbour(dialog, -1), null);
  let opened = 0;
  a.addEventListener("click", (event) => {
    event.preventDefault();
    opened += 1;
  });
  field.value = "01-45";
  press(page, field, "Enter");
  assert.equal(opened, 0, "the answer to another text is not opened");
  field.value = "01-4";
  press(page, field, "Enter");
  assert.equal(opened, 1);
});
