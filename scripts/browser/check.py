"""Tests a report in Chromium: at desktop, tablet and phone width, with the light and the dark scheme, without scripts,
and printed.

Usage: check.py PAGE SCREENSHOTS. Fails on console messages, script errors, requests other than for the page, a page
wider than the window, links without a target, text below 7.5 pixels in drawings, colours other than black on white in
print, serious or critical findings of axe-core, and controls that do not do what they are for. Writes screenshots and
a PDF to SCREENSHOTS.
"""

import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError as Late
from playwright.sync_api import sync_playwright

WIDTHS = {"desktop": (1280, 900), "tablet": (768, 1024), "phone": (390, 844)}
# Height of the page at desktop width that a reader can be asked to scroll.
HIGHEST = 15_500
SEVERE = {"serious", "critical"}

WIDER = """() => {
  const wide = document.scrollingElement.scrollWidth - window.innerWidth;
  if (wide <= 0) return [];
  const out = [...document.querySelectorAll('body *')].filter(
    e => !e.closest('.scroll, .drawing, pre, .skip, .words') && e.getBoundingClientRect().right > window.innerWidth + 1);
  return [`the page is ${wide} pixels wider than the window: ` + out.slice(0, 3).map(e => e.outerHTML.slice(0, 80)).join(' ')];
}"""

LOST = """() => [...document.querySelectorAll('a[href^="#"]')]
  .filter(a => !document.getElementById(a.getAttribute('href').slice(1)))
  .map(a => `${a.getAttribute('href')} has no target`)"""

PAPER = """() => {
  const style = getComputedStyle(document.body);
  const dark = style.backgroundColor !== 'rgb(255, 255, 255)' || style.color !== 'rgb(0, 0, 0)';
  return dark ? [`prints ${style.color} on ${style.backgroundColor}`] : [];
}"""

SMALL = """() => [...document.querySelectorAll('svg text')]
  .filter(t => t.getClientRects().length)
  .map(t => [t, parseFloat(getComputedStyle(t).fontSize) * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b)])
  .filter(([t, size]) => size < 7.5).slice(0, 3)
  .map(([t, size]) => `text of a drawing is ${size.toFixed(1)} pixels high: ${t.textContent}`)"""


def look(browser, url, screenshots, width, scheme):
    """The findings at one width and colour scheme, as messages."""
    wrong = []
    size = dict(zip(("width", "height"), WIDTHS[width]))
    context = browser.new_context(viewport=size, color_scheme=scheme, is_mobile=width == "phone", has_touch=width == "phone")
    page = context.new_page()
    page.on("console", lambda m: wrong.append(f"console {m.type}: {m.text}"))
    page.on("pageerror", lambda e: wrong.append(f"error: {e}"))
    page.on("request", lambda r: None if r.url == url else wrong.append(f"request other than for the page: {r.url}"))
    page.goto(url)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for finding in (WIDER, LOST, SMALL):
        wrong += page.evaluate(finding)
    results = Axe().run(page).response
    for violation in results["violations"]:
        if violation["impact"] in SEVERE:
            where = ", ".join(str(node["target"]) for node in violation["nodes"][:3])
            wrong.append(f"axe {violation['impact']}: {violation['help']} ({len(violation['nodes'])} places: {where})")
    if not results["passes"]:
        wrong.append("axe checked nothing")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)")
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=screenshots / f"{width}-{scheme}.png", full_page=True)
    page.screenshot(path=screenshots / f"{width}-{scheme}-first.png")
    height = page.evaluate("document.scrollingElement.scrollHeight")
    print(f"{width}, {scheme}: {height} pixels high")
    if width == "desktop" and height > HIGHEST:
        wrong.append(f"the page is {height} pixels high, more than {HIGHEST}")
    page.emulate_media(media="print")
    wrong += page.evaluate(PAPER)
    if (width, scheme) == ("desktop", "light"):
        page.pdf(path=screenshots / "print.pdf", format="A4", print_background=False)
    context.close()
    return wrong


