// The live board: its stream says which kits are in which version; only those tickets are drawn anew.
// Over 2 kB since what changes under a hand must keep its focus, its choice and its place.
customElements.define("kitto-board", class extends HTMLElement {
  connectedCallback() {
    this.source = new EventSource(this.dataset.stream);
    this.source.addEventListener("all", ({ data }) => this.told(data, true));
    this.source.onmessage = ({ data }) => this.told(data, false);
    this.addEventListener("change", () => this.count());
    this.addEventListener("keydown", (event) => this.key(event));
    this.clock = setInterval(() => this.minutes(), 20_000);
    this.minutes();
  }

  disconnectedCallback() {
    this.source.close();
    clearInterval(this.clock);
  }

  async told(data, whole) {
    const now = new Map(data.split(" ").filter(Boolean).map((pair) => pair.split(":")));
    for (const one of whole ? this.querySelectorAll(".ticket") : []) if (!now.has(one.id.slice(4))) one.remove();
    const wanted = [...now].filter(([id, version]) => {
      const has = document.getElementById(`kit-${id}`);
      if (version === "0") has?.remove();
      return version !== "0" && has?.dataset.version !== version;
    });
    while (wanted.length) {
      const ids = wanted.splice(0, 500).map(([id]) => id);
      const answer = await fetch(`/kitting/tickets?ids=${ids}`).catch(() => null);
      if (answer?.ok) this.place(await answer.text());
    }
    this.count();
  }

  place(html) {
    const part = document.createElement("template");
    part.innerHTML = html;
    for (const ticket of part.content.querySelectorAll(".ticket")) {
      const old = document.getElementById(ticket.id);
      const held = old?.contains(document.activeElement) && document.activeElement.tagName;
      const box = ticket.querySelector("input");
      if (box) box.checked = old?.querySelector("input")?.checked ?? false;
      if (old?.dataset.state === ticket.dataset.state) old.replaceWith(ticket);
      else {
        old?.remove();
        this.querySelector(`[data-state="${ticket.dataset.state}"] .tickets`)?.append(ticket);
      }
      if (held) ticket.querySelector(held.toLowerCase())?.focus();
    }
    this.minutes();
  }

  count() {
    for (const column of this.querySelectorAll(".column")) {
      const many = column.querySelectorAll(".ticket").length;
      column.querySelector(".count").textContent = many;
      if (many) column.hidden = false;
    }
    const said = this.querySelector(".chosen");
    if (said) said.textContent = this.dataset.chosen.replace("{n}", this.querySelectorAll(".ticket input:checked").length);
  }

  minutes() {
    for (const at of this.querySelectorAll("time[data-minutes]")) {
      const gone = Math.max(0, Math.floor((Date.now() - Date.parse(at.dateTime)) / 60_000));
      if (gone < 180) at.textContent = this.dataset.minutes.replace("{n}", gone);
    }
  }

  key(event) {
    const here = event.target.closest(".ticket");
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = { ArrowDown: here.nextElementSibling, ArrowUp: here.previousElementSibling }[event.key] ?? (across && this.beside(here, across));
    if (next) {
      event.preventDefault();
      next.querySelector("a").focus();
    } else if (event.key === "x" && document.body.dataset.keys !== "off") here.querySelector("input")?.click();
  }

  beside(here, by) {
    const full = [...this.querySelectorAll(".column")].filter((column) => column.querySelector(".ticket"));
    return full[full.indexOf(here.closest(".column")) + by]?.querySelector(".ticket");
  }
});
