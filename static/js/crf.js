// Form pages: questions shown and required while typing, derived answers and findings live, drafts
// kept every few seconds (on the server; in this browser when the network is away), rows and
// answers by keyboard, and a warning before unsaved answers are left. The server judges again on
// every save; without this file the page still works.
"use strict";

(() => {
  const form = document.querySelector("form[data-crf]");
  if (!form) return;
  const all = (selector, within = form) => [...within.querySelectorAll(selector)];
  const one = (selector, within = form) => within.querySelector(selector);
  const said = form.dataset;
  const context = JSON.parse(said.context || "{}");
  const saved = said.saved ? JSON.parse(said.saved) : null;
  const storageName = said.storage ? `crf:${said.storage}` : "";
  const DRAFT_EVERY = 4000;
  const DERIVE_AFTER = 350;
  document.documentElement.classList.add("has-js");

  // Answers -------------------------------------------------------------------------------------
  const inputsNamed = (name) => all(`[name="${CSS.escape(name)}"]`);

  function texts(name) {
    return inputsNamed(name)
      .filter((input) => !["radio", "checkbox"].includes(input.type) || input.checked)
      .map((input) => input.value.trim())
      .filter(Boolean);
  }

  function number(text) {
    const plain = text.normalize("NFKC").replace("。", ".");
    return /^[+-]?\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
  }

  function answer(name) {
    const output = one(`[data-derived="${CSS.escape(name)}"]`);
    if (output) return derivedValue(output);
    const box = one(`[data-q="${CSS.escape(name)}"]`);
    if (!box) return null;
    const typed = texts(name);
    if (box.dataset.kind === "multiple") return typed.length ? typed : null;
    if (!typed.length) return null;
    if (["integer", "decimal"].includes(box.dataset.kind)) return number(typed[0]);
    if (["date", "partial_date"].includes(box.dataset.kind)) return day(typed[0]);
    return typed[0];
  }

  function derivedValue(output) {
    const raw = output.dataset.raw;
    return raw === undefined ? null : JSON.parse(raw);
  }

  function day(text) {
    const match = text.normalize("NFKC").match(/^(\d{4})(?:[-/.年]?(\d{1,2})(?:[-/.月]?(\d{1,2})日?)?)?$/);
    return match ? match.slice(1).filter(Boolean).map((part) => part.padStart(2, "0")).join("-") : null;
  }

  // A row's own answers come first, then the form's, then what the server knows from elsewhere.
  function lookFrom(box) {
    const row = box.closest("[data-row]");
    return (name) => {
      if (row && one(`[data-q="${CSS.escape(`${row.dataset.row}-${name}`)}"]`)) return answer(`${row.dataset.row}-${name}`);
      if (one(`[data-q="${CSS.escape(name)}"]`)) return answer(name);
      return name in context ? context[name] : null;
    };
  }

  // Shown and required --------------------------------------------------------------------------
  function judge() {
    all("[data-show]").forEach((box) => {
      const shown = window.crfConditions.holds(JSON.parse(box.dataset.show), lookFrom(box));
      const hidden = box.tagName === "TD" ? one(".p3-cell-answer", box) : box;
      hidden.hidden = !shown;
      const jump = box.tagName === "SECTION" && document.querySelector(`[data-part="${CSS.escape(box.id.replace("part-", ""))}"]`);
      if (jump) jump.hidden = !shown;
    });
    all("[data-require]").forEach((box) => {
      const required = window.crfConditions.holds(JSON.parse(box.dataset.require), lookFrom(box));
      box.classList.toggle("is-required", required);
      const mark = one(".p3-req", box);
      if (mark) mark.hidden = !required;
    });
    all("[data-q]").forEach((box) => {
      const why = one('[name$="__why"]', box);
      box.classList.toggle("is-missing", Boolean(why && why.value));
    });
    markChanges();
    tellCleared();
  }

  // Answers to questions that are no longer asked are left out of the save; say so at once.
  function tellCleared() {
    const place = one("[data-cleared]");
    if (!place) return;
    const left = all("[data-q]").filter((box) => isGone(box) && !one("[data-derived]", box) && !isBeginning(box) && typedAt(box.dataset.q) !== NOTHING);
    const names = left.map(labelOf);
    place.hidden = !left.length;
    if (left.length) place.textContent = said.textCleared.replace("{questions}", names.join(", "));
  }

  const NOTHING = "[[],[]]";
  const savedAt = (name) => JSON.stringify([saved[name] || [], saved[`${name}__why`] || []]);
  const typedAt = (name) => JSON.stringify([texts(name), texts(`${name}__why`)]);
  // What a row begins with before it is asked was typed by nobody.
  const isBeginning = (box) => Boolean(box.closest("[data-begins]")) && all("input", box).every((input) => input.value === input.defaultValue && input.checked === input.defaultChecked);
  const isGone = (box) => Boolean(box.closest("[hidden]") || one(":scope > .p3-cell-answer[hidden]", box));
  const labelOf = (box) => one(".p3-q-text", box)?.firstChild.textContent || one("[aria-label]", box)?.ariaLabel;

  // What the save corrects: answers that were saved and differ now or are no longer asked, rows that go.
  function markChanges() {
    if (!saved) return;
    const corrections = [];
    all("[data-q]").forEach((box) => {
      if (one("[data-derived]", box)) return;
      const name = box.dataset.q;
      const before = savedAt(name);
      const now = isGone(box) ? NOTHING : typedAt(name);
      box.classList.toggle("is-changed", before !== now);
      if (before !== now && before !== NOTHING && !isLeaving(box)) corrections.push({ name, label: labelOf(box), what: asChange(name, before, now) });
    });
    all('[data-row] [name$="-remove"]').filter((tick) => tick.checked && hasPosition(tick)).forEach((tick) => {
      corrections.push({ name: tick.name, label: tick.closest("label").textContent.trim(), what: said.textRemoved });
    });
    askReasons(corrections);
  }

  const isLeaving = (box) => Boolean(one('[name$="-remove"]:checked', box.closest("[data-row]") || box));

  function asChange(name, before, now) {
    const words = [before, now].map((answered) => {
      const [values, why] = JSON.parse(answered);
      return [...values.map((value) => inWords(name, value)), ...why.map((value) => inWords(`${name}__why`, value))].join(", ");
    });
    return said.textChange.replace("{old}", words[0] || said.textNone).replace("{new}", () => words[1] || said.textNone);
  }

  function inWords(name, value) {
    const field = inputsNamed(name).find((input) => input.tagName === "SELECT" || input.value === value);
    if (field?.tagName === "SELECT") return [...field.options].find((option) => option.value === value)?.text || value;
    const ticked = ["radio", "checkbox"].includes(field?.type);
    return (ticked && field.labels[0]?.lastChild.textContent.trim()) || value;
  }

  // One reason for the whole save; from two corrections on, each may have one of its own.
  const ownReasons = new Map(Object.entries(JSON.parse(one("[data-reason]")?.dataset.reasons || "{}")));

  function askReasons(corrections) {
    const panel = one("[data-reason]");
    if (!panel) return;
    panel.hidden = !corrections.length;
    const own = one("[data-own-reasons]", panel);
    own.hidden = corrections.length < 2;
    const list = one("ul", own) || own.appendChild(document.createElement("ul"));
    const kept = new Map(all("li", list).map((item) => [item.dataset.of, item]));
    const items = own.hidden ? [] : corrections.map((each) => kept.get(each.name) || ownReason(each.name));
    if (items.length !== kept.size || items.some((item) => !item.isConnected)) list.replaceChildren(...items);
    items.forEach((item, index) => describe(item, corrections[index]));
    if (items.some((item) => one("input", item).value)) own.open = true;
  }

  function ownReason(name) {
    const item = document.createElement("li");
    item.dataset.of = name;
    const label = document.createElement("label");
    const id = `id-_reason:${name}`;
    label.htmlFor = id;
    const box = document.createElement("input");
    Object.assign(box, { type: "text", id, name: `_reason:${name}`, value: ownReasons.get(`_reason:${name}`) || "", maxLength: 500, autocomplete: "off", className: "form-control form-control-sm" });
    box.addEventListener("input", () => ownReasons.set(box.name, box.value));
    item.append(label, box);
    return item;
  }

  function describe(item, { label, what }) {
    const words = one("label", item);
    const name = document.createElement("strong");
    name.textContent = label;
    words.replaceChildren(name, ` ${what}`);
  }

  const hasPosition = (tick) => Boolean(one('[name$="-position"]', tick.closest("[data-row]")));

  // Derived answers and findings ----------------------------------------------------------------
  let deriving = null;
  let asked = 0;

  function deriveSoon() {
    if (!said.derive) return;
    clearTimeout(deriving);
    deriving = setTimeout(derive, DERIVE_AFTER);
  }

  async function derive() {
    const turn = ++asked;
    try {
      const response = await fetch(said.derive, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-CSRFToken": token(), "X-Background": "1", "X-Requested-With": "fetch" },
        credentials: "same-origin",
      });
      if (!response.ok || turn !== asked) return;
      show(await response.json());
    } catch {
      // The network is away: the save computes the same answers.
    }
  }

  function show(found) {
    Object.entries(found.derived).forEach(([name, text]) => {
      const output = one(`[data-derived="${CSS.escape(name)}"]`);
      if (output && output.textContent !== text) output.textContent = text;
      if (output && found.raw && name in found.raw) output.dataset.raw = JSON.stringify(found.raw[name]);
    });
    judge();
    showFindings(found);
  }

  function showFindings(found) {
    const notes = new Map();
    const put = (name, tone, key, text) => notes.set(name, [...(notes.get(name) || []), { tone, key, text }]);
    Object.entries(found.errors).forEach(([name, text]) => put(name, "is-error", "", text));
    found.findings.forEach(({ name, level, key, message }) => put(name, level === "hard" ? "is-error" : "is-soft", key, message));
    all(".p3-q-notes").forEach((place) => {
      const name = place.id.replace("note-", "");
      if (place.contains(document.activeElement)) return;
      const box = place.closest(".p3-q, td");
      const wanted = touched.has(name) ? notes.get(name) || [] : (notes.get(name) || []).filter((note) => shownBefore(place, note));
      const same = wanted.map((note) => note.text).join("\n") === all(".p3-q-note span", place).map((span) => span.textContent).join("\n");
      if (!same) place.replaceChildren(...wanted.flatMap(noteMarkup));
      box.classList.toggle("has-error", wanted.some((note) => note.tone === "is-error"));
      box.classList.toggle("has-soft", !box.classList.contains("has-error") && wanted.length > 0);
      if (!same) wanted.forEach((note) => remember(name, note));
    });
  }

  // What the server drew stays until it is answered, even where nobody typed since.
  const shownBefore = (place, note) => all(".p3-q-note span", place).some((span) => span.textContent === note.text);

  function noteMarkup({ tone, key, text }) {
    const note = document.createElement("p");
    note.className = `p3-q-note ${tone}`;
    note.dataset.finding = key;
    const words = document.createElement("span");
    words.textContent = text;
    note.append(words);
    if (tone !== "is-soft" || !key) return [note];
    const label = document.createElement("label");
    label.className = "p3-confirm";
    const because = document.createElement("span");
    because.textContent = said.textConfirm;
    const box = document.createElement("input");
    Object.assign(box, { type: "text", name: `_confirm:${key}`, maxLength: 500, className: "form-control form-control-sm", autocomplete: "off" });
    label.append(because, " ", box);
    return [note, label];
  }

  // First answer, prompt, correction: which finding was shown for which answer goes with the save.
  const prompts = JSON.parse(form.elements._prompts?.value || "[]");

  function remember(name, { key, text }) {
    const value = texts(name).join(", ").slice(0, 200);
    if (prompts.some((prompt) => prompt.name === name && prompt.value === value && prompt.key === key)) return;
    prompts.push({ key: key || "unreadable", name, value, message: text.slice(0, 200) });
    form.elements._prompts.value = JSON.stringify(prompts.slice(-200));
  }

  // Drafts --------------------------------------------------------------------------------------
  let dirty = false;
  let unsent = false;
  let away = false;
  const touched = new Set();
  const status = (text) => { const place = one("[data-status]"); if (place) place.textContent = text; };
  const clock = () => new Date().toTimeString().slice(0, 8);
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content || form.elements.csrfmiddlewaretoken.value;

  function typedNow() {
    const values = {};
    new FormData(form).forEach((text, name) => {
      if (name === "csrfmiddlewaretoken" || name === "_key" || typeof text !== "string") return;
      (values[name] ??= []).push(text);
    });
    return values;
  }

  async function keepDraft(last = false) {
    if (!unsent || form.dataset.sent) return;
    const values = typedNow();
    unsent = false;
    try {
      if (!said.draft) throw new Error("no address");
      const response = await fetch(said.draft, {
        method: "POST",
        keepalive: last,
        body: JSON.stringify({ values }),
        headers: { "Content-Type": "application/json", "X-CSRFToken": token(), "X-Background": "1", "X-Requested-With": "fetch" },
        credentials: "same-origin",
      });
      if (response.status === 401) window.palace3?.signInAgain();
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      const kept = await response.json().catch(() => ({}));
      away = false;
      forgetHere();
      status(said.textSaved.replace("{time}", kept.saved_at || clock()));
    } catch {
      unsent = away = true;
      keepHere(values);
    }
  }

  function keepHere(values, store = localStorage) {
    if (!storageName) return;
    try {
      store.setItem(storageName, JSON.stringify({ values, version: form.elements._version.value }));
      if (store === localStorage) status(said.textOffline.replace("{time}", clock()));
    } catch {
      // The browser's store is full or forbidden; the page itself still holds the answers.
    }
  }

  function forgetHere() {
    if (!storageName) return;
    localStorage.removeItem(storageName);
    sessionStorage.removeItem(storageName);
  }

  // Answers that only this browser holds are put back, once, over a page of the same version.
  function putBack() {
    const kept = storageName && (sessionStorage.getItem(storageName) || localStorage.getItem(storageName));
    if (!kept) return;
    const { values, version } = JSON.parse(kept);
    if (version !== form.elements._version.value) { forgetHere(); return; }
    const before = JSON.stringify(typedNow());
    Object.entries(values).filter(([name]) => name.startsWith("_reason:")).forEach(([name, typed]) => ownReasons.set(name, typed[0]));
    addRowsFor(values);
    all('input[type="checkbox"]').forEach((tick) => { tick.checked = (values[tick.name] || []).includes(tick.value); });
    Object.entries(values).forEach(([name, typed]) => fill(name, typed));
    if (JSON.stringify(typedNow()) === before) return;
    status(said.textRestored);
    dirty = unsent = true;
    deriveSoon();
  }

  function fill(name, typed) {
    if (["_version", "_prompts"].includes(name)) return;
    inputsNamed(name).forEach((input, index) => {
      if (["radio", "checkbox"].includes(input.type)) input.checked = typed.includes(input.value);
      else input.value = typed[index] ?? typed[0] ?? "";
    });
  }

  function addRowsFor(values) {
    Object.keys(values).forEach((name) => {
      const match = name.match(/^([a-z][a-z0-9_]*)-(\d+)-/);
      const group = match && one(`[data-group="${match[1]}"]`);
      while (group && !one(`[data-row="${match[1]}-${match[2]}"]`, group) && nextIndex(group) <= Number(match[2])) addRow(group);
    });
  }

  // Rows ----------------------------------------------------------------------------------------
  const nextIndex = (group) =>
    Math.max(-1, ...all("[data-row]", group).map((row) => Number(row.dataset.row.split("-").pop()))) + 1;

  function addRow(group) {
    const pattern = one("template[data-row-template]", group);
    if (!pattern) return null;
    const index = nextIndex(group);
    const place = one("[data-rows]", group);
    const number = all("[data-row]", group).length + 1;
    const holder = document.createElement(place.tagName);
    holder.innerHTML = pattern.innerHTML.replaceAll("__row__", index).replaceAll("__number__", number);
    const row = holder.firstElementChild;
    place.append(row);
    judge();
    return row;
  }

  const firstInput = (row) => one("input:not([type=hidden]):not([type=checkbox]), select, textarea", row);

  function addAndGo(group) {
    const row = addRow(group);
    if (row) firstInput(row)?.focus();
  }

  // Keyboard ------------------------------------------------------------------------------------
  const focusable = () => all("input:not([type=hidden]), select, textarea, button").filter((item) => item.offsetParent && !item.disabled);

  function goOn(from) {
    const group = from.closest("[data-group]");
    const row = from.closest("[data-row]");
    const inRow = row ? all("input:not([type=hidden]), select, textarea", row).filter((item) => item.offsetParent && !isAside(item)) : [];
    if (group && row && inRow[inRow.length - 1] === from && row === all("[data-row]", group).pop()) {
      addAndGo(group);
      return;
    }
    const line = focusable().filter((item) => !isAside(item) && (item.type !== "radio" || item.checked || !item.form.elements[item.name].value || item === from));
    const next = line.slice(line.indexOf(from) + 1).find((item) => item.name !== from.name || item.type === "submit");
    next?.focus();
  }

  const isAside = (item) => /__why$|^_confirm:/.test(item.name) || (item.type === "checkbox" && item.name.endsWith("-remove")) || item.matches("[data-accept], [data-add-row]");

  form.addEventListener("keydown", (event) => {
    const from = event.target;
    if (event.altKey && event.key.toLowerCase() === "n") {
      const group = from.closest("[data-group]") || one("[data-group]");
      if (group) { event.preventDefault(); addAndGo(group); }
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      form.requestSubmit(one('button[name="_action"]'));
      return;
    }
    if (event.key === "Enter" && from.matches("input, select") && !event.isComposing) {
      event.preventDefault();
      goOn(from);
      return;
    }
    if (from.type === "radio" && from.closest("[data-digits]")) pickByKey(event, from);
  });

  function pickByKey(event, from) {
    const choices = all(`input[name="${CSS.escape(from.name)}"]`, from.closest("[data-digits]"));
    const key = event.key.toUpperCase();
    const meant = choices.find((choice) => digitOf(choice) === key || choice.value.toUpperCase() === key);
    if (meant?.value && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      choose(meant);
      if (from.closest("[data-quick]")) goOn(meant);
    } else if (["Backspace", "Delete"].includes(event.key)) {
      event.preventDefault();
      choose(choices.find((choice) => choice.value === ""), choices[0]);
    }
  }

  // The key of a choice: its own code where the codes are digits, else its place in the list.
  const digitOf = (choice) => one(".p3-digit", choice.parentElement)?.textContent;

  function choose(choice, focus = choice) {
    if (!choice || choice.disabled) return;
    choice.checked = true;
    focus.focus();
    choice.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // A code such as "none" stands alone.
  function standAlone(tick) {
    const codes = tick.closest("[data-alone]")?.dataset.alone.split(" ");
    if (!codes || !tick.checked) return;
    const alone = codes.includes(tick.value);
    inputsNamed(tick.name).forEach((other) => {
      if (other !== tick && (alone || codes.includes(other.value))) other.checked = false;
    });
  }

  form.addEventListener("click", (event) => {
    const accept = event.target.closest("[data-accept]");
    if (accept) takeProposal(accept);
    const add = event.target.closest("[data-add-row]");
    if (add) addAndGo(add.closest("[data-group]"));
    if (event.target.closest("[data-discard]")) { dirty = unsent = false; forgetHere(); }
  });

  function takeProposal(button) {
    const value = answer(button.dataset.accept);
    const name = button.closest("[data-q]").dataset.q;
    if (value === null) return;
    fill(name, [String(value)]);
    inputsNamed(name)[0]?.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Changes -------------------------------------------------------------------------------------
  function noticed(event) {
    const box = event.target.closest("[data-q]");
    if (box && event.type === "change") touched.add(box.dataset.q);
    if (event.target.type === "checkbox") standAlone(event.target);
    if (event.target.type === "checkbox" && event.target.name.endsWith("-remove")) event.target.closest("[data-row]").classList.toggle("is-removed", event.target.checked);
    dirty = unsent = true;
    judge();
    deriveSoon();
  }
  form.addEventListener("input", noticed);
  form.addEventListener("change", noticed);

  // A save that never arrives (no network, session over) must lose nothing: this tab keeps a copy
  // until the page comes back with a newer version, or for good while the network is away.
  form.addEventListener("submit", (event) => {
    dirty = false;
    if (event.submitter?.matches("[data-discard]")) return;
    keepHere(typedNow(), away ? localStorage : sessionStorage);
  });
  window.addEventListener("beforeunload", (event) => {
    if (!dirty) return;
    keepDraft(true);
    event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) keepDraft(true); });
  window.addEventListener("online", () => keepDraft());
  setInterval(() => keepDraft(), DRAFT_EVERY);

  if (one('button[name="_action"]')) putBack();
  judge();
})();
