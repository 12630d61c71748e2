import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";

const PAGE = `<a data-help href="/help/">Help</a><input name="q"><dialog></dialog>`;

function pageWith(body) {
  const window = new Window({ url: "https://palace3.test/work-list/" });
  window.document.body.innerHTML = body;
  return window.document;
}

globalThis.document = pageWith("");
const { start } = await import("../../static/js/help.js");

function pressed(page, target, name, more = {}) {
  const opened = [];
  page.querySelector("[data-help]").addEventListener("click", () => opened.push(1), { once: true });
  target.dispatchEvent(new page.defaultView.KeyboardEvent("keydown", { key: name, bubbles: true, ...more }));
  return opened.length;
}

test("? opens help, and no other key does", () => {
  const page = pageWith(PAGE);
  start(page);
  assert.equal(pressed(page, page.body, "?", { shiftKey: true }), 1);
  assert.equal(pressed(page, page.body, "/"), 0);
  assert.equal(pressed(page, page.body, "?", { ctrlKey: true }), 0);
});

test("a question mark that is typed into a field, or while a dialog is open, stays there", () => {
  const page = pageWith(PAGE);
  start(page);
  assert.equal(pressed(page, page.querySelector("input"), "?"), 0);
  page.querySelector("dialog").setAttribute("open", "");
  assert.equal(pressed(page, page.body, "?"), 0);
});
