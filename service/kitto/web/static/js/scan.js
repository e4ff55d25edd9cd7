// The scanning field: always ready, proof against input methods, and it never loses a scan.
// Over 2 kB since reading, keeping and sending must be one thing that survives a reload.
import { play } from "./sound.js";
import { Wedge } from "./wedge.js";

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

class Scan extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.sink = this.querySelector(".sink");
    this.store = `kitto-scans ${this.form.action}`;
    this.queue = JSON.parse(sessionStorage.getItem(this.store) ?? "[]");
    this.wedge = new Wedge();
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys, true);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.scan(this.sink.value);
    });
    // a paste or a correction by hand: the field is right, the keys are not
    this.sink.addEventListener("input", (event) => {
      if (!event.isComposing && !this.wedge.ime) this.wedge.text = this.sink.value;
    });
    this.sink.addEventListener("compositionend", () => {
      if (this.wedge.ime) this.sink.value = this.wedge.text;
    });
    this.sink.focus();
    this.send();
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.keys, true);
  }

  key(event) {
    const elsewhere = event.target !== this.sink;
    if (elsewhere && event.target.closest("input, textarea, select, dialog[open]")) return;
    const done = this.wedge.take(event);
    if (done === "scan") {
      event.preventDefault();
      event.stopPropagation();
      this.scan(this.wedge.ime || elsewhere ? this.wedge.text : this.sink.value);
    } else if (done === "key" && (elsewhere || this.wedge.ime)) {
      if (elsewhere && event.key === " ") return;
      this.warn();
      if (elsewhere) event.preventDefault();
      this.sink.value = this.wedge.text;
      this.sink.focus();
    } else if (event.key === "Backspace" && !elsewhere) this.wedge.text = this.sink.value.slice(0, -1);
  }

  warn() {
    const banner = this.querySelector(".ime");
    banner.textContent = this.dataset.ime;
    banner.hidden = !this.wedge.ime;
  }

  scan(text) {
    // a scanner that ends with two Enters confirms nothing with the second
    const alone = Date.now() - (this.scanned ?? 0) > 600;
    const scanned = text.trim() || ((alone && this.dataset.enter) ?? "");
    this.scanned = Date.now();
    this.warn();
    this.wedge.clear();
    // the input method still holds its text: leaving the field makes it let go
    this.sink.blur();
    this.sink.value = "";
    this.sink.focus();
    if (!scanned) return;
    // Enter alone does what comes before confirming, where something does
    const first = text.trim() ? null : document.querySelector("form[data-first]");
    if (first) return first.requestSubmit();
    // what stands beside a scan (the step it is for) is known only when those before it are answered
    const body = this.queue.length ? "" : this.body(scanned);
    this.queue.push({ key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, body, scanned });
    this.keep();
    this.send();
  }

  body(scanned) {
    const body = new URLSearchParams(new FormData(this.form));
    body.set(this.sink.name, scanned);
    return body.toString();
  }

  keep() {
    sessionStorage.setItem(this.store, JSON.stringify(this.queue));
    const line = this.querySelector(".waiting");
    line.textContent = this.dataset.waiting.replace("{n}", this.queue.length);
    line.hidden = this.queue.length < 2;
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    for (let pause = 500; this.queue.length && this.isConnected;) {
      const answer = await this.post(this.queue[0]).catch(() => null);
      if (answer === null || answer.status === 429 || answer.status >= 500) {
        this.querySelector(".waiting").hidden = false;
        await wait(pause);
        pause = Math.min(pause * 2, 8000);
        continue;
      }
      if (await this.show(answer)) return;
      this.queue.shift();
      this.keep();
      pause = 500;
    }
    this.sending = false;
  }

  post(entry) {
    const list = this.dataset.list;
    entry.body ||= this.body(entry.scanned);
    this.keep();
    const { key, body } = entry;
    return fetch(this.form.action, {
      method: "POST",
      body: new URLSearchParams(body),
      headers: { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": `scan#${list}`, "HX-Current-URL": location.href, "Idempotency-Key": key },
    });
  }

  // True when the page is left; the scan stays queued if only the sign-in was over.
  async show(answer) {
    const away = answer.headers.get("HX-Redirect") ?? (answer.redirected ? answer.url : "");
    if (away) {
      if (answer.status !== 401) this.queue.shift();
      this.keep();
      location.assign(away);
      return true;
    }
    const list = document.getElementById(this.dataset.list);
    const part = document.createElement("template");
    part.innerHTML = await answer.text();
    const problem = part.content.querySelector(".problem");
    if (problem) {
      const row = document.createElement("li");
      row.className = "scanned no";
      row.dataset.verdict = "no";
      row.append(...problem.querySelectorAll("p, li"));
      list.prepend(row);
    } else if (this.dataset.swap === "replace") list.replaceChildren(part.content);
    else list.prepend(part.content);
    window.htmx?.process(list);
    play(list.querySelector("[data-verdict]")?.dataset.verdict ?? (answer.ok ? "ok" : "no"));
    return false;
  }
}
customElements.define("kitto-scan", Scan);
