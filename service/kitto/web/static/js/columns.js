// Columns chosen per person: a cookie, so that the server draws the table right at once.
customElements.define("kitto-columns", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", (event) => {
      event.stopPropagation(); // the filter bar around it must not ask the server
      const hidden = [...this.querySelectorAll("input:not(:checked)")].map((box) => box.value);
      const list = this.dataset.for;
      for (const table of document.querySelectorAll("table[data-list]")) {
        if (table.dataset.list === list) table.dataset.hide = hidden.join(" ");
      }
      const secure = location.protocol === "https:" ? "; secure" : "";
      document.cookie = `kitto_columns_${list}=${hidden.join(".")}; path=/; max-age=31536000; samesite=lax${secure}`;
    });
  }
});
