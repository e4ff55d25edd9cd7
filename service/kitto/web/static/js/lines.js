// A window on a log of any length: what the page brought stands at once, the rest is fetched as it comes in
// sight, in blocks of 50 lines.
// Over 2 kB since scrolling, searching and following must agree on where the window stands.
const HIGH = 20;
const BLOCK = 50;

customElements.define("kitto-lines", class extends HTMLElement {
  connectedCallback() {
    this.view = this.querySelector(".lines");
    this.room = this.querySelector(".room");
    this.field = this.querySelector("[type=search]");
    this.follow = this.querySelector("[data-do=follow]");
    this.blocks = new Map();
    this.now = 0;
    const first = Number(this.dataset.first);
    const sent = [...this.room.children];
    this.room.replaceChildren();
    for (const row of sent) this.block(Math.floor((row.dataset.n - 1) / BLOCK)).append(row);
    this.view.addEventListener("scroll", () => this.draw());
    this.follow.addEventListener("change", () => this.draw(true));
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.find(this.field.value, event.shiftKey);
    });
    this.addEventListener("click", ({ target }) => {
      const wish = target.closest("button")?.dataset.do;
      if (wish === "failure") this.find("", false);
      if (wish === "copy") navigator.clipboard?.writeText(this.room.innerText);
    });
    this.grow(Number(this.dataset.last));
    if (first && !this.follow.checked) this.go(first);
    else this.view.scrollTop = this.room.clientHeight;
    if (this.dataset.runs) {
      this.source = new EventSource(`${this.dataset.at}/grows?seen=${this.dataset.last}`);
      this.source.onmessage = ({ data }) => this.grow(Number(data));
      this.source.addEventListener("end", () => this.source.close());
    }
  }

  disconnectedCallback() {
    this.source?.close();
  }

  grow(last) {
    if (this.last !== undefined) this.forget(Math.floor(this.last / BLOCK));
    this.last = last;
    this.room.style.height = `${last * HIGH}px`;
    this.draw(true);
  }

  draw(end) {
    if (end && this.follow.checked) this.view.scrollTop = this.room.clientHeight;
    const from = Math.floor(this.view.scrollTop / HIGH / BLOCK);
    const to = Math.floor((this.view.scrollTop + this.view.clientHeight) / HIGH / BLOCK);
    for (const at of [...this.blocks.keys()]) if (at < from - 2 || at > to + 2) this.forget(at);
    for (let at = from; at <= to; at += 1) if (!this.blocks.has(at) && at * BLOCK < this.last) this.load(at);
  }

  block(at) {
    const known = this.blocks.get(at);
    if (known) return known;
    const made = document.createElement("div");
    made.style.top = `${at * BLOCK * HIGH}px`;
    this.blocks.set(at, made);
    this.room.append(made);
    return made;
  }

  forget(at) {
    this.blocks.get(at)?.remove();
    this.blocks.delete(at);
  }

  async load(at) {
    const block = this.block(at);
    const answer = await fetch(`${this.dataset.at}/lines?first=${at * BLOCK + 1}&size=${BLOCK}`).catch(() => null);
    if (!answer?.ok) { this.forget(at); return; }
    block.innerHTML = await answer.text();
    this.mark();
  }

  async find(text, back) {
    const answer = await fetch(`${this.dataset.at}/find?${new URLSearchParams({ q: text, start: this.now, back })}`);
    const { line, many } = await answer.json();
    this.querySelector("output").textContent = String(many);
    if (line) this.go(line);
  }

  go(line) {
    this.now = line;
    this.follow.checked = false;
    this.view.scrollTop = Math.max(0, (line - 8) * HIGH);
    this.draw();
    this.mark();
  }

  mark() {
    this.room.querySelector(".now")?.classList.remove("now");
    this.room.querySelector(`[data-n="${this.now}"]`)?.classList.add("now");
  }
});
