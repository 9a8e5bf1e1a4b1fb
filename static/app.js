// Starts the NHS components (menu, error summary, radios that open further questions), and again in what htmx brings.
// Every page works without this file.

const source = document.getElementById("app-script").dataset.nhsuk;
const { initAll } = await import(source);

// The components look for this word before they change anything; without them the page keeps its plain form.
document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();

document.body.addEventListener("htmx:load", (event) => {
  const arrived = event.detail.elt;
  if (arrived !== document.body) {
    initAll({ scope: arrived });
  }
});

// A form whose answer takes a while says so, and is not sent twice.
document.addEventListener("submit", (event) => {
  const words = event.target.dataset.appWorking;
  if (!words || event.submitter?.name === "mend") {
    return;
  }
  if (event.target.dataset.appSent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.appSent = "yes";
  event.target.querySelector("[data-app-working-words]").textContent = words;
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-app-sent]")) {
    delete form.dataset.appSent;
    form.querySelector("[data-app-working-words]").textContent = "";
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-app-print]")) {
    window.print();
  }
});
