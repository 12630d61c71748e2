// The table of cases that the server reads too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { asDay, asNumber, asPartialDay, clean } from "../../static/js/reading.js";

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
