// Keys: / search, g and a letter, ? help, Ctrl K palette, j and k in lists. A scan is told from
// typing by its speed, so that the letters in a tag are never taken for commands. Over 2 kB since
// keys, the palette and scans outside fields must agree on who gets a key.
import { tinykeys } from "../vendor/tinykeys.js";

const FAST = 100; // ms between two keys of a scanner; people are slower (measured gaps: 18 to 68)
const editable = (node) => node?.closest?.("input, textarea, select, [contenteditable], kitto-scan, dialog[open]");
const byId = (id) => document.getElementById(id);

let last = 0;
let burst = "";
let waiting = 0;

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (editable(event.target) || document.querySelector("kitto-scan")) return;
  const quick = event.timeStamp - last < FAST;
  if (event.key === "Enter" || event.key === "Tab") {
    if (quick && burst.length >= 4) {
      event.preventDefault();
      clearTimeout(waiting);
      location.assign(`/find?q=${encodeURIComponent(burst)}`);
    }
    burst = "";
  } else if (event.key.length === 1) {
    if (quick) clearTimeout(waiting);
    burst = quick ? burst + event.key : event.key;
    last = event.timeStamp;
  }
}, true);

// A single letter acts only when no second one follows at a scanner's speed.
const alone = (act) => (event) => {
  if (document.body.dataset.keys === "off" || editable(event.target) || event.isComposing) return;
  event.preventDefault();
  clearTimeout(waiting);
  waiting = setTimeout(act, FAST + 20);
};

const rows = () => [...document.querySelectorAll("#content tbody tr")].filter((row) => row.querySelector("a"));
const step = (by) => {
  const all = rows();
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(Math.max(here + by, 0), all.length - 1)];
  next?.querySelector("a").focus();
};
const open = (dialog) => dialog && !document.querySelector("dialog[open]") && dialog.showModal();

const help = alone(() => open(byId("keys")));
const keys = {
  "/": alone(() => byId("find")?.focus()),
  "?": help,
  "Shift+?": help,
  j: alone(() => step(1)),
  k: alone(() => step(-1)),
  "$mod+k": (event) => {
    event.preventDefault();
    open(byId("palette"));
  },
};
for (const link of document.querySelectorAll(".bar a[data-key]")) {
  keys[`g ${link.dataset.key}`] = alone(() => link.click());
}
tinykeys(window, keys);

const palette = byId("palette");
if (palette) {
  const field = palette.querySelector("input");
  const options = [...palette.querySelectorAll("[role=option]")];
  const shown = () => options.filter((option) => !option.hidden);
  const choose = (option) => {
    for (const other of options) other.setAttribute("aria-selected", String(other === option));
    field.setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
  };
  const filter = () => {
    const words = field.value.normalize("NFKC").toLowerCase().split(/\s+/);
    for (const option of options) {
      const text = `${option.textContent} ${option.dataset.words}`.toLowerCase();
      option.hidden = !words.every((word) => text.includes(word));
    }
    choose(field.value ? shown()[0] : null);
  };
  field.addEventListener("input", filter);
  field.addEventListener("keydown", (event) => {
    const all = shown();
    const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(all.at((now + (event.key === "ArrowDown" ? 1 : -1)) % all.length));
    } else if (event.key === "Enter" && !event.isComposing && now >= 0) {
      event.preventDefault();
      location.assign(all[now].dataset.href);
    }
  });
  palette.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.href);
    else if (event.target === palette) palette.close();
  });
  palette.addEventListener("close", () => {
    field.value = "";
    filter();
  });
}
