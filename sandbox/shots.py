"""`make shots`: every page of the app in both themes, three languages and two widths, as pictures.

    python -m sandbox.shots [FOLDER [PAGE …]]

A shop is opened, the app installed and its history read; then a browser looks at the app in the
sandbox's Dashboard. The folder is not committed: look at the pictures, and keep the best.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from sandbox.demo import LIVE, switch_offers_on, wait_until, watch_import
from sandbox.pair import Pair

PAGES = ("", "customers", "automations", "offers", "proof", "value", "settings")
THEMES, LOCALES, WIDTHS = ("light", "dark"), ("en", "pt-BR", "pl"), (1280, 400)
TALLEST = 3000
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser")
LIVES = 20.0
"""Seconds in which people shop before anybody looks."""
WORKED_OUT = 180.0


def main(folder: str = "shots", *pages: str) -> None:
    out, here = Console(highlight=False), Path(folder)
    here.mkdir(parents=True, exist_ok=True)
    with Pair(scale=LIVE) as pair, chromium() as browser:
        base = opened(pair, out)
        taken = 0
        for theme, locale, width in product(THEMES, LOCALES, WIDTHS):
            for page in pages or PAGES:
                name = f"{page.replace('/', '_') or 'today'}-{theme}-{locale}-{width}.png"
                shoot(browser, base, page, here / name, look=(theme, locale, width))
                taken += 1
            out.print(f"{theme}, {locale}, {width} px")
        out.print(f"{taken} pictures in {here.resolve()}")


def opened(pair: Pair, out: Console) -> str:
    """The address of the app in the Dashboard of a shop that has lived a little."""
    pair.owner.control("install", manifest_url=f"{pair.app_url}/api/manifest")
    watch_import(pair, out)
    switch_offers_on(pair)
    pair.owner.switches_on("cart")
    pair.owner.control("life", do="start")
    time.sleep(LIVES)
    everybody = "/app/value/csv/people"
    known = 0.5 * pair.customers
    wait_until(lambda: pair.owner.looks(everybody).text.count("\n") > known, within=WORKED_OUT)
    pair.owner.control("life", do="stop")
    app = next(iter(pair.owner.control("status")["apps"]))["id"]
    return f"{pair.shop_url}/extensions/app/{app}"


@contextmanager
def chromium() -> Iterator[Browser]:
    path = next((one for one in CHROMIUM if Path(one).exists()), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def shoot(
    browser: Browser, base: str, page: str, file: Path, *, look: tuple[str, str, int]
) -> None:
    theme, locale, width = look
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_cookies(
        [
            {"name": "sandbox_theme", "value": theme, "url": base},
            {"name": "sandbox_locale", "value": locale, "url": base},
        ]
    )
    shown = context.new_page()
    enter(shown, f"{base}/{page}".rstrip("/"))
    inside = shown.frame_locator("iframe").first  # the Dashboard loads a page twice
    inside.locator("#main h1").first.wait_for(timeout=30_000)
    shown.wait_for_timeout(400)
    tall = int(inside.locator("html").evaluate("node => node.scrollHeight"))
    shown.set_viewport_size({"width": width, "height": min(max(tall + 120, 700), TALLEST)})
    shown.wait_for_timeout(150)
    shown.locator("iframe").first.screenshot(path=file)
    context.close()


def enter(shown: Page, address: str) -> None:
    """Past the sandbox's door, where it has one."""
    shown.goto(address)
    if shown.locator("body.door").count():
        shown.locator("button.primary").click()
        shown.goto(address)
    shown.wait_for_function("document.querySelector('iframe')?.contentWindow")


if __name__ == "__main__":
    main(*sys.argv[1:])
