import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { choose, drawForm, field } from "./form.js";

mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
drawForm().remove();
const { start } = await import("../../static/js/crf/main.js");
const { keepDraft } = await import("../../static/js/crf/drafts.js");

const change = (input) => input.dispatchEvent(new Event("change", { bubbles: true }));

test("typing is judged at once and sent as a draft within seconds", () => {
  const sent = [];
  globalThis.fetch = async (address) => {
    sent.push(address);
    return { ok: true, status: 200, json: async () => ({ derived: {}, raw: {}, errors: {}, findings: [] }) };
  };
  const page = start(drawForm({ draft: "/draft", derive: "/derive" }));
  assert.equal(page.form.querySelector("#q-pregnant").hidden, true);
  choose(page.form, "sex", "F");
  change(page.form.querySelector("#id-sex"));
  assert.equal(page.form.querySelector("#q-pregnant").hidden, false);
  assert.deepEqual([page.dirty, page.unsent, page.touched.has("sex")], [true, true, true]);
  mock.timers.tick(350);
  assert.deepEqual(sent, ["/derive"]);
  mock.timers.tick(4000);
  assert.deepEqual(sent, ["/derive", "/draft"]);
});

test("leaving with unsaved answers is asked about, and not after a save", () => {
  const page = start(drawForm());
  const leave = () => {
    const event = new Event("beforeunload", { cancelable: true });
    window.dispatchEvent(event);
    return event.defaultPrevented;
  };
  assert.equal(leave(), false);
  field(page.form, "weight").value = "70";
  change(field(page.form, "weight"));
  assert.equal(leave(), true);
  page.form.dispatchEvent(new Event("submit", { cancelable: true }));
  assert.equal(leave(), false);
});

test("point 18: a save without a network stays on the page and says so; with it, it goes on", async () => {
  const page = start(drawForm({ draft: "/draft", storage: "7:SMALL:8" }));
  globalThis.fetch = async () => {
    throw new TypeError("network");
  };
  field(page.form, "weight").value = "70";
  change(field(page.form, "weight"));
  Object.defineProperty(window.navigator, "onLine", { value: false, configurable: true });
  const save = () => {
    const event = new Event("submit", { cancelable: true });
    page.form.dispatchEvent(event);
    return event.defaultPrevented;
  };
  assert.equal(save(), true);
  await new Promise(setImmediate);
  assert.equal(page.form.querySelector("[data-status]").textContent, "not saved: no connection");
  assert.deepEqual(JSON.parse(localStorage.getItem("crf:7:SMALL:8")).values.weight, ["70"]);
  Object.defineProperty(window.navigator, "onLine", { value: true, configurable: true });
  let again = 0;
  page.form.requestSubmit = () => {
    again += 1;
  };
  globalThis.fetch = async () => ({ ok: true, status: 200, json: async () => ({}) });
  assert.equal(save(), true, "the last draft did not arrive");
  await new Promise(setImmediate);
  assert.equal(again, 1);
  assert.equal(save(), false);
  globalThis.fetch = async () => ({ ok: false, status: 401 });
  page.unsent = true;
  await keepDraft(page);
  assert.equal(page.away, true);
  assert.equal(save(), false, "a session that is over leads to the sign-in page");
});

test("a row ticked for removal looks removed", () => {
  const page = start(drawForm());
  page.form.querySelector("[data-add-row]").click();
  const tick = field(page.form, "nodes-0-remove");
  tick.checked = true;
  change(tick);
  assert.equal(tick.closest("[data-row]").classList.contains("is-removed"), true);
});

test("what was pasted stands on the page of the server, and this browser puts nothing back over it", () => {
  sessionStorage.setItem("crf:7:SMALL:9", JSON.stringify({ values: { weight: ["1"] }, version: "0" }));
  const form = drawForm({ storage: "7:SMALL:9" });
  form.insertAdjacentHTML("beforeend", "<p data-pasted></p>");
  start(form);
  assert.equal(sessionStorage.getItem("crf:7:SMALL:9"), null);
  assert.equal(field(form, "weight").value, "");
});

test("what another form knows is taken over by a press, and is an answer like any other", () => {
  const page = start(drawForm({ saved: { sex: ["M"] } }));
  const question = page.form.querySelector("#q-sex");
  question.insertAdjacentHTML("beforeend", `<button type="button" data-take='["F"]'>Take over</button>`);
  const button = question.querySelector("[data-take]");
  button.click();
  assert.equal(field(page.form, "sex").checked, true);
  assert.deepEqual([page.dirty, page.touched.has("sex"), button.hidden], [true, true, true]);
  assert.equal(document.activeElement.value, "F");
  assert.equal(page.form.querySelector("#q-pregnant").hidden, false);
  assert.equal(question.querySelector("[data-what]").textContent, "male becomes female");
  choose(page.form, "sex", "M");
  change(page.form.querySelector("#id-sex-1"));
  assert.equal(button.hidden, false);
});

test("what is taken over into a list has the focus, whose button is gone", () => {
  const page = start(drawForm());
  page.form.insertAdjacentHTML(
    "beforeend",
    '<div data-q="stage"><select name="stage"><option value=""></option><option value="T3">T3</option></select>' +
      `<button type="button" data-take='["T3"]'>Take over</button></div>`,
  );
  page.form.querySelector("[data-take]").click();
  assert.equal(field(page.form, "stage").value, "T3");
  assert.equal(document.activeElement.name, "stage");
});

test("a page that the browser brings back keeps what was typed, and leaves without a question", () => {
  const page = start(drawForm({ storage: "7:SMALL:1" }));
  field(page.form, "weight").value = "70";
  change(field(page.form, "weight"));
  document.dispatchEvent(new Event("palace3:stale"));
  assert.equal(page.dirty, false);
  assert.deepEqual(JSON.parse(sessionStorage.getItem("crf:7:SMALL:1")).values.weight, ["70"]);
});

test("a new row takes its identity when somebody first types into it, and keeps it", () => {
  const page = start(drawForm());
  const group = page.form.querySelector('[data-group="nodes"]');
  for (const row of [0, 1]) {
    group.querySelector("[data-add-row]").click();
    assert.equal(field(page.form, `nodes-${row}-row_id`).value, "");
  }
  const type = (row, text) => {
    field(page.form, `nodes-${row}-examined`).value = text;
    change(field(page.form, `nodes-${row}-examined`));
    return field(page.form, `nodes-${row}-row_id`).value;
  };
  const first = type(0, "7");
  assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(type(0, "8"), first);
  assert.notEqual(type(1, "7"), first);
});
