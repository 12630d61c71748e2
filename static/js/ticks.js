// A list of many boxes: all of it, or nothing, by one press. The words stand in the page, in the reader's language.
const MANY = 6;

function setAll(list, checked) {
  for (const box of list.querySelectorAll("input[type=checkbox]:not([disabled])")) {
    if (box.checked !== checked) box.click(); // as a person does, so that whoever listens is told
  }
}

export function offerAll(form, words) {
  for (const list of form.querySelectorAll("fieldset")) {
    if (list.querySelectorAll("input[type=checkbox]").length < MANY) continue;
    const offered = words.content.cloneNode(true);
    for (const button of offered.querySelectorAll("button")) {
      button.addEventListener("click", () => setAll(list, button.value === "all"));
    }
    list.querySelector("legend").append(offered);
  }
}

for (const words of globalThis.document?.querySelectorAll("template[data-ticks]") ?? []) {
  offerAll(words.closest("form"), words);
}
