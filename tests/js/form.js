// A form page as the server draws it, small enough to read beside its tests.
import { Window } from "happy-dom";

const GLOBALS = ["document", "CSS", "Event", "FormData", "localStorage", "sessionStorage", "KeyboardEvent"];

const QUESTIONS = `
  <fieldset class="p3-q" id="q-sex" data-q="sex" data-kind="choice">
    <legend class="p3-q-text">Sex<span class="p3-req" hidden> required</span></legend>
    <div data-digits>
      <div><input type="radio" name="sex" value="F" id="id-sex"><label for="id-sex"><span class="p3-digit">1</span> female</label></div>
      <div><input type="radio" name="sex" value="M" id="id-sex-1"><label for="id-sex-1"><span class="p3-digit">2</span> male</label></div>
      <div><input type="radio" name="sex" value="" id="id-sex-none" checked><label for="id-sex-none">not answered yet</label></div>
    </div>
  </fieldset>
  <div class="p3-q" id="q-pregnant" data-q="pregnant" data-kind="text" data-show='["is", "sex", ["F"]]' data-require='["is", "sex", ["F"]]'>
    <label class="p3-q-text" for="id-pregnant">Pregnant<span class="p3-req" hidden> required</span></label>
    <input type="text" name="pregnant" id="id-pregnant">
    <div class="p3-q-notes" id="note-pregnant"></div>
  </div>
  <div class="p3-q" id="q-weight" data-q="weight" data-kind="decimal">
    <label class="p3-q-text" for="id-weight">Weight</label>
    <input type="text" name="weight" id="id-weight">
    <select name="weight__why"><option value=""></option><option value="NK">not known</option></select>
    <div class="p3-q-notes" id="note-weight"></div>
  </div>
  <div class="p3-q" id="q-bmi" data-q="bmi" data-kind="decimal"><output data-derived="bmi" data-raw="null"></output></div>
  <div class="p3-q" id="q-seen" data-q="seen" data-kind="date"><input type="text" name="seen"></div>
  <fieldset class="p3-q" id="q-colours" data-q="colours" data-kind="multiple">
    <div data-alone="none">
      <input type="checkbox" name="colours" value="red"><input type="checkbox" name="colours" value="blue">
      <input type="checkbox" name="colours" value="none">
    </div>
  </fieldset>
  <div class="p3-q" id="q-nodes" data-group="nodes">
    <table><tbody data-rows></tbody></table>
    <template data-row-template></template>
    <button type="button" data-add-row>Add a row</button>
  </div>`;

const ROW = `<tr data-row="nodes-__row__"><th>__number__<input type="hidden" name="nodes-__row__-row_id" value=""></th>
      <td data-q="nodes-__row__-examined" data-kind="integer"><div class="p3-cell-answer"><input type="text" name="nodes-__row__-examined" aria-label="Examined, row __number__"></div></td>
      <td data-q="nodes-__row__-positive" data-kind="integer" data-show='["over", "examined", 0]'><div class="p3-cell-answer"><input type="text" name="nodes-__row__-positive" aria-label="Positive, row __number__"></div></td>
      <td><label><input type="checkbox" name="nodes-__row__-remove" value="1"> Remove</label></td></tr>`;

const REASONS = `
  <section data-reason data-reasons="{}"><input type="text" name="_reason">
    <div data-own-reasons></div>
    <template data-own-reason><div><label><span data-label></span> <span data-what></span></label><input type="text"></div></template>
  </section>`;

const NOTES = `
  <template data-note="is-error"><p class="p3-q-note is-error" data-finding=""><svg></svg><span></span></p></template>
  <template data-note="is-soft"><p class="p3-q-note is-soft" data-finding=""><svg></svg><span></span></p>
    <label class="p3-confirm"><span>It is right, because</span> <input type="text" name="_confirm:"></label></template>`;

const RAIL = `
  <details data-rail open><summary>Parts of the form</summary><ul>
    <li data-part="body"><a href="#part-body">Body</a><a href="#" data-part-missing hidden></a></li></ul></details>`;

const SAVEBAR = `
  <details data-missing hidden><summary></summary><ul></ul></details>
  <button type="submit" name="_action" value="save">Save</button>
  <span data-cleared hidden></span><span data-status></span>`;

const TEXTS = {
  textSaved: "kept at {time}",
  textOffline: "in this browser at {time}",
  textNotSaved: "not saved: no connection",
  textRestored: "put back",
  textChange: "{old} becomes {new}",
  textListed: ", ",
  textListedApart: "; ",
  textLabel: ": ",
  textNone: "no answer",
  textRemoved: "removed",
  textCleared: "left out: {questions}",
  textMissingOne: "1 answer is missing",
  textMissingMany: "{number} answers are missing",
  textMissingHere: "{number} missing",
};

// Opens a page of its own for each test and makes its document the one that the modules see.
export function drawForm({ saved = null, ...data } = {}) {
  const window = new Window({ url: "https://palace3.test/form/" });
  for (const name of GLOBALS) globalThis[name] = window[name];
  globalThis.window = window;
  window.document.body.innerHTML = `${RAIL}<form data-crf>
    <input type="hidden" name="csrfmiddlewaretoken" value="token"><input type="hidden" name="_version" value="1">
    <input type="hidden" name="_key" value="k"><input type="hidden" name="_prompts" value="">
    ${NOTES}<section id="part-body">${QUESTIONS}</section>${saved ? REASONS : ""}${SAVEBAR}</form>`;
  const form = window.document.querySelector("form");
  // Put in by hand: the parser of happy-dom drops a row that stands alone in a template.
  const body = window.document.createElement("tbody");
  body.innerHTML = ROW;
  form.querySelector("[data-row-template]").content.append(body.firstElementChild);
  Object.assign(form.dataset, TEXTS, data);
  if (saved) form.dataset.saved = JSON.stringify(saved);
  return form;
}

export const field = (form, name) => form.querySelector(`[name="${name}"]`);
export const choose = (form, name, value) => {
  form.querySelector(`[name="${name}"][value="${value}"]`).checked = true;
};
