// Phones in a room: what is tapped is kept on the phone until the server has it, and sent once when the network is back.
// Every page works without this file: a form then is sent as forms are, and a link refreshes the page.

const WAITING = `room-waiting:${location.pathname}`;
const RETRY = 3000; // milliseconds
const waiting = () => JSON.parse(localStorage.getItem(WAITING) || "[]");
const keep = (list) => (list.length ? localStorage.setItem(WAITING, JSON.stringify(list)) : localStorage.removeItem(WAITING));

// Say how far a deed is, in the words that the page brought ("sending", "waiting").
function say(how) {
  const state = document.querySelector("[data-room-state]");
  if (state) {
    state.textContent = state.dataset[how];
    state.classList.toggle("is-waiting", how === "waiting");
  }
}

// randomUUID is there over https only; a hall may have none.
const newKey = () => {
  const signs = crypto.getRandomValues(new Uint8Array(16));
  signs[6] = (signs[6] & 15) | 64;
  signs[8] = (signs[8] & 63) | 128;
  const hex = [...signs].map((each) => each.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
const ownCard = () => document.getElementById("own-card");
const stepOf = (mine) => mine?.dataset.step || "";

// What came too late or was refused stands above what there is to do, until the person does the next thing: the room may
// move on in the same second.
let notices = [];

function notice(mine) {
  mine.querySelectorAll("[data-notice]").forEach((each) => each.remove());
  if (!notices.length) {
    return;
  }
  const box = document.createElement("div");
  box.className = "app-note app-note--warning";
  box.dataset.notice = "";
  box.setAttribute("role", "alert");
  for (const words of notices) {
    const line = document.createElement("p");
    line.textContent = words;
    box.append(line);
  }
  mine.querySelector("h1")?.after(box);
}

// Where the keyboard is within what there is to do: on which button of which card, or in the box of one's own card.
function focusOf(element) {
  const card = element?.closest("li[id]");
  if (card) {
    return { id: card.id, button: [...card.querySelectorAll("button")].indexOf(element) };
  }
  return element?.id ? { id: element.id, button: -1 } : null;
}

// A new part stands in place of the old. Whoever was using it by keyboard goes on where they were; at a new step that is
// its heading. What somebody is writing stays; at a step where there is nothing to write it is shown again.
let before = null;

function leave(old) {
  const inside = old.contains(document.activeElement);
  before = {
    step: stepOf(old), inside, focus: inside ? focusOf(document.activeElement) : null,
    words: ownCard()?.value || "", at: ownCard()?.selectionEnd,
  };
}

function arrive(mine, focused = before?.focus) {
  if (!before) {
    return;
  }
  const { step, inside, words, at } = before;
  before = null;
  const moved = step !== stepOf(mine);
  const heading = mine.querySelector("h1");
  const box = ownCard();
  if (words.trim() && box) {
    box.value = box.value && box.value !== words ? `${box.value} ${words}` : words;
    box.setSelectionRange(at, at);
  } else if (words.trim()) {
    notices.push(`${document.querySelector("[data-room-news]")?.dataset.unsent || ""} “${words.trim()}”`);
  }
  notice(mine);
  if (moved) {
    const news = document.querySelector("[data-room-news]");
    if (news) {
      news.textContent = `${mine.querySelector(".nhsuk-caption-l")?.textContent || ""}. ${heading?.textContent || ""}`;
    }
  }
  if (moved && inside) {
    heading?.focus();
    return;
  }
  const card = focused && document.getElementById(focused.id);
  const same = card?.querySelectorAll("button")[focused.button];
  const next = same && !same.disabled && !card.querySelector("summary") ? same : card?.querySelector("summary") || card;
  next?.focus({ preventScroll: true });
}

// When it is over what came out stands here once, and not the room's board beneath it.
function tidy() {
  if (document.querySelector("#mine[data-over]")) {
    document.querySelectorAll("#board, .app-room-who").forEach((each) => each.remove());
  }
}

function show(html, focused) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("mine");
  const old = document.getElementById("mine");
  if (!fresh || !old) {
    return;
  }
  for (const alert of fresh.querySelectorAll("[role=alert].app-note")) {
    alert.remove(); // said by notice()
  }
  leave(old);
  old.replaceWith(fresh);
  window.htmx.process(fresh);
  arrive(fresh, focused);
  tidy();
}

// What a page refused or found too late, as it says it. Where more waits to be sent, the form with its question does not
// come to be seen: then the words that were refused are said too.
function refusals(html, item) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const said = [...page.querySelectorAll("[role=alert].app-note p")].map((each) => each.textContent.trim());
  if (waiting().length) {
    const words = new URLSearchParams(item.body).get("text");
    const why = [...page.querySelectorAll(".nhsuk-error-summary li")].map((each) => each.textContent.trim());
    said.push(...why.map((each) => (words ? `${each} – “${words}”` : each)));
  }
  return said;
}

