import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";

const PAGE = `<nav data-counts="/counts/"><a href="/queries/">Queries</a><a href="/sites/">Sites</a></nav>
  <div class="p3-me-name">Ann</div>`;

function pageWith(body) {
  const window = new Window({ url: "https://palace3.test/work-list/" });
  window.document.body.innerHTML = body;
  return window.document;
}

globalThis.document = pageWith("");
const { start } = await import("../../static/js/counts.js");

const storeOf = () => {
  const kept = new Map();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => kept.set(name, text) };
};
const asking =
  (counts, asked) =>
  (address, { headers }) => {
    asked.push([address, headers["X-Background"]]);
    return Promise.resolve({ ok: true, json: () => Promise.resolve({ counts }) });
  };
const counted = (page) => [...page.querySelectorAll(".p3-count")].map((each) => each.textContent);

test("a list that has something carries its count, asked for in the background", async () => {
  const page = pageWith(PAGE);
  const asked = [];
  await start(page, asking({ "/queries/": "21" }, asked), storeOf(), 0);
  assert.deepEqual(asked, [["/counts/", "1"]]);
  assert.equal(page.querySelector('a[href="/queries/"] .p3-count').textContent, "21");
  assert.equal(page.querySelector('a[href="/sites/"] .p3-count'), null);
});

test("it is asked for once a minute, and anew for another person", async () => {
  const asked = [];
  const store = storeOf();
  await start(pageWith(PAGE), asking({ "/queries/": "21" }, asked), store, 0);
  const soon = pageWith(PAGE);
  await start(soon, asking({ "/queries/": "1" }, asked), store, 59_000);
  assert.deepEqual(counted(soon), ["21"]);
  const other = pageWith(PAGE.replace("Ann", "Ben"));
  await start(other, asking({}, asked), store, 59_000);
  assert.deepEqual(counted(other), []);
  await start(pageWith(PAGE), asking({}, asked), store, 200_000);
  assert.equal(asked.length, 3);
});

test("an answer that is none changes nothing, and a page without a menu asks nothing", async () => {
  const page = pageWith(PAGE);
  await start(page, () => Promise.resolve({ ok: false }), storeOf(), 0);
  assert.deepEqual(counted(page), []);
  await start(pageWith(""), () => assert.fail("asked"), storeOf(), 0);
});
