// Passkeys: starts allauth's own scripts for the one button of the page that needs them, and says when it did not work.
// Without this file, or in a browser without passkeys, the button stays hidden and the page says so.

(() => {
  const place = document.querySelector("[data-app-passkey]");
  if (!place || !window.PublicKeyCredential) {
    return;
  }
  const said = place.querySelector("[data-app-passkey-failed] > span");
  place.hidden = false;
  for (const missing of document.querySelectorAll("[data-app-no-passkey]")) {
    missing.hidden = true;
  }
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    said.hidden = false;
  });
  window.allauth.webauthn.forms[place.dataset.appPasskey]({
    ids: {
      add: "passkey-button",
      authenticate: "passkey-button",
      login: "passkey-button",
      credential: place.dataset.credential,
      data: "passkey-data",
      ...(document.getElementById("id_passwordless") ? { passwordless: "id_passwordless" } : {}),
    },
  });
})();
