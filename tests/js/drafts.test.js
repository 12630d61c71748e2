import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { forgetHere, forgetStored, keepDraft, keepUntilSaved, putBack } from "../../static/js/crf/drafts.js";
import { openPage } from "../../static/js/crf/page.js";
import { drawForm, field } from "./form.js";

const STORAGE = "7:SMALL:1";
const status = (page) => page.form.querySelector("[data-status]").textContent;
let sent = [];

function answering(response) {
  globalThis.fetch = async (address, options) => {
    sent.push({ address, ...options });
    if (response instanceof Error) throw response;
    return response;
  };
}

function opened() {
  const page = openPage(drawForm({ draft: "/draft", storage: STORAGE }));
  field(page.form, "weight").value = "70";
  page.unsent = true;
  return page;
}

beforeEach(() => {
  sent = [];
});

test("a draft goes to the server once, and this browser forgets its copy", async () => {
  answering({ ok: true, status: 200, json: async () => ({ saved_at: "14:03:22" }) });
  const page = opened();
  localStorage.setItem(`crf:${STORAGE}`, "{}");
  await keepDraft(page);
  await keepDraft(page);
  assert.equal(sent.length, 1);
  assert.equal(sent[0].headers["X-CSRFToken"], "token");
  assert.deepEqual(JSON.parse(sent[0].body).values.weight, ["70"]);
  assert.equal(status(page), "kept at 14:03:22");
  assert.equal(localStorage.getItem(`crf:${STORAGE}`), null);
});

test("without a network the answers stay in this browser and are sent again", async () => {
  answering(new TypeError("network"));
  const page = opened();
  await keepDraft(page);
  assert.deepEqual([page.unsent, page.away], [true, true]);
  assert.match(status(page), /^in this browser at \d\d:\d\d:\d\d$/);
  assert.deepEqual(JSON.parse(localStorage.getItem(`crf:${STORAGE}`)).values.weight, ["70"]);
});

test("a session that has ended asks for the password and keeps the answers", async () => {
  answering({ ok: false, status: 401 });
  const page = opened();
  let asked = 0;
  window.palace3 = {
    signInAgain: () => {
      asked += 1;
    },
  };
  await keepDraft(page);
  assert.equal(asked, 1);
  assert.ok(localStorage.getItem(`crf:${STORAGE}`));
});

test("what this browser kept is put back over the same version, rows included", () => {
  const page = opened();
  const values = { weight: ["71"], sex: ["M"], "nodes-1-examined": ["5"], "_reason:weight": ["misread"] };
  localStorage.setItem(`crf:${STORAGE}`, JSON.stringify({ values, version: "1" }));
  putBack(page);
  assert.equal(field(page.form, "weight").value, "71");
  assert.equal(field(page.form, "nodes-1-examined").value, "5");
  assert.equal(page.ownReasons.get("_reason:weight"), "misread");
  assert.deepEqual([status(page), page.dirty, page.unsent], ["put back", true, true]);
});

test("a copy of an older version is thrown away", () => {
  const page = opened();
  localStorage.setItem(`crf:${STORAGE}`, JSON.stringify({ values: { weight: ["71"] }, version: "0" }));
  putBack(page);
  assert.equal(field(page.form, "weight").value, "70");
  assert.equal(localStorage.getItem(`crf:${STORAGE}`), null);
});

test("rows that the page cannot add do not hold it up", () => {
  const page = opened();
  page.form.querySelector("[data-row-template]").remove();
  localStorage.setItem(
    `crf:${STORAGE}`,
    JSON.stringify({ values: { weight: ["71"], "nodes-3-examined": ["5"] }, version: "1" }),
  );
  putBack(page);
  assert.equal(field(page.form, "weight").value, "71");
});

test("a save leaves a copy in this tab until it has arrived", () => {
  const page = opened();
  keepUntilSaved(page);
  assert.ok(sessionStorage.getItem(`crf:${STORAGE}`));
  assert.equal(localStorage.getItem(`crf:${STORAGE}`), null);
  forgetHere(page);
  assert.equal(sessionStorage.getItem(`crf:${STORAGE}`), null);
});

test("what the page holds already is no copy any more", () => {
  const page = opened();
  keepUntilSaved(page);
  putBack(page);
  assert.equal(page.dirty, false);
  assert.equal(sessionStorage.getItem(`crf:${STORAGE}`), null);
});

test("the copy of a new record's page goes when its record is shown", () => {
  const page = openPage(drawForm({ storage: "7:AE #4", stored: "7:AE #0:k" }));
  sessionStorage.setItem("crf:7:AE #0:k", "{}");
  sessionStorage.setItem("crf:7:AE #0:other", "{}");
  forgetStored(page);
  assert.equal(sessionStorage.getItem("crf:7:AE #0:k"), null);
  assert.ok(sessionStorage.getItem("crf:7:AE #0:other"));
});

test("a page that was saved in another window is told so, and keeps what is typed in this tab", async () => {
  answering({ ok: false, status: 409, json: async () => ({ message: "saved already" }) });
  const page = opened();
  await keepDraft(page);
  await keepDraft(page);
  assert.equal(sent.length, 1);
  assert.equal(status(page), "saved already");
  assert.ok(sessionStorage.getItem(`crf:${STORAGE}`));
  assert.equal(localStorage.getItem(`crf:${STORAGE}`), null);
});
