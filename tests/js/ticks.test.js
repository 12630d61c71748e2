import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";

const BOX = (name, checked) => `<input type="checkbox" name="${name}"${checked ? " checked" : ""}>`;
const LIST = (name, many) =>
  `<fieldset id="${name}"><legend>${name}</legend>${BOX(name, true).repeat(many)}</fieldset>`;
const WORDS = `<template data-ticks><button value="all">All</button><button value="none">None</button></template>`;
const { document } = new Window();
globalThis.document = document;
const { offerAll } = await import("../../static/js/ticks.js");

test("a long list is ticked whole or not at all, a short one is left alone, another list stays", () => {
  document.body.innerHTML = `<form>${WORDS}${LIST("forms", 6)}${LIST("sites", 5)}${LIST("tables", 7)}</form>`;
  const form = document.querySelector("form");
  let told = 0;
  form.addEventListener("change", () => {
    told += 1;
  });
  offerAll(form, form.querySelector("template"));
  const ticked = (name) => form.querySelectorAll(`#${name} input:checked`).length;
  assert.equal(form.querySelectorAll("#sites button").length, 0);
  form.querySelector("#forms input").disabled = true;
  form.querySelector("#forms button[value=none]").click();
  assert.deepEqual([ticked("forms"), ticked("sites"), ticked("tables"), told], [1, 5, 7, 5]);
  form.querySelector("#forms button[value=all]").click();
  assert.deepEqual([ticked("forms"), ticked("tables"), told], [6, 7, 10]);
});
