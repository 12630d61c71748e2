// Codes that are answers only where their condition holds: the others are not offered. One that is chosen stays seen.
import { lookFrom } from "./answers.js";
import { holds } from "./conditions.js";
import { all } from "./page.js";

export function offer(page) {
  all("[data-offered]", page.form).forEach((question) => {
    const look = lookFrom(page, question);
    Object.entries(JSON.parse(question.dataset.offered)).forEach(([code, condition]) => {
      const isOffered = holds(condition, look);
      all(`[value="${CSS.escape(code)}"]`, question).forEach((choice) => {
        const isChosen = choice.checked || choice.selected;
        const place = choice.closest(".form-check") || choice;
        place.hidden = !isOffered && !isChosen;
        if (choice.tagName === "OPTION") choice.disabled = place.hidden;
      });
    });
  });
}
