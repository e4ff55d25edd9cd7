// Dialogs filled by htmx, menus that close, toasts that go, and things to copy.
const sheet = () => document.getElementById("sheet");

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail ?? {};
  // what is wrong inside a dialog is said inside it
  if (ctx?.response?.status >= 400 && sheet()?.open && tasks[0]) tasks[0].target = sheet().querySelector(".problems");
});

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail?.ctx?.target;
  if (target?.id === "dialog" && !sheet().open) {
    sheet().querySelector(".problems").replaceChildren();
    sheet().showModal();
  } else if (target?.id === "content" && sheet()?.open) sheet().close();
});

// what a dialog showed may be a secret: it is gone when the dialog is
document.addEventListener("close", ({ target }) => target === sheet() && document.getElementById("dialog").replaceChildren(), true);

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const dialog = event.target.closest("[data-close]")?.closest("dialog");
  if (dialog) {
    event.preventDefault();
    dialog.close();
  }
  const copied = event.target.closest("[data-copy]");
  if (copied) navigator.clipboard?.writeText(copied.dataset.copy);
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

const fade = (toast) => setTimeout(() => toast.remove(), 8000);
document.addEventListener("toast", ({ detail }) => {
  const toast = Object.assign(document.createElement("p"), { className: `toast ${detail.tone}`, textContent: detail.says });
  document.getElementById("toasts").append(toast);
  fade(toast);
});
document.querySelectorAll(".toast").forEach(fade);
