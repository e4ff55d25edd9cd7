"""A walk over a page with the Tab key alone: what can be used is reached, seen, and left again."""

from playwright.sync_api import Page

MOST = 600
"""More presses than any page has stops."""

# Everything a hand could use now, numbered; of a group of radio buttons the one that Tab stops at.
USABLE = """() => {
  const found = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
    .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.disabled && one.tabIndex >= 0
      && !one.closest('[inert], tr.more'))
  const stops = found.filter(one => {
    if (one.type !== 'radio') return true
    const group = found.filter(other => other.type === 'radio' && other.name === one.name
      && other.form === one.form)
    const stop = group.find(other => other.checked) ?? group[0]
    return one === stop
  })
  stops.forEach((one, at) => { one.dataset.stop = at })
  return stops.map(one => one.outerHTML.slice(0, 140))
}"""
# Where the focus is, and whether a person would see that it is there.
HERE = """() => {
  const one = document.activeElement
  if (!one || one === document.body) return null
  const look = getComputedStyle(one), box = one.getBoundingClientRect()
  const ring = parseFloat(look.outlineWidth) > 0 && look.outlineStyle !== 'none' || look.boxShadow !== 'none'
  const there = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
  return {stop: one.dataset.stop ?? null, seen: ring && there, says: one.outerHTML.slice(0, 140)}
}"""
# What answers a click but cannot be reached.
DEAF = """() => [...document.querySelectorAll(
    '[onclick], [hx-get], [hx-post], [hx-put], [hx-delete], [role=button]')]
  .filter(one => one.checkVisibility({visibilityProperty: true}) && one.tabIndex < 0
    && !one.matches('form, input, select, textarea, [disabled]')
    && !/load|revealed|intersect|every|sse:|from:|kitto:|change|input|submit/
      .test(one.getAttribute('hx-trigger') ?? ''))
  .map(one => one.outerHTML.slice(0, 140))"""


def walk(page: Page) -> list[str]:
    """What is wrong with the page for a person without a mouse; nothing, if nothing is."""
    usable: list[str] = page.evaluate(USABLE)
    wrong = [f"answers a click only: {one}" for one in page.evaluate(DEAF)]
    reached: set[int] = set()
    last = -1
    endless = page.locator("tr.more").count() > 0  # more rows come as long as there are any
    page.evaluate("document.activeElement?.blur(); document.body.tabIndex = -1; document.body.focus()")
    for _ in range(MOST):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None:
            break
        if not here["seen"]:
            wrong.append(f"has the focus unseen: {here['says']}")
        if here["stop"] is not None:
            stop = int(here["stop"])
            if stop in reached and stop != last:  # a field for a date has several stops inside
                break
            reached.add(stop)
            last = stop
            if len(reached) == len(usable) and endless:
                break
    else:
        wrong.append("Tab never leaves the page")
    wrong += [f"is not reached: {one}" for at, one in enumerate(usable) if at not in reached]
    return [f"{page.url} {one}" for one in wrong]
