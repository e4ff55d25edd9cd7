// The bench: number keys tick points (0 ticks all), and a photo is looked at before it is kept.
let pause = 0;

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
