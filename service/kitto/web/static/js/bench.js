// The bench: number keys tick points (0: all), photos are looked at first, a Wi-Fi password is typed once.
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
      const which = key === "0" ? ":not(:checked)" : `[data-point="${key}"]`;
      document.querySelectorAll(`[data-point]${which}`).forEach((box) => box.click());
    }
  }, 300);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-scan]");
  if (!button) return;
  event.preventDefault();
  document.querySelector("kitto-scan").scan(button.dataset.scan);
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
