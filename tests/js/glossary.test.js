import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";

const PAGE = `<main><label for="a"><dfn class="p3-explained" tabindex="0" title="cCR: no sign of tumour">cCR</dfn>, day</label><input id="a">
  <p>Again <dfn class="p3-explained" tabindex="0" title="cCR: no sign of tumour">cCR</dfn> and
  <dfn class="p3-explained" tabindex="0" title="DFS: until it returns">DFS</dfn></p></main>`;
const { document } = new Window();
globalThis.document = document;
const { start } = await import("../../static/js/glossary.js");

function drawn() {
  const page = new Window().document;
  page.body.innerHTML = PAGE;
  start(page);
  const [first, second, third] = page.querySelectorAll("dfn");
  return {
    page,
    first,
    second,
    third,
    tip: (term) => page.getElementById(term.getAttribute("aria-describedby")),
  };
}
const happen = (on, name, more = {}) => {
  const event = new on.ownerDocument.defaultView.Event(name, { bubbles: true, cancelable: true });
  Object.assign(event, more);
  on.dispatchEvent(event);
  return event;
};

test("each term is described, and met once by the Tab key", () => {
  const { page, first, second, third, tip } = drawn();
  assert.equal(tip(first).textContent, "cCR: no sign of tumour");
  assert.equal(tip(first), tip(second));
  assert.equal(tip(first).getAttribute("role"), "tooltip");
  assert.deepEqual([first.tabIndex, second.tabIndex, third.tabIndex], [0, -1, 0]);
  assert.equal(first.title, "", "the browser would show it a second time");
  assert.equal(page.querySelectorAll(".p3-tip").length, 2);
});

for (const coming of ["pointerover", "focusin"]) {
  test(`${coming} shows it, what comes next takes it away`, () => {
    const { page, first, third, tip } = drawn();
    assert.equal(tip(first).hidden, true);
    happen(first, coming);
    assert.equal(tip(first).hidden, false);
    happen(tip(first), "pointerover");
    assert.equal(tip(first).hidden, false, "the pointer may rest on it");
    happen(third, coming);
    assert.deepEqual([tip(first).hidden, tip(third).hidden], [true, false]);
    happen(page.querySelector("input"), coming);
    assert.equal(tip(third).hidden, true);
  });
}

test("a touch shows it and does not go on to the field of the label", () => {
  const { first, tip } = drawn();
  const touched = happen(first, "click");
  assert.equal(touched.defaultPrevented, true);
  assert.equal(tip(first).hidden, false);
});

test("a scroll, by which the Tab key comes to a term, leaves what is shown", () => {
  const { page, third, tip } = drawn();
  happen(third, "focusin");
  page.dispatchEvent(new page.defaultView.Event("scroll"));
  assert.equal(tip(third).hidden, false);
});

test("Escape takes it away, and only then is spent on it", () => {
  const { page, first, tip } = drawn();
  let went = 0;
  page.defaultView.addEventListener("keydown", () => {
    went += 1;
  });
  happen(first, "focusin");
  happen(first, "keydown", { key: "Escape" });
  assert.deepEqual([tip(first).hidden, went], [true, 0]);
  happen(first, "keydown", { key: "Escape" });
  assert.equal(went, 1);
});
