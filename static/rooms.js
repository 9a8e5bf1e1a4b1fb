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

// What there is to do on this phone, put in place of the old; what somebody is writing, and where they are, stays.
function show(html, focused) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("mine");
  const old = document.getElementById("mine");
  if (!fresh || !old) {
    return;
  }
  old.replaceWith(fresh);
  window.htmx.process(fresh);
  const at = focused && document.getElementById(focused.id);
  const same = at?.querySelectorAll("button")[focused.button];
  const next = same && !same.disabled && !at.querySelector("summary") ? same : at?.querySelector("summary") || at;
  next?.focus({ preventScroll: true });
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

// Where the keyboard was: on which button of which card, or in the box of one's own card.
function focusOf(form, button) {
  const card = form.closest("li");
  return card ? { id: card.id, button: [...card.querySelectorAll("button")].indexOf(button) } : { id: "own-card", button: -1 };
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-room-deed]");
  if (!form) {
    return;
  }
  event.preventDefault();
  const data = new FormData(form, event.submitter);
  const item = { address: form.action, body: new URLSearchParams(data).toString(), focus: focusOf(form, event.submitter) };
  // where one card is put twice before the first has left, only the last counts
  const others = waiting().filter((each, at) => (busy && at === 0) || each.address !== item.address || form.dataset.roomDeed === "card");
  keep([...others, item]);
  say("sending");
  if (form.dataset.roomDeed === "card") {
    form.reset(); // it is on its way: pressed again, it would be another card
    form.querySelector("[name=request_key]").value = crypto.randomUUID();
    form.querySelector("textarea").value = "";
  } else if (form.dataset.roomDeed === "vote") {
    voted(form, Number(event.submitter.value));
  } else {
    placed(form, event.submitter);
  }
  send();
});

window.addEventListener("online", send);
setInterval(() => waiting().length && send(), RETRY);
send();

// The room has moved on while somebody was writing: their words are shown again above what there is to do now.
let unsent = "";
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "mine") {
    unsent = document.getElementById("own-card")?.value.trim() || "";
  }
});
document.body.addEventListener("htmx:load", (event) => {
  const mine = event.detail.elt;
  if (mine.id !== "mine" || !unsent) {
    return;
  }
  const box = document.getElementById("own-card");
  if (box) {
    box.value = unsent;
  } else {
    const note = document.createElement("p");
    note.className = "app-note app-note--warning";
    const state = mine.querySelector("[data-room-state]");
    note.textContent = `${state.dataset.unsent} “${unsent}”`;
    state.after(note);
  }
  unsent = "";
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
