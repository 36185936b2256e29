"""`make letters`: every e-mail of the ready-made automations, as a mail program shows it.

    python -m sandbox.letters [FOLDER [MESSAGE …]]

In three languages, light and dark, on a telephone and on a desk, with the data of a customer of a
sandbox shop who has bought and has left a cart. Each picture, and a sheet of all of them for
each message. The folder is not committed: look at the sheets, and keep the best.
"""

import re
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from urllib.parse import urljoin

import httpx
from playwright.sync_api import Browser
from rich.console import Console

from sandbox.demo import LIVE, Wrong, switch_offers_on, wait_until, watch_import
from sandbox.pair import Pair
from sandbox.shots import LOCALES, THEMES, chromium

WIDTHS = (360, 640)
CUSTOMERS, ORDERS = 80, 320
LEAVES_WITHIN = 120.0
PEOPLE = """{ orders(first: 100) { edges { node { userEmail } } }
  checkouts(first: 100) { edges { node { email lines { id } } } } }"""
SHEET = """<!doctype html><style>
body { margin: 0; padding: 8px; background: #8a8f99; display: grid; gap: 8px; align-items: start;
  grid-template-columns: repeat(6, max-content); width: max-content }
</style>%s"""


def main(folder: str = "letters", *messages: str) -> None:
    out, here = Console(highlight=False), Path(folder)
    here.mkdir(parents=True, exist_ok=True)
    with Pair(scale=LIVE, customers=CUSTOMERS, orders=ORDERS) as pair, chromium() as browser:
        opened(pair, out)
        customers = shoppers(pair)
        for key in messages or named(pair, "/app/automations?tab=messages", "messages"):
            made = looked(pair, key, customers)
            for locale in LOCALES:
                if not made.get(locale):
                    raise Wrong(f"{key} can be made for nobody in {locale}")
            sheet(browser, key, [made[locale] for locale in LOCALES], here)
            out.print(key)


def opened(pair: Pair, out: Console) -> None:
    """A shop where every automation is on, and where somebody who once bought has left a cart."""
    pair.owner.control("install", manifest_url=f"{pair.app_url}/api/manifest")
    watch_import(pair, out)
    switch_offers_on(pair)
    for automation in named(pair, "/app/automations", "automations"):
        pair.owner.switches_on(automation)
    pair.owner.control("life", do="start")
    if not wait_until(lambda: len(shoppers(pair)) > 0, within=LEAVES_WITHIN):
        raise Wrong("Nobody who has bought left a cart.")
    pair.owner.control("life", do="stop")


def named(pair: Pair, page: str, what: str) -> list[str]:
    """The keys that a page of the app links to, each once."""
    links = re.findall(rf'href="/app/{what}/([a-z0-9.-]+)"', pair.owner.looks(page).text)
    return list(dict.fromkeys(links))


def shoppers(pair: Pair) -> list[str]:
    """The addresses of those who have ordered and have something in a cart."""
    token = pair.owner.control("token", kind="staff")["token"]
    answer = httpx.post(
        f"{pair.shop_url}/graphql/",
        json={"query": PEOPLE},
        headers={"authorization": f"Bearer {token}"},
    )
    told = answer.raise_for_status().json()["data"]
    bought = {edge["node"]["userEmail"] for edge in told["orders"]["edges"]}
    carts = [edge["node"] for edge in told["checkouts"]["edges"]]
    return [one["email"] for one in carts if one["lines"] and one["email"] in bought]


def looked(pair: Pair, key: str, customers: Sequence[str]) -> dict[str, str]:
    """The letter by language, of the first of these customers for whom it can be made."""
    made: dict[str, str] = {}
    for person in customers:
        page = pair.owner.looks(f"/app/messages/{key}?person={person}").text
        for address in re.findall(rf'href="([^"]*/{re.escape(key)}/email/[^"]+)"', page):
            locale = address.split("/email/")[1].partition("/")[0].replace("_", "-")
            answer = httpx.get(urljoin(pair.app_url, address))
            if answer.status_code == 200:
                made.setdefault(locale, answer.text)
        if set(made) >= set(LOCALES):
            break
    return made


def sheet(browser: Browser, key: str, letters: Sequence[str], here: Path) -> None:
    """All the looks of one message beside each other."""
    files = []
    for theme in THEMES:
        context = browser.new_context(color_scheme="dark" if theme == "dark" else "light")
        page = context.new_page()
        for (locale, html), width in product(zip(LOCALES, letters, strict=True), WIDTHS):
            files.append(here / f"{key}-{locale}-{theme}-{width}.png")
            page.set_viewport_size({"width": width, "height": 500})
            page.set_content(html, wait_until="load")
            page.screenshot(path=files[-1], full_page=True)
        context.close()
    page = browser.new_page()
    place = here / f"{key}.html"
    place.write_text(SHEET % "".join(f'<img src="{file.name}">' for file in files))
    page.goto(place.resolve().as_uri())
    page.locator("body").screenshot(path=place.with_suffix(".png"))
    page.close()
    place.unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
