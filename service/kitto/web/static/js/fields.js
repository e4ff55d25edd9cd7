// Problems point at their fields; filters leave empty values out of the address.
const named = (name, form) => form?.elements[name] ?? form?.elements[name.split(".").at(-1)];

document.addEventListener("htmx:after:swap", ({ detail }) => {
  const form = detail?.ctx?.sourceElement?.closest?.("form");
  if (!form) return;
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  let first;
  for (const item of document.querySelectorAll(".problem [data-field]")) {
    const field = named(item.dataset.field, form);
    if (!(field instanceof HTMLElement)) continue;
    field.setAttribute("aria-invalid", "true");
    const label = field.labels?.[0]?.firstChild?.textContent?.trim();
    // the server knows the field's name, the page knows what it is called
    if (label) item.textContent = item.textContent.replace(item.dataset.field, label);
    first ??= field;
  }
  first?.focus();
});

// what could not be sent says so, and stays
document.addEventListener("htmx:error", ({ target }) => {
  const place = document.querySelector("#sheet[open] .problems") ?? document.getElementById("problems");
  if (target.action) place.innerHTML = document.getElementById("unsent").innerHTML;
});

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (!ctx.sourceElement?.matches?.("[data-filters]")) return;
  const kept = [...new FormData(ctx.sourceElement)].filter(([, value]) => value !== "");
  const body = ctx.request.body;
  for (const name of new Set(body.keys())) body.delete(name);
  for (const [name, value] of kept) body.append(name, value);
});
