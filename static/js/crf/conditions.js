// Conditions of the form declarations, judged as crf/engine/conditions.py judges them: one table of cases
// (tests/unit/crf/conditions.json) goes through both.

const isNumber = (value) => typeof value === "number";
const comparable = (left, right) =>
  (isNumber(left) && isNumber(right)) || (typeof left === "string" && typeof right === "string");
const isAnswered = (value) =>
  value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);
const sameList = (left, right) =>
  Array.isArray(left) &&
  Array.isArray(right) &&
  left.length === right.length &&
  left.every((item, index) => item === right[index]);

const rules = {
  is: (look, name, values) => isAnswered(look(name)) && values.includes(look(name)),
  answered: (look, name) => isAnswered(look(name)),
  over: (look, name, limit) => comparable(look(name), limit) && look(name) > limit,
  under: (look, name, limit) => comparable(look(name), limit) && look(name) < limit,
  has: (look, name, codes) => Array.isArray(look(name)) && codes.some((code) => look(name).includes(code)),
  same: (look, name, other) =>
    isAnswered(look(name)) && (look(name) === look(other) || sameList(look(name), look(other))),
  all: (look, parts) => parts.every((part) => holds(part, look)),
  any: (look, parts) => parts.some((part) => holds(part, look)),
  not: (look, part) => !holds(part, look),
};

// Say whether `condition` (a list as crf/engine/conditions.py writes it) is true; `look` returns an answer.
export function holds(condition, look) {
  const [word, ...rest] = condition;
  const answer = (name) => {
    const found = look(name);
    return isAnswered(found) ? found : null;
  };
  return rules[word](answer, ...rest);
}