def controls(browser, url, screenshots):
    """Uses each control once and returns what did not work, as messages."""
    wrong = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.on("pageerror", lambda e: wrong.append(f"error: {e}"))
    page.goto(url)

    def expect(what, holds):
        if not holds:
            wrong.append(what)

    def appears(selector):
        # On a busy machine an answer to a key takes a while.
        try:
            page.locator(selector).wait_for(state="visible", timeout=5000)
        except Late:
            return False
        return True

    # Origins: on hover, on click and by keyboard.
    number = page.locator("main a.number").first
    number.hover()
    expect("hover shows no origin", appears("#origin"))
    number.focus()
    page.keyboard.press("Enter")
    expect("Enter shows no origin", page.evaluate("document.activeElement.closest('#origin') !== null"))
    page.keyboard.press("Escape")
    expect("Escape keeps the origin", not page.locator("#origin").is_visible())
    expect("focus does not return to the number", page.evaluate("document.activeElement.matches('a.number')"))
    # Values in figures.
    drawing = page.locator("#content .drawing").first
    drawing.focus()
    page.keyboard.press("ArrowRight")
    expect("arrow keys show no value", appears("#tip") and page.locator("#tip").inner_text() != "")
    page.locator("#content svg .v").first.hover()
    expect("hover shows no value", appears("#tip"))
    # Sorting: what is largest comes first, then last.
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    column = """(table) => [...document.querySelector(table).tBodies[0].rows].map(r => parseFloat(r.cells[1].dataset.v))
      .filter(v => !isNaN(v))"""
    table = page.evaluate("""() => { const all = [...document.querySelectorAll('main table')];
      const fit = all.find(t => t.tBodies[0].rows.length > 4 && !t.querySelector('tr.group')
        && t.querySelectorAll('tbody tr td:nth-child(2)[data-v]').length > 3);
      fit.id = 'tried'; return '#tried'; }""")
    page.locator(f"{table} thead th:nth-child(2) button").click()
    values = page.evaluate(column, table)
    expect(f"sorting down gives {values}", values == sorted(values, reverse=True))
    page.locator(f"{table} thead th:nth-child(2) button").click()
    values = page.evaluate(column, table)
    expect(f"sorting up gives {values}", values == sorted(values))
    # Filter.
    field = page.locator(".filter input").first
    field.fill("no row has this text")
    rows = """() => { const t = document.querySelector('.filter').parentElement.querySelector('.filter ~ .scroll table');
      return [...t.tBodies[0].rows].filter(r => !r.hidden).length; }"""
    expect("the filter hides nothing", page.evaluate(rows) == 0)
    field.fill("")
    expect("an empty filter hides rows", page.evaluate(rows) > 0)
    # Designs off in figures and tables, base of the comparison.
    shown = "() => [...document.querySelectorAll('[data-d=\"b200\"]')].filter(g => g.getClientRects().length).length"
    before = page.evaluate(shown)
    page.locator(".panel input[value=b200]").uncheck()
    expect("a design that is off is drawn", before > 0 and page.evaluate(shown) == 0)
    page.locator(".panel input[value=b200]").check()
    expect("a design that is on again is not drawn", page.evaluate(shown) == before)
    page.locator(".panel select").select_option("b200")
    expect("no ratios to the base", page.locator("#comparison .ratio").count() > 10)
    # Saving.
    for kind, start in (("csv", None), ("svg", b"<svg"), ("png", b"\x89PNG")):
        with page.expect_download() as download:
            page.locator(f"#figure-volume [data-save={kind}]").click()
        data = Path(download.value.path()).read_bytes()
        beside = Path(url.removeprefix("file://")).parent / "figures" / "volume.csv"
        expect(f"saved {kind} is wrong", data.startswith(start) if start else data == beside.read_bytes())
    # Links into the page, also into folded parts, and the current section.
    page.goto("about:blank")
    anchor = page.goto(url) and page.evaluate("document.querySelector('.origins tbody tr').id")
    page.goto("about:blank")
    page.goto(f"{url}#{anchor}")
    page.wait_for_timeout(300)
    expect("a link to an origin does not show it", page.evaluate(
        "(id) => { const r = document.getElementById(id).getBoundingClientRect(); return r.height > 0 && r.top >= 0 && r.top < innerHeight; }", anchor))
    page.evaluate("document.getElementById('cost').scrollIntoView()")
    page.wait_for_timeout(300)
    expect("the contents do not mark the section", page.locator("nav a[aria-current]").get_attribute("href") == "#cost")
    context.close()
    # The same numbers without scripts.
    numbers = []
    for scripts in (True, False):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=scripts)
        page = context.new_page()
        page.goto(url)
        numbers.append(page.content().count('<a class="number"'))
        if not scripts:
            page.screenshot(path=screenshots / "desktop-without-scripts.png")
        context.close()
    expect(f"numbers with and without scripts: {numbers}", numbers[0] == numbers[1] and numbers[0] > 1000)
    return wrong


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    page, screenshots = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    screenshots.mkdir(parents=True, exist_ok=True)
    passed = failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        print(f"{page} in Chromium {browser.version}")
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                wrong = look(browser, page.as_uri(), screenshots, width, scheme)
                print(f"{width}, {scheme}: {'ok' if not wrong else f'{len(wrong)} findings'}")
                for finding in wrong:
                    print(f"  {finding}")
                passed, failed = passed + (not wrong), failed + bool(wrong)
        wrong = controls(browser, page.as_uri(), screenshots)
        print(f"controls: {'ok' if not wrong else f'{len(wrong)} findings'}")
        for finding in wrong:
            print(f"  {finding}")
        passed, failed = passed + (not wrong), failed + bool(wrong)
        browser.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
