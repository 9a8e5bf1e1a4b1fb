// The screen on the wall: where there are more cards than it can hold, it goes through them by itself, a screen at a time.
// Arrows, the space bar and a presenter's buttons turn it by hand; it then stands still for a minute. No card is shown
// cut: what does not fit comes on the next screen. Without this file it scrolls by hand.

const EACH = 10000; // milliseconds on one screen
const STILL = 60000; // after somebody has turned it
const EDGE = 4; // pixels
const ON = ["PageDown", "ArrowDown", "ArrowRight", " ", "Enter"];
const BACK = ["PageUp", "ArrowUp", "ArrowLeft", "Backspace"];
let screen = 0;
let until = 0;

const main = () => document.querySelector(".app-wall__main");

// Where each card begins and ends, in pixels from the top of all, as it lies now.
function cards(here) {
  const zero = here.getBoundingClientRect().top - here.scrollTop;
  return [...here.querySelectorAll("li")].map((card) => {
    const { top, bottom } = card.getBoundingClientRect();
    return { card, top: top - zero, bottom: bottom - zero };
  });
}

// The tops of the screens: each begins with the first card that was cut on the one before, below the places' names.
function screens(here, laid, head) {
  const tops = [0];
  const end = here.scrollHeight - here.clientHeight;
  while (tops.at(-1) < end - EDGE) {
    const now = tops.at(-1);
    const cut = laid.filter((each) => each.bottom > now + here.clientHeight + EDGE && each.top > now + head + EDGE);
    const next = Math.min(...cut.map((each) => each.top)) - head - EDGE;
    if (!cut.length) {
      break;
    }
    tops.push(Math.min(end, next > now + EDGE ? next : now + here.clientHeight / 2));
  }
  return tops;
}

function show() {
  const here = main();
  if (getComputedStyle(here).overflowY !== "auto") {
    return; // a small window scrolls as a whole
  }
  const laid = cards(here);
  const head = Math.max(0, ...[...here.querySelectorAll(".app-wall__place > h2")].map((name) => name.offsetHeight));
  const tops = screens(here, laid, head);
  screen = Math.min(screen, tops.length - 1);
  here.scrollTop = tops[screen];
  const from = tops[screen] + (screen ? head : 0) - EDGE;
  const to = tops[screen] + here.clientHeight + EDGE;
  for (const { card, top, bottom } of laid) {
    const fits = bottom - top < here.clientHeight - head;
    const seen = screen > 0 && bottom <= tops[screen - 1] + here.clientHeight + EDGE; // it was whole on the one before
    card.classList.toggle("is-elsewhere", fits && (top < from || bottom > to || seen));
  }
  for (const place of here.querySelectorAll(".app-wall__place")) {
    place.classList.toggle("is-elsewhere", (screen > 0 || place.querySelector("li") !== null) && !place.querySelector("li:not(.is-elsewhere)"));
  }
  document.querySelector(".app-wall__part").textContent = tops.length > 1 ? `${screen + 1} / ${tops.length}` : "";
  return tops.length;
}

function turn(by) {
  const all = show() || 1;
  screen = (screen + by + all) % all;
  show();
}

addEventListener("keydown", (event) => {
  const by = Number(ON.includes(event.key)) - Number(BACK.includes(event.key));
  if (by) {
    event.preventDefault();
    until = Date.now() + STILL;
    turn(by);
  }
});
for (const deed of ["wheel", "pointerdown", "touchstart"]) {
  addEventListener(deed, () => (until = Date.now() + STILL), { passive: true });
}
addEventListener("resize", show);
// A new version of the wall is put in place of the old: it stays at its screen; at a new step it begins with the first.
let step = main().dataset.step;
document.addEventListener("htmx:load", () => {
  if (main().dataset.step !== step) {
    step = main().dataset.step;
    screen = 0;
  }
  show();
});
setInterval(() => Date.now() >= until && turn(1), EACH);
show();
