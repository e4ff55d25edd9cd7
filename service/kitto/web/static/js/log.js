// A window on a long log: follow, search, jump to the failure, copy.
customElements.define("kitto-log", class extends HTMLElement {
  connectedCallback() {
    const list = this.querySelector(".log");
    const field = this.querySelector("[type=search]");
    const follow = this.querySelector("[data-do=follow]");
    const count = this.querySelector("output");
    let hits = [];
    let at = -1;
    const end = () => follow.checked && list.scrollTo(0, list.scrollHeight);
    const go = (line) => {
      if (!line) return;
      follow.checked = false;
      list.querySelector(".now")?.classList.remove("now");
      line.classList.add("now");
      line.scrollIntoView({ block: "center" });
    };
    const search = () => {
      const wanted = field.value.toLowerCase();
      for (const hit of hits) hit.classList.remove("hit");
      hits = wanted ? [...list.children].filter((line) => line.textContent.toLowerCase().includes(wanted)) : [];
      for (const hit of hits) hit.classList.add("hit");
      at = -1;
      count.textContent = wanted ? hits.length : "";
    };
    field.addEventListener("input", search);
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !hits.length) return;
      event.preventDefault();
      at = (at + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
      go(hits[at]);
    });
    follow.addEventListener("change", end);
    this.addEventListener("click", ({ target }) => {
      const wish = target.closest("button")?.dataset.do;
      if (wish === "failure") go(list.querySelector(":scope > .bad"));
      if (wish === "copy") navigator.clipboard?.writeText([...list.children].map((line) => line.textContent).join("\n"));
    });
    // who scrolls up reads; at the end they follow again
    list.addEventListener("scroll", () => {
      follow.checked = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
    });
    this.watch = new MutationObserver(() => {
      if (field.value) search();
      end();
    });
    this.watch.observe(list, { childList: true });
    end();
  }

  disconnectedCallback() {
    this.watch.disconnect();
  }
});
