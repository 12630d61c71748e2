import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";
import { askInPlace } from "../../static/js/crf/ask.js";

const PAGE = `<meta name="csrf-token" content="t"><div id="p3-announce"></div>
  <div data-q="weight"><a class="p3-ask" href="/ask/?target=weight" data-ask="weight" data-about="Weight">Ask</a></div>
  <div data-q="height"><input id="height"><a class="p3-ask" href="/ask/?target=height" data-ask="height" data-about="Height">Ask</a></div>
  <dialog data-ask-dialog data-failed="Not raised"><form>
    <select name="target"></select><textarea name="text"></textarea><select name="assignee"><option value=""></option></select>
    <input type="hidden" name="once"><p data-ask-problem></p>
    <button type="submit">Ask</button><button type="button" data-ask-cancel>Back</button></form></dialog>`;

function opened(answer) {
  const window = new Window({ url: "https://palace3.test/forms/STAGE/" });
  const page = window.document;
  page.head.innerHTML = "";
  page.body.innerHTML = PAGE;
  const sent = [];
  globalThis.document = page;
  globalThis.fetch = async (href, { body }) => {
    sent.push({ href, ...Object.fromEntries(body) });
    return answer;
  };
  const dialog = page.querySelector("dialog");
  dialog.showModal ??= () => dialog.setAttribute("open", "");
  askInPlace(page);
  page
    .querySelector("[data-ask]")
    .dispatchEvent(new window.MouseEvent("click", { bubbles: true, cancelable: true }));
  return { page, window, dialog, sent };
}

const submit = async ({ page, window, dialog }, text) => {
  dialog.querySelector("textarea").value = text;
  const event = new window.Event("submit", { bubbles: true, cancelable: true });
  page.querySelector("dialog form").dispatchEvent(event);
  await new Promise((done) => setTimeout(done, 5));
  return event;
};

test("a query is sent from the answer, and its balloon stands beside it", async () => {
  const raised = { number: 12, href: "/queries/12/", said: "Query 12 is raised." };
  const at = opened({ ok: true, json: async () => raised });
  const about = at.page.querySelector('[name="target"]');
  assert.equal(about.value, "weight");
  assert.deepEqual(
    [...about.options].map(({ textContent }) => textContent),
    ["Weight", "Height"],
  );
  const event = await submit(at, "Which scale?");
  assert.equal(event.defaultPrevented, true);
  const [{ href, target, text, once }] = at.sent;
  assert.ok(href.endsWith("/ask/?target=weight"));
  assert.deepEqual([target, text], ["weight", "Which scale?"]);
  assert.match(once, /^[0-9a-f]{32}$/);
  const balloon = at.page.querySelector(".p3-balloon");
  assert.deepEqual([balloon.textContent, balloon.title], ["12", "Which scale?"]);
  assert.equal(at.page.querySelector("#p3-announce").textContent, "Query 12 is raised.");
});

test("Alt+Q asks about the answer in which the focus is, and another may be chosen", async () => {
  const at = opened({ ok: true, json: async () => ({ number: 13, href: "/queries/13/", said: "Raised" }) });
  at.dialog.removeAttribute("open");
  at.page.querySelector("#height").focus();
  const { KeyboardEvent } = at.window;
  const key = new KeyboardEvent("keydown", { altKey: true, code: "KeyQ", bubbles: true, cancelable: true });
  at.page.querySelector("#height").dispatchEvent(key);
  assert.equal(key.defaultPrevented, true);
  assert.equal(at.page.querySelector('[name="target"]').value, "height");
  at.page.querySelector('[name="target"]').value = "weight";
  await submit(at, "Which scale?");
  assert.ok(at.sent[0].href.endsWith("/ask/?target=weight"));
  assert.equal(at.page.querySelector('[data-q="weight"] .p3-balloon').textContent, "13");
});

test("what is refused is said in the window, and the words stay", async () => {
  const at = opened({ ok: false, json: async () => ({ error: "Write what you want to say" }) });
  await submit(at, " ");
  assert.equal(at.page.querySelector("[data-ask-problem]").textContent, "Write what you want to say");
  assert.equal(at.page.querySelector(".p3-balloon"), null);
  assert.equal(at.page.querySelector("textarea").value, " ");
});

test("a page on which nobody asks is left alone", () => {
  const page = new Window().document;
  page.body.innerHTML = "<p></p>";
  assert.equal(askInPlace(page), undefined);
});
