// A term (dfn.p3-explained) says what it means on hover, on focus and by touch. Escape takes it away; the pointer may go
// over to it. Without this module the browser shows the title of the term.
const TERM = "dfn.p3-explained";
const TIP = ".p3-tip";
const GAP = 4;

// The words move from the title, which only a mouse shows, to an element that describes the term.
export function describe(term) {
  const means = term.title;
  if (!means) return;
  const page = term.ownerDocument;
  const known = [...page.querySelectorAll(TIP)].find((tip) => tip.textContent === means);
  if (known) term.tabIndex = -1; // the Tab key meets each term once
  term.removeAttribute("title");
  term.setAttribute("aria-describedby", (known ?? addTip(page, means)).id);
}

function addTip(page, means) {
  const tip = page.createElement("div");
  tip.className = "p3-tip";
  tip.id = `p3-tip-${page.querySelectorAll(TIP).length}`;
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  tip.textContent = means;
  (page.querySelector("main") ?? page.body).append(tip);
  return tip;
}

function hideAll(page) {
  const shown = [...page.querySelectorAll(`${TIP}:not([hidden])`)];
  for (const tip of shown) tip.hidden = true;
  return shown.length > 0;
}

function show(term) {
  describe(term);
  const page = term.ownerDocument;
  hideAll(page);
  tipOf(term).hidden = false;
  place(term);
}

const tipOf = (term) => term.ownerDocument.getElementById(term.getAttribute("aria-describedby"));

// Below the term, or above it where the window ends; it moves nothing on the page.
function place(term) {
  const tip = tipOf(term);
  const beside = term.getBoundingClientRect();
  const { clientWidth, clientHeight } = term.ownerDocument.documentElement;
  const { width, height } = tip.getBoundingClientRect();
  const below = beside.bottom + height + GAP <= clientHeight || beside.top < height + GAP;
  tip.style.top = `${below ? beside.bottom : beside.top - height}px`;
  tip.style.left = `${Math.max(GAP, Math.min(beside.left, clientWidth - width - GAP))}px`;
}

export function start(page) {
  let last = null;
  const tell = (term) => {
    last = term;
    show(term);
  };
  for (const term of page.querySelectorAll(TERM)) describe(term);
  for (const coming of ["pointerover", "focusin"]) {
    page.addEventListener(coming, ({ target }) => {
      const term = target.closest?.(TERM);
      if (term) tell(term);
      else if (!target.closest?.(TIP)) hideAll(page);
    });
  }
  page.addEventListener("click", (event) => {
    const term = event.target.closest?.(TERM);
    if (!term) return;
    event.preventDefault(); // inside a label the press would go to its field
    tell(term);
  });
  page.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && hideAll(page)) event.stopPropagation();
  });
  // The Tab key scrolls to what it comes to: what is shown goes along.
  const follow = () => last?.isConnected && !tipOf(last).hidden && place(last);
  page.addEventListener("scroll", follow, { capture: true, passive: true });
}

start(document);
