// The bench: number keys tick points (0 ticks all), a photo is looked at before it is kept, and a Wi-Fi
// password is typed once: the page keeps it in memory until it is left.
let pause = 0;
const kept = new Map();

document.addEventListener("input", ({ target }) => {
  clearTimeout(pause);
  if (!target.matches?.(".sink") || !document.querySelector("[data-point]")) return;
  const keys = target.value.normalize("NFKC");
  if (!/^\d{1,4}$/.test(keys)) return;
  // a scan goes on at once; a person who ticked waits
  pause = setTimeout(() => {
    if (target.value.normalize("NFKC") !== keys) return;
    target.value = "";
    target.closest("kitto-scan")?.wedge.clear();
    for (const key of keys) {
      const boxes = document.querySelectorAll(key === "0" ? "[data-point]:not(:checked)" : `[data-point="${key}"]`);
      for (const box of boxes) box.click();
    }
  }, 300);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-scan]");
  const scanner = document.querySelector("kitto-scan");
  if (!button || !scanner) return;
  event.preventDefault();
  scanner.scan(button.dataset.scan);
});

document.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-preview]") || !target.files[0]) return;
  const reader = new FileReader();
  reader.onload = () => {
    const picture = target.form.querySelector(".preview");
    picture.src = reader.result;
    picture.hidden = false;
    target.form.querySelector("button").focus();
  };
  reader.readAsDataURL(target.files[0]);
});

document.addEventListener("submit", ({ target }) => {
  const field = target.querySelector?.("[data-kept]");
  if (!field) return;
  kept.set(field.dataset.kept, field.value);
  document.getElementById("problems").replaceChildren();
}, true);

new MutationObserver(() => {
  for (const field of document.querySelectorAll("[data-kept]")) field.value ||= kept.get(field.dataset.kept) ?? "";
  // what is typed next is a scan
  const idle = document.activeElement === document.body && document.querySelector(".code-shown");
  if (idle) document.querySelector(".sink")?.focus({ preventScroll: true });
}).observe(document.documentElement, { childList: true, subtree: true });
