// The screen on the wall: where there are more cards than it can hold, it goes through them by itself, a screen at a time.
// Whoever scrolls it or presses a key has it stand still for a minute. Without this file it scrolls by hand.

const EACH = 10000; // milliseconds on one screen
const STILL = 60000; // after somebody has touched it
const EDGE = 8; // pixels
const SHARE = 0.75; // of a screen: the last card of one is the first of the next
let top = 0;
let until = 0;

const main = () => document.querySelector(".app-wall__main");

// Say which part of how many is seen: nothing where all of it is.
function count() {
  const here = main();
  const more = here.scrollHeight - here.clientHeight;
  const all = more > EDGE ? Math.ceil(more / (here.clientHeight * SHARE)) + 1 : 1;
  const now = here.scrollTop >= more - EDGE ? all : Math.round(here.scrollTop / (here.clientHeight * SHARE)) + 1;
  document.querySelector(".app-wall__part").textContent = all > 1 ? `${now} / ${all}` : "";
}

function turn() {
  const here = main();
  if (Date.now() < until) {
    return;
  }
  const end = here.scrollTop + here.clientHeight >= here.scrollHeight - EDGE;
  here.scrollTop = end ? 0 : here.scrollTop + here.clientHeight * SHARE;
}

for (const deed of ["wheel", "keydown", "pointerdown", "touchstart"]) {
  addEventListener(deed, () => (until = Date.now() + STILL), { passive: true });
}
addEventListener("scroll", (event) => event.target === main() && ((top = event.target.scrollTop), count()), true);
addEventListener("resize", count);
// A new version of the wall is put in place of the old: it stays where it was.
document.addEventListener("htmx:load", () => {
  main().scrollTop = top;
  count();
});
setInterval(turn, EACH);
count();
