import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { holds } from "../../static/js/crf/conditions.js";

const cases = JSON.parse(readFileSync(new URL("../unit/crf/conditions.json", import.meta.url)));

test("the browser judges each case as the server does", () => {
  assert.ok(cases.length > 40);
  for (const { condition, answers, holds: expected } of cases) {
    assert.equal(
      holds(condition, (name) => answers[name]),
      expected,
      JSON.stringify({ condition, answers }),
    );
  }
});

test("a word that no condition has is an error, not a silent no", () => {
  assert.throws(() => holds(["sometimes", "a"], () => null), TypeError);
});
