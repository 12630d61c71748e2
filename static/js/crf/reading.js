// Reads texts, numbers and days as kernel/reading.py does; tests/unit/kernel/reading.json is tried on both.
const INVISIBLE = new RegExp(
  "[\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a\\u202c\\u202d" +
    "\\u2060-\\u2066\\u2068-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb" +
    "\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]",
  "gu",
);
const BLANK = /[\u00a0\u1680\u2000-\u200a\u202f\u205f]/g;
const HYPHEN = "\\-\u2010-\u2015\u2043\u2212\u30fc\ufe58\ufe63";

const NUMBER = /^[+-]?\d{1,9}(\.\d+)?$/;
const DAY = new RegExp(`^(\\d{4})[${HYPHEN}/.年](\\d{1,2})[${HYPHEN}/.月](\\d{1,2})[日号]?$`);
const EIGHT_DIGITS = /^(\d{4})(\d{2})(\d{2})$/;
const MONTH = new RegExp(`^(\\d{4})[${HYPHEN}/.年](\\d{1,2})月?$`);
const YEAR = /^(\d{4})年?$/;
const [FIRST_YEAR, LAST_YEAR] = [1900, 2999];

// Without blanks around it and invisible signs in it.
export const clean = (text) =>
  text
    .replace(INVISIBLE, "")
    .normalize("NFC")
    .replace(/\r\n|[\r\u2028\u2029]/g, "\n")
    .replace(BLANK, " ")
    .trim();

// Full-width signs, the ideographic space and full stop become plain ones; nothing else does.
export const plain = (text) =>
  clean(text)
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replaceAll("\u3000", " ")
    .replaceAll("。", ".")
    .trim();

export function asNumber(text) {
  const typed = plain(text);
  return NUMBER.test(typed) ? Number(typed) : null;
}

// A full day in ISO 8601.
export function asDay(text) {
  const typed = plain(text);
  return written(typed.match(DAY) || typed.match(EIGHT_DIGITS));
}

// A day, or the month or year of a partial one, in ISO 8601.
export function asPartialDay(text) {
  const typed = plain(text);
  return written(typed.match(YEAR)) || written(typed.match(MONTH)) || asDay(typed);
}

function written(match) {
  if (!match) return null;
  const [year, month = 1, day = 1] = match.slice(1).map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isReal || year < FIRST_YEAR || year > LAST_YEAR) return null;
  return date.toISOString().slice(0, [0, 4, 7, 10][match.length - 1]);
}