let busy = false;

// Send what waits, first in first out. Each can come twice without harm: a card has its own key, and where a card is put,
// or how many votes it has, is set and not added to.
async function send() {
  if (busy) {
    return;
  }
  busy = true;
  try {
    for (let list = waiting(); list.length; list = waiting()) {
      const [first] = list;
      let answer;
      try {
        answer = await fetch(first.address, {
          method: "POST",
          headers: { "HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded" },
          body: first.body,
          credentials: "same-origin",
          signal: AbortSignal.timeout(15000),
        });
      } catch {
        say("waiting");
        return;
      }
      if (answer.status >= 500 || answer.status === 429) {
        say("waiting");
        return;
      }
      keep(waiting().slice(1));
      if (answer.redirected || answer.status === 403 || answer.status === 404) {
        location.reload();
        return;
      }
      const html = await answer.text();
      notices.push(...refusals(html, first));
      if (!waiting().length) {
        show(html, first.focus); // while more waits, the page stands as the person left it
      }
    }
  } finally {
    busy = false;
  }
}

// What somebody did shows at once, as the server will show it: so that the next tap starts from there, network or none.
function voted(form, number) {
  const [minus, plus] = form.querySelectorAll("button");
  const count = form.querySelector("[data-one]");
  const left = document.querySelector("[data-votes-left]");
  const rest = Number(left.textContent) + Number.parseInt(count.textContent, 10) - number;
  count.textContent = `${number} ${number === 1 ? count.dataset.one : count.dataset.many}`;
  left.textContent = rest;
  minus.value = Math.max(number - 1, 0);
  minus.disabled = number === 0;
  plus.value = number + 1;
  for (const each of document.querySelectorAll("[data-room-deed=vote]")) {
    each.querySelectorAll("button")[1].disabled = rest <= 0;
  }
}

function placed(form, chosen) {
  for (const button of form.querySelectorAll("[aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button === chosen));
  }
  const card = form.closest("details");
  card.querySelector(".app-room-card__state").textContent = `✓ ${chosen.textContent}`;
  const open = [...document.querySelectorAll(".app-room-card:not(.is-done)")].find((each) => each !== card);
  if (!card.classList.contains("is-done") && open) {
    card.open = false;
    open.open = true;
    open.querySelector("summary").focus({ preventScroll: true });
  }
  card.classList.remove(...[...card.classList].filter((each) => each.startsWith("app-place--")));
  card.classList.add("is-done", `app-place--${chosen.value}`);
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-room-deed]");
  if (!form) {
    return;
  }
  event.preventDefault();
  const data = new FormData(form, event.submitter);
  const item = { address: form.action, body: new URLSearchParams(data).toString(), focus: focusOf(event.submitter.closest("li[id]") ? event.submitter : ownCard()) };
  // where one card is put twice before the first has left, only the last counts
  const others = waiting().filter((each, at) => (busy && at === 0) || each.address !== item.address || form.dataset.roomDeed === "card");
  keep([...others, item]);
  notices = [];
  document.querySelectorAll("[data-notice]").forEach((each) => each.remove());
  say("sending");
  if (form.dataset.roomDeed === "card") {
    form.reset(); // it is on its way: pressed again, it would be another card
    form.querySelector("[name=request_key]").value = newKey();
    form.querySelector("textarea").value = "";
  } else if (form.dataset.roomDeed === "vote") {
    voted(form, Number(event.submitter.value));
  } else if (form.dataset.roomDeed === "place") {
    placed(form, event.submitter);
  } else {
    form.closest("li").hidden = true;
  }
  send();
});

window.addEventListener("online", send);
setInterval(() => waiting().length && send(), RETRY);
send();

// The room has moved on, or the facilitator has changed something: the page has asked for its part itself.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "mine" && event.detail.shouldSwap) {
    leave(event.detail.target);
  }
});
document.body.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id === "mine") {
    arrive(event.detail.elt);
    tidy();
  }
});

// The facilitator's clock: it signals, and locks nothing.
function tick() {
  for (const clock of document.querySelectorAll("[data-room-until]")) {
    const left = Math.round((new Date(clock.dataset.roomUntil) - Date.now()) / 1000);
    const [minutes, seconds] = [Math.floor(Math.abs(left) / 60), Math.abs(left) % 60];
    const time = `${minutes}:${String(seconds).padStart(2, "0")}`;
    clock.textContent = `${time} ${left >= 0 ? clock.dataset.left : clock.dataset.over}`;
    clock.classList.toggle("is-over", left < 0);
  }
}
setInterval(tick, 1000);
tick();
