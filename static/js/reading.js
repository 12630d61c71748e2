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
const DAY_FIRST = new RegExp(`^(\\d{1,2})[${HYPHEN}/.](\\d{1,2})[${HYPHEN}/.](\\d{4})$`);
const DAY_NAMED = new RegExp(`^(\\d{1,2})[${HYPHEN} ]?([a-z]{3,9})\\.?,?[${HYPHEN} ]?(\\d{4})$`, "i");
const NAMED_FIRST = /^([a-z]{3,9})\.? (\d{1,2}),? (\d{4})$/i;
const MONTH_LAST = new RegExp(`^(\\d{1,2})[${HYPHEN}/.](\\d{4})$`);
const MONTH_NAMED = new RegExp(`^([a-z]{3,9})\\.?,?[${HYPHEN} ]?(\\d{4})$`, "i");
const MONTHS = "january february march april may june july august september october november december".split(
  " ",
);
const MONTH = new RegExp(`^(\\d{4})[${HYPHEN}/.年](\\d{1,2})月?$`);
const TODAY = ["today", "今天", "今日"];
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

// A full day in ISO 8601; null when it could be two days, such as 05/03/2025. `today` is the day at the site, for
// whoever types "today".
export function asDay(text, today = null) {
  const typed = plain(text);
  if (today && TODAY.includes(typed.toLowerCase())) return today;
  const found = typed.match(DAY) || typed.match(EIGHT_DIGITS);
  if (found) return written(found.slice(1));
  return dayFirst(typed.match(DAY_FIRST)) || dayNamed(typed);
}

// A day, or the month or year of a partial one, in ISO 8601.
export function asPartialDay(text, today = null) {
  const typed = plain(text);
  const parts = typed.match(YEAR)?.slice(1) || typed.match(MONTH)?.slice(1) || monthLast(typed);
  return parts ? written(parts) : asDay(typed, today);
}

// A moment with its day in ISO 8601 and its time as it was typed.
export function asInstant(text, today = null) {
  const [, day, clock] = plain(text).match(/^(.+?)[T\s]+(\d{1,2}:\d{2})$/) || [];
  const understood = day && asDay(day, today);
  return understood ? `${understood} ${clock}` : null;
}

function dayFirst(found) {
  if (!found) return null;
  const [day, month, year] = found.slice(1).map(Number);
  if (day <= 12 && month <= 12 && day !== month) return null;
  return written(month <= 12 ? [year, month, day] : [year, day, month]);
}

function dayNamed(typed) {
  const [, day, name, year] = typed.match(DAY_NAMED) || [];
  if (day) return written([year, monthNamed(name), day]);
  const [, word, number, ofYear] = typed.match(NAMED_FIRST) || [];
  return word ? written([ofYear, monthNamed(word), number]) : null;
}

function monthLast(typed) {
  const [, month, year] = typed.match(MONTH_LAST) || [];
  if (month) return [year, month];
  const [, name, ofYear] = typed.match(MONTH_NAMED) || [];
  return name ? [ofYear, monthNamed(name)] : null;
}

function monthNamed(word) {
  return MONTHS.findIndex((name) => name.startsWith(word.toLowerCase())) + 1;
}

function written(parts) {
  const [year, month = 1, day = 1] = parts.map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isReal || year < FIRST_YEAR || year > LAST_YEAR) return null;
  return date.toISOString().slice(0, [4, 7, 10][parts.length - 1]);
}
