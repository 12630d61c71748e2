// General behaviour of every page: menu, focus, double clicks, confirmations, and the session
// that warns before it ends and lets the same person in again without leaving the page.
import { asDay, asInstant, asPartialDay } from "./reading.js";

(() => {
  const first = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const tokenMeta = () => first('meta[name="csrf-token"]');

  function announce(text) {
    first("#p3-announce").textContent = text;
  }

  function send(address, { method = "GET", body = null, background = false } = {}) {
    const headers = { "X-Requested-With": "fetch", "X-CSRFToken": tokenMeta().content };
    if (background) headers["X-Background"] = "1";
    return fetch(address, { method, body, headers, credentials: "same-origin" });
  }

  function useToken(token) {
    tokenMeta().content = token;
    all('input[name="csrfmiddlewaretoken"]').forEach((input) => {
      input.value = token;
    });
  }

  // Menu ------------------------------------------------------------------------------------
  const menuButton = first("[data-menu-button]");
  if (menuButton) {
    const menu = first("#p3-menu");
    const open = (yes) => {
      menu.classList.toggle("is-open", yes);
      menuButton.setAttribute("aria-expanded", String(yes));
    };
    menuButton.addEventListener("click", () => open(!menu.classList.contains("is-open")));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.classList.contains("is-open")) {
        open(false);
        menuButton.focus();
      }
    });
  }

  // A long menu shows where one is: it is moved alone, never the page.
  const side = first(".p3-side");
  const current = first(".p3-nav [aria-current]");
  if (side && current) {
    side.scrollTop = Math.max(0, current.offsetTop + current.offsetHeight - side.clientHeight / 2);
  }

  // Focus, search key, printing ---------------------------------------------------------------
  first("[data-focus]")?.focus();
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    const search = first("[data-search]");
    if (event.key === "/" && !typing && search) {
      event.preventDefault();
      search.focus();
    }
  });
  // The foot of each printed page: which page of the program, when and by whom (the numbers are those of the style sheet).
  function signFoot() {
    const { prints, zone } = document.body.dataset;
    if (!prints) return;
    const written = { timeZone: zone, dateStyle: "short", timeStyle: "short" };
    const at = new Intl.DateTimeFormat("sv-SE", written).format(new Date());
    const parts = new Intl.DateTimeFormat("en", {
      timeZone: zone,
      timeZoneName: "shortOffset",
    }).formatToParts();
    const offset = parts.find((part) => part.type === "timeZoneName").value.replace("GMT", "UTC");
    const foot = `${document.title} · ${at} ${offset} · ${prints}`;
    document.documentElement.style.setProperty("--p3-foot", JSON.stringify(foot));
  }
  signFoot();
  window.addEventListener("beforeprint", signFoot);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
    if (event.target.closest("[data-back]")) window.history.back();
  });
  document.addEventListener("click", (event) => {
    const filling = event.target.closest("[data-fill-username]");
    if (!filling) return;
    first("[name=username]").value = filling.dataset.fillUsername;
    first("[name=code]").value = filling.dataset.fillCode;
    first("[name=password]").focus();
  });
  all("select[data-submit-on-change]").forEach((select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
  });

  // Days ------------------------------------------------------------------------------------
  // What was typed as a day becomes what is understood, 2026-11-23, when the field is left.
  document.addEventListener("change", (event) => {
    const field = event.target;
    const read = { full: asDay, partial: asPartialDay, instant: asInstant }[field.dataset.day];
    const understood = read?.(field.value, field.form?.dataset.today);
    if (!understood || understood === field.value) return;
    field.value = understood;
    announce(understood);
  });

  // The calendar of the browser opens at the sign in the field, and by Alt and the down arrow.
  const calendar = Object.assign(document.createElement("input"), { type: "date", tabIndex: -1 });
  calendar.className = "p3-calendar";
  calendar.setAttribute("aria-hidden", "true");
  let dated = null;
  // The time of a moment stays when the calendar gives its day.
  function partsOf(field) {
    if (field.dataset.day !== "instant") return { day: field.value, clock: "" };
    const [day, ...clock] = field.value.trim().split(/[\sT]+/);
    return { day, clock: ` ${clock.join(" ")}` };
  }
  function openCalendar(field) {
    if (field.disabled || field.readOnly || !calendar.showPicker) return;
    dated = field;
    field.after(calendar);
    calendar.value = asDay(partsOf(field).day) ?? "";
    calendar.showPicker();
  }
  calendar.addEventListener("change", (event) => {
    event.stopPropagation();
    if (!dated || !calendar.value) return;
    dated.value = calendar.value + partsOf(dated).clock;
    for (const kind of ["input", "change"]) dated.dispatchEvent(new Event(kind, { bubbles: true }));
    dated.focus();
    calendar.remove();
  });
  calendar.addEventListener("input", (event) => event.stopPropagation());
  document.addEventListener("click", (event) => {
    const field = event.target.closest("input[data-day]");
    if (field && event.offsetX > field.clientWidth - 32) openCalendar(field);
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey && event.key === "ArrowDown" && event.target.matches("input[data-day]")) {
      event.preventDefault();
      openCalendar(event.target);
    }
  });

  // A table that fits its panel needs no scrolling: its head then stays in sight, and Tab skips it.
  const fitting = new ResizeObserver((entries) =>
    entries.forEach(({ target: box }) => {
      box.classList.remove("fits");
      const fits = box.scrollWidth <= box.clientWidth;
      box.classList.toggle("fits", fits);
      if (fits) box.removeAttribute("tabindex");
      else box.tabIndex = 0;
    }),
  );
  for (const box of all(".p3-scroll:not(.p3-tall)")) fitting.observe(box);

  // Confirmations and double clicks -----------------------------------------------------------
  const confirmDialog = first("#p3-confirm");
  function ask(text) {
    first("#p3-confirm-text").textContent = text;
    confirmDialog.showModal();
    return new Promise((resolve) => {
      const answer = (yes) => () => {
        confirmDialog.close();
        resolve(yes);
      };
      first("[data-yes]", confirmDialog).onclick = answer(true);
      first("[data-no]", confirmDialog).onclick = answer(false);
      confirmDialog.oncancel = () => resolve(false);
    });
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    const text = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (text && !form.dataset.confirmed) confirmFirst(event, text);
    else if (!event.defaultPrevented) sendOnce(form, event.submitter);
  });

  async function confirmFirst(event, text) {
    const { target: form, submitter } = event;
    event.preventDefault();
    if (!(await ask(text))) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
  }

  function sendOnce(form, submitter) {
    if (form.hasAttribute("hx-post") || (form.method || "get") !== "post") return;
    // What opens in a tab of its own (a preview) leaves this page, and its form, as they are.
    if (submitter?.formTarget === "_blank") return;
    form.dataset.sent = "yes";
    setTimeout(() => {
      for (const button of all("button[type=submit]", form)) button.disabled = true;
    });
  }

  // Back from another page, the form may be sent again.
  window.addEventListener("pageshow", () => {
    all("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      delete form.dataset.confirmed;
      all("button[type=submit]", form).forEach((button) => {
        button.disabled = false;
      });
    });
  });

  // What was sent from here and may be stored stays in no tab; answers that no server has seen wait for their owner.
  document.addEventListener("submit", ({ target }) => {
    if (target.matches("[data-sign-out]")) sessionStorage.clear();
  });

  // Session -------------------------------------------------------------------------------------
  const dialog = first("#p3-session");
  const WARN_SECONDS = 120;
  let endsAt = dialog ? Date.now() + Number(dialog.dataset.idle) * 60000 : 0;
  let typedSince = false;
  let renewedAt = Date.now();
  let waiting = null;

  const secondsLeft = () => Math.max(0, Math.round((endsAt - Date.now()) / 1000));
  const isExpired = () => !first("[data-signed-out]", dialog).hidden;

  async function askStatus(method = "GET") {
    const response = await send(dialog.dataset.status, { method, background: method === "GET" });
    const left = response.ok ? (await response.json()).seconds : 0;
    endsAt = Date.now() + left * 1000;
    return left;
  }

  function showWarning() {
    if (!dialog.open) dialog.showModal();
    const left = secondsLeft();
    first("[data-left]", dialog).textContent =
      `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }

  function showSignIn() {
    first("[data-warning]", dialog).hidden = true;
    first("[data-signed-out]", dialog).hidden = false;
    if (!dialog.open) dialog.showModal();
    first("[name=password]", dialog).focus();
  }

  function backToWork() {
    first("[data-warning]", dialog).hidden = false;
    first("[data-signed-out]", dialog).hidden = true;
    first("[data-signed-out]", dialog).reset();
    dialog.close();
    if (waiting) waiting.resolve();
    waiting = null;
    document.dispatchEvent(new CustomEvent("palace3:signed-in"));
  }

  function signInAgain() {
    if (!dialog) {
      window.location.reload();
      return new Promise(() => {});
    }
    if (!waiting) {
      waiting = {};
      waiting.promise = new Promise((resolve) => {
        waiting.resolve = resolve;
      });
    }
    showSignIn();
    return waiting.promise;
  }

  async function sendSignIn(event) {
    event.preventDefault();
    const form = event.target;
    const response = await send(dialog.dataset.again, { method: "POST", body: new FormData(form) });
    const answer = await response.json();
    if (answer.csrf) useToken(answer.csrf);
    const refused = first("[data-refused]", form);
    refused.hidden = response.ok;
    if (!response.ok) {
      refused.textContent = answer.message;
      first("[name=password]", form).select();
      return;
    }
    endsAt = Date.now() + answer.seconds * 1000;
    backToWork();
  }

  async function watch() {
    if (isExpired()) return;
    await renewWhileTyping();
    if (secondsLeft() > WARN_SECONDS) closeWarning();
    else if (secondsLeft() === 0 || !dialog.open) await askWhetherEnded();
    else showWarning();
  }

  function closeWarning() {
    if (dialog.open) backToWork();
  }

  async function renewWhileTyping() {
    if (!typedSince || Date.now() - renewedAt <= 60000) return;
    typedSince = false;
    renewedAt = Date.now();
    await askStatus("POST");
  }

  // Another window may have kept the session alive: the server knows.
  async function askWhetherEnded() {
    const left = await askStatus();
    if (left === 0) showSignIn();
    else if (left <= WARN_SECONDS) showWarning();
  }

  if (dialog) {
    document.addEventListener("input", () => {
      typedSince = true;
    });
    first("[data-stay]", dialog).addEventListener("click", async () => {
      if ((await askStatus("POST")) > 0) backToWork();
      else showSignIn();
    });
    first("[data-signed-out]", dialog).addEventListener("submit", sendSignIn);
    dialog.addEventListener("cancel", (event) => {
      if (isExpired()) event.preventDefault();
    });
    // While the network is away the next look tries again.
    setInterval(() => watch().catch(() => {}), 1000);
  }

  // A page that comes back from the browser's memory may be old, and its reader signed out: it stays unseen and is
  // asked for anew. While the network is away, it is shown as it was left.
  if (dialog) {
    const { style } = document.documentElement;
    window.addEventListener("pagehide", ({ persisted }) => {
      if (persisted) style.visibility = "hidden";
    });
    window.addEventListener("pageshow", async ({ persisted }) => {
      if (!persisted) return;
      document.dispatchEvent(new CustomEvent("palace3:stale"));
      try {
        await askStatus();
        window.location.reload();
      } catch {
        style.visibility = "";
      }
    });
  }

  // htmx ----------------------------------------------------------------------------------------
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = tokenMeta().content;
  });
  document.addEventListener("htmx:responseError", async (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr.status === 401) {
      await signInAgain();
      window.htmx.trigger(requestConfig.elt, requestConfig.triggeringEvent?.type || "change");
    } else {
      announce(xhr.responseText.slice(0, 300));
    }
  });

  window.palace3 = { signInAgain, announce, send, ask };
})();
