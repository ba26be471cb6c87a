"""Tests a report in Chromium: at desktop and phone width, with the light and the dark scheme, and printed.

Usage: check.py PAGE SCREENSHOTS. Fails on console messages, script errors, requests other than for the page, a page
wider than the window, links without a target, text below 7.5 pixels in drawings, colours other than black on white in
print, and serious or critical findings of axe-core. Writes screenshots and a PDF to SCREENSHOTS.
"""

import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
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
    page.screenshot(path=screenshots / f"{width}-{scheme}.png", full_page=True)
    page.emulate_media(media="print")
    wrong += page.evaluate(PAPER)
    if (width, scheme) == ("desktop", "light"):
        page.pdf(path=screenshots / "print.pdf", format="A4", print_background=False)
    context.close()
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
        browser.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
