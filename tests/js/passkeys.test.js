import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";

const { answer, question, start } = await import("../../static/js/passkeys.js");
const buffer = (...signs) => new Uint8Array(signs).buffer;

test("what is bytes is read from the text that stands for it, and written back", () => {
  const asked = question({
    publicKey: {
      challenge: "-_8",
      user: { id: "AQ" },
      excludeCredentials: [{ type: "public-key", id: "Ag" }],
    },
  }).publicKey;
  assert.deepEqual([...asked.challenge], [251, 255]);
  assert.deepEqual([...asked.user.id], [1]);
  assert.deepEqual([...asked.excludeCredentials[0].id], [2]);
  const said = JSON.parse(
    answer({ id: "x", rawId: buffer(251, 255), type: "public-key", response: { signature: buffer(1) } }),
  );
  assert.equal(said.rawId, "-_8");
  assert.deepEqual(said.response, { signature: "AQ" });
});

function pageWith(body) {
  const window = new Window({ url: "https://palace3.test/accounts/sign-in/" });
  window.document.body.innerHTML = body;
  return window.document;
}

test("a browser that gives no passkey is told, and nothing is sent", async () => {
  const page = pageWith(`<form data-passkey-make='{"publicKey": {"challenge": "AQ"}}'><input name="answer">
    <p data-passkey-none="none"></p></form>`);
  const form = page.querySelector("form");
  let sent = 0;
  form.submit = () => {
    sent += 1;
  };
  start(page, { create: () => Promise.reject(new Error("refused")) });
  form.dispatchEvent(new page.defaultView.Event("submit", { cancelable: true }));
  await new Promise(setImmediate);
  assert.equal(sent, 0);
  assert.equal(page.querySelector("p").textContent, "none");
});

test("the button at sign-in is shown where the browser knows passkeys", () => {
  const page = pageWith(`<form data-passkey-ask="/x/"><button data-passkey hidden></button></form>`);
  start(page, {});
  assert.equal(page.querySelector("button").hidden, false);
});
