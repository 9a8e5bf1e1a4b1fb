// Keys for the page on which many activities are placed. They act only while the focus is in the list, can be switched
// off, and everything they do can be done without them. Without this file the page works by Tab, Space and Enter.

const list = document.getElementById("rows");
const ask = document.querySelector("[data-app-ask]");

if (list) {
  const rows = [...list.querySelectorAll("[data-app-row]")];
  const words = list.dataset;
  const spoken = list.querySelector("[data-app-said]");
  const count = list.querySelector("[data-app-count]");
  const all = list.querySelector("[data-app-all]");
  const box = document.querySelector("[data-app-keys]");
  const keysSwitch = document.querySelector("[data-app-keys-switch]");
  const keysList = document.getElementById("keys");

  const tickOf = (row) => row.querySelector("[data-app-tick]");
  const radioOf = (row) => row.querySelector("input[type=radio]:checked");
  const placeWords = (row) => radioOf(row).nextElementSibling.textContent;
  const say = (text) => { spoken.textContent = text; };

  let keysOn = localStorage.getItem("app-confirm-keys") !== "off";
  const showSwitch = () => {
    keysSwitch.setAttribute("aria-pressed", String(keysOn));
    document.body.classList.toggle("app-keys-off", !keysOn);
    keysSwitch.textContent = keysOn ? keysSwitch.dataset.on : keysSwitch.dataset.off;
  };
  keysSwitch.addEventListener("click", () => {
    keysOn = !keysOn;
    localStorage.setItem("app-confirm-keys", keysOn ? "on" : "off");
    showSwitch();
  });
  box.hidden = false;
  document.body.classList.add("app-has-keys");
  showSwitch();

  const tell = () => {
    const number = rows.filter((row) => tickOf(row).checked).length;
    count.textContent = (number === 0 ? words.none : number === 1 ? words.one : words.many).replace("{n}", number);
    rows.forEach((row) => row.classList.toggle("is-ticked", tickOf(row).checked));
  };

  const sayRow = (row) => {
    const ticked = tickOf(row).checked && radioOf(row);
    say((ticked ? words.ticked.replace("{place}", placeWords(row)) : words.unticked).replace("{title}", row.dataset.title));
  };

  // The ways that would be kept: those ticked, when one of them is of the chosen place.
  const sayWays = (row) => {
    const place = radioOf(row)?.value;
    const ticked = [...row.querySelectorAll("[data-app-ways] input:checked")];
    const kept = ticked.some((way) => way.closest("[data-place]").dataset.place === place) ? ticked : [];
    row.querySelector("[data-app-ways-said]").textContent =
      kept.map((way) => way.nextElementSibling.textContent).join(", ") || words.noWay;
  };

  // The ways of the chosen place stand first.
  const orderWays = (row) => {
    const own = row.querySelector(`[data-place="${radioOf(row)?.value}"]`);
    if (own) {
      own.parentElement.prepend(own);
    }
    sayWays(row);
  };

  const goTo = (row) => {
    if (row) {
      tickOf(row).focus();
      row.scrollIntoView({ block: "nearest" });
    }
  };

  const next = (row, step) => goTo(rows[rows.indexOf(row) + step]);

  const choose = (row, digit) => {
    const radio = row.querySelector(`[data-digit="${digit}"]`);
    radio.checked = true;
    tickOf(row).checked = true;
    orderWays(row);
    tell();
    sayRow(row);
  };

  const tick = (row) => {
    if (!radioOf(row)) {
      say(words.choose);
      return;
    }
    tickOf(row).checked = true; // the space bar unticks: whoever chose a place by number and goes on by x keeps it
    tell();
    sayRow(row);
    next(row, 1);
  };

  const tickAll = () => {
    const able = rows.filter(radioOf);
    const on = !able.every((row) => tickOf(row).checked);
    able.forEach((row) => { tickOf(row).checked = on; });
    tell();
    say(count.textContent);
  };

  const ways = (row) => {
    const fold = row.querySelector("[data-app-ways]");
    fold.open = !fold.open;
    if (fold.open) {
      fold.querySelector("input").focus();
    } else {
      tickOf(row).focus();
    }
  };

  const undo = () => {
    const button = document.querySelector("[data-app-undo]");
    if (button) {
      button.click();
    } else {
      say(words.nothingToUndo);
    }
  };

  const keys = {
    j: (row) => next(row, 1),
    k: (row) => next(row, -1),
    x: tick,
    w: ways,
    a: tickAll,
    u: undo,
    "?": () => { keysList.open = !keysList.open; keysList.scrollIntoView({ block: "nearest" }); },
  };

  list.addEventListener("keydown", (event) => {
    const row = event.target.closest("[data-app-row]");
    if (!row || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
      return;
    }
    const atTick = event.target === tickOf(row);
    const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (atTick && arrow) {
      event.preventDefault();
      next(row, arrow);
    } else if (event.key === "Escape") {
      row.querySelector("[data-app-ways]").open = false;
      tickOf(row).focus();
    } else if (keysOn && /^[0-5]$/.test(event.key)) {
      event.preventDefault();
      choose(row, event.key);
    } else if (keysOn && Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key](row);
    }
  });

  list.addEventListener("change", (event) => {
    const row = event.target.closest("[data-app-row]");
    if (!row) {
      return;
    }
    if (event.target.type === "radio") {
      tickOf(row).checked = true;
      orderWays(row);
    } else {
      sayWays(row);
    }
    tell();
    if (event.target.type === "radio" || event.target === tickOf(row)) {
      sayRow(row);
    }
  });

  all.setAttribute("role", "button");
  all.addEventListener("click", (event) => { event.preventDefault(); tickAll(); });
  all.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      tickAll();
    }
  });

  // Enter held down must not send the page and then the next one.
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.repeat) {
      event.preventDefault();
    }
  });

  rows.forEach(orderWays);
  tell();
  // Going to "#rows" or "#done" takes the focus from wherever it is, so the first row gets it when that is over.
  const start = () => setTimeout(() => {
    const first = rows.find((row) => !tickOf(row).checked) || rows[0];
    if (location.hash === "#done") {  // what was done stays in sight
      tickOf(first).focus({ preventScroll: true });
      document.getElementById("done").scrollIntoView();
    } else {
      goTo(first);
    }
    const done = document.querySelector("[data-app-done]");
    if (done) {
      say(done.textContent);
    }
  }, 100);
  if (["#rows", "#done"].includes(location.hash) && rows.length) {
    if (document.readyState === "complete") {
      start();
    } else {
      window.addEventListener("load", start);
    }
  }
}

if (ask) {
  const first = ask.querySelector("input[type=radio]:checked, input[type=radio], input[type=text]");
  (first || ask.querySelector("button")).focus();
  ask.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.repeat) {
      event.preventDefault();
    }
  });
}
