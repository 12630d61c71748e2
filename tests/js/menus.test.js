import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";

const PAGE = `<details class="p3-drop" open><summary>More</summary><a href="/a/">A</a></details><button>B</button>`;
const { document } = new Window();
globalThis.document = document;
await import("../../static/js/menus.js");

function opened() {
  document.body.innerHTML = PAGE;
  return document.querySelector("details");
}
const press = (key, on) =>
  on.dispatchEvent(new document.defaultView.KeyboardEvent("keydown", { key, bubbles: true }));

test("Escape closes an open menu and gives the focus back; another key does nothing", () => {
  const menu = opened();
  press("Tab", menu.querySelector("a"));
  assert.equal(menu.open, true);
  press("Escape", menu.querySelector("a"));
  assert.equal(menu.open, false);
  assert.equal(document.activeElement, menu.querySelector("summary"));
});

test("a press elsewhere closes it, one inside does not", () => {
  const menu = opened();
  menu.querySelector("summary").dispatchEvent(new document.defaultView.Event("focusin", { bubbles: true }));
  assert.equal(menu.open, true);
  document.querySelector("button").click();
  assert.equal(menu.open, false);
});
