// The contact form with a script: the position stays in the browser, and the form is sent once.
(() => {
  "use strict";
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const kilometres = (a, b) => {
    const half =
      Math.sin(radians(b[0] - a[0]) / 2) ** 2 +
      Math.cos(radians(a[0])) * Math.cos(radians(b[0])) * Math.sin(radians(b[1] - a[1]) / 2) ** 2;
    return 12742 * Math.asin(Math.sqrt(half));
  };

  const form = document.querySelector("form[data-once]");
  form?.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    if (form) delete form.dataset.sent;
  });
  document.getElementById("errors")?.focus();

  const button = document.querySelector("[data-here]");
  if (!button || !navigator.geolocation) return;
  button.parentElement.hidden = false;
  const said = document.querySelector("[data-here-said]");
  const list = document.querySelector(".pub-choices");

  const order = (here) => {
    const away = (item) => {
      const at = item.dataset.position.split(",").map(Number);
      return at.length === 2 ? kilometres(here, at) : Infinity;
    };
    const items = [...list.children].map((item) => [away(item), item]).sort((a, b) => a[0] - b[0]);
    for (const [distance, item] of items) {
      const words = button.dataset.words.replace("{km}", Math.round(distance));
      item.querySelector("[data-distance]").textContent = Number.isFinite(distance) ? ` · ${words}` : "";
      list.append(item);
    }
    items[0][1].querySelector("input").checked = true;
    said.textContent = button.dataset.found;
  };

  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      (found) => order([found.coords.latitude, found.coords.longitude]),
      () => {
        said.textContent = button.dataset.denied;
      },
      { maximumAge: 600000, timeout: 15000 },
    );
  });
})();
