// The table of cases that the server reads too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { asDay, asInstant, asNumber, asPartialDay, clean } from "../../static/js/reading.js";

const CASES = JSON.parse(readFileSync(new URL("../unit/kernel/reading.json", import.meta.url), "utf8"));
const READERS = {
  number: (typed) => asNumber(typed),
  day: asDay,
  partial_day: asPartialDay,
  text: (typed) => clean(typed) || null,
};

for (const [kind, read] of Object.entries(READERS)) {
  test(`the browser reads as the server: ${kind}`, () => {
    for (const [typed, wanted] of CASES[kind]) {
      assert.equal(read(typed), kind === "number" && wanted !== null ? Number(wanted) : wanted, typed);
    }
  });
}

const TODAY = "2026-11-29";
const TYPED = JSON.parse(readFileSync(new URL("../unit/kernel/today.json", import.meta.url), "utf8"));

test("today, in either language, is the day that the page was told, and nothing where it was told none", () => {
  for (const [typed, wanted] of TYPED.day) {
    assert.equal(asDay(typed, TODAY), wanted, typed);
    assert.equal(asPartialDay(typed, TODAY), wanted, typed);
  }
  assert.equal(asDay("today"), null);
});

test("the day of a moment is understood, and its time stays as typed", () => {
  for (const [typed, wanted] of TYPED.instant) {
    assert.equal(asInstant(typed, TODAY), wanted === null ? null : wanted.replace(" 08:", " 8:"), typed);
  }
});
