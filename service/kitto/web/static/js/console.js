// Every page's script: what is switched on, and what follows a swap.
import "./keys.js";
import "./dialogs.js";
import "./fields.js";
import "./columns.js";
import "./scan.js";
import "./log.js";
import "./lines.js";
import "./board.js";
import "./bench.js";

// The bar stays when only the content changes; the address says where we are.
const mark = () => {
  const links = [...document.querySelectorAll(".bar a")];
  const fits = (link) => location.pathname === link.pathname || (link.pathname !== "/" && location.pathname.startsWith(`${link.pathname}/`));
  const best = links.filter(fits).sort((a, b) => b.pathname.length - a.pathname.length)[0];
  const ways = document.querySelector(".ways [aria-current]");
  if (!best && !ways) return;
  for (const link of links) link.removeAttribute("aria-current");
  best?.setAttribute("aria-current", "true");
};

document.addEventListener("htmx:after:history:update", () => {
  document.getElementById("problems").replaceChildren();
  mark();
});

// A new page starts at its top, with the focus where a screen reader begins.
let path = location.pathname;
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail?.ctx?.target?.id !== "content") return;
  if (location.pathname !== path) scrollTo(0, 0);
  path = location.pathname;
  const field = document.querySelector("#content [autofocus]") ?? document.getElementById("content");
  field.focus({ preventScroll: true });
});
