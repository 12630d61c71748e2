import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";

const window = new Window({ url: "https://palace3.test/log/" });
for (const name of ["document", "localStorage", "sessionStorage"]) globalThis[name] = window[name];
const { keptHere, listKept } = await import("../../static/js/crf/log.js");

const kept = (term) =>
  JSON.stringify({ values: { _key: ["x"], ae_term: [term], "rows-0-a": ["1"] }, version: "0" });

function section() {
  window.document.body.innerHTML = `<section hidden data-storage="7:01-0001 AE #0:" data-stored="saved" data-new="/AE/0/">
    <ul><li><a href="/AE/0/?draft=server">Cough</a></li></ul><template><li><a><span data-typed></span>open</a></li></template>
  </section>`;
  return window.document.querySelector("section");
}

test("a new record that this browser alone holds is listed; saved ones are dropped, others left alone", () => {
  localStorage.setItem("crf:7:01-0001 AE #0:here", kept("Fatigue"));
  localStorage.setItem("crf:7:01-0001 AE #0:server", kept("Cough"));
  sessionStorage.setItem("crf:7:01-0001 AE #0:saved", kept("Nausea"));
  localStorage.setItem("crf:7:01-0002 AE #0:their", kept("Pain"));
  const place = section();
  listKept(place);
  const links = [...place.querySelectorAll("li a")].map((link) => [
    link.getAttribute("href"),
    link.textContent,
  ]);
  assert.deepEqual(links, [
    ["/AE/0/?draft=server", "Cough"],
    ["/AE/0/?draft=here", "Fatigue · open"],
  ]);
  assert.equal(place.hidden, false);
  assert.equal(sessionStorage.getItem("crf:7:01-0001 AE #0:saved"), null);
  assert.ok(localStorage.getItem("crf:7:01-0002 AE #0:their"));
});

test("where nothing is kept the list stays unseen", () => {
  localStorage.clear();
  const place = section();
  listKept(place);
  assert.equal(place.hidden, true);
  assert.equal(keptHere(place.dataset).size, 0);
});
