// The table of cases that the server looks by too, and the warning under a text while it is typed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock, test } from "node:test";
import { Window } from "happy-dom";
import { identifying, watchFreeTexts } from "../../static/js/identifiers.js";

const CASES = JSON.parse(readFileSync(new URL("../protocol/identifiers.json", import.meta.url), "utf8"));
const WORDS = { warning: "Could name: {kinds}.", telephone: "a telephone number", name: "a name" };

test("the browser notices what the server does", () => {
  for (const [text, kind] of CASES.identifying) assert.ok(identifying(text).includes(kind), text);
  for (const text of CASES.clean) assert.deepEqual(identifying(text), [], text);
});

test("a free text says what in it could name somebody, and no more once it is gone", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const page = new Window().document;
  page.body.innerHTML = `<textarea id="a"></textarea>
    <div data-kind="text"><input type="text" id="b"></div><div data-kind="decimal"><input type="text" id="c"></div>`;
  watchFreeTexts(page, WORDS);
  const type = (id, text) => {
    const field = page.getElementById(id);
    field.value = text;
    field.dispatchEvent(new page.defaultView.Event("input", { bubbles: true }));
    mock.timers.tick(1000);
    return page.getElementById(`${id}-names`);
  };
  assert.equal(type("a", "No fever"), null);
  const note = type("a", "患者王小明，电话 138.0013.8000");
  assert.equal(note.textContent, "Could name: a telephone number and a name.");
  assert.equal(note.getAttribute("role"), "status");
  assert.equal(note.previousElementSibling.id, "a");
  assert.equal(type("a", "Afebrile").hidden, true);
  assert.equal(type("b", "13800138000").textContent, "Could name: a telephone number.");
  assert.equal(type("c", "13800138000"), null);
});
