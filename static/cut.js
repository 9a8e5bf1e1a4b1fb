// A page that asks the server again and again says so when it gets no answer, and since when.

const sign = document.querySelector("[data-cut]"); // pages that ask nothing have none
let since = "";

function cut() {
  if (!sign) {
    return;
  }
  since ||= new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  sign.textContent = `${sign.dataset.cut} ${since}. ${sign.dataset.then}`;
  sign.hidden = false;
}

function back() {
  since = "";
  if (sign) {
    sign.hidden = true;
  }
}

for (const trouble of ["htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(trouble, cut);
}
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  const { status, responseURL } = event.detail.xhr;
  if (status >= 500 || status === 429) {
    cut();
  } else if (document.querySelector("[data-out]")) {
    if (status < 400) {
      location.reload(); // let in again
    }
  } else if (status >= 400 || new URL(responseURL).pathname !== new URL(event.detail.pathInfo.requestPath, location).pathname) {
    location.reload(); // taken out of the room, signed out, or gone: the page itself says so
  } else {
    back();
  }
});
window.addEventListener("offline", cut);
window.addEventListener("online", back);
