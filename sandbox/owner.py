"""The owner at her browser, as the demo plays her: reads the app's pages and fills its forms."""

from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import httpx

ENTRY_TIER = 1
RATES = {"rate_EUR": "5.40", "rate_PLN": "1.29"}


class Forms(HTMLParser):
    """The forms of a page: for each the (name, value) pairs a browser would send, what could be
    ticked, and the buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict[str, list[tuple[str, str]]]] = []
        self._select: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({"sent": [], "ticks": [], "buttons": []})
        if not self.forms:
            return
        form = self.forms[-1]
        name, value = facts.get("name", ""), facts.get("value", "")
        if tag == "button" and name:
            form["buttons"].append((name, value))
        elif tag == "input" and facts.get("type") in ("checkbox", "radio"):
            form["ticks"].append((name, value))
            if "checked" in facts:
                form["sent"].append((name, value))
        elif tag == "input" and name:
            form["sent"].append((name, value))
        elif tag == "textarea" and name:
            form["sent"].append((name, ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in facts:
            form["sent"].append((self._select, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        """An option without a value sends its text."""
        if self._select and self.forms and data.strip():
            sent = self.forms[-1]["sent"]
            if sent and sent[-1] == (self._select, ""):
                sent[-1] = (self._select, data.strip())


class Owner:
    """Knows two addresses and a way to get a Dashboard token; knows nothing of the app's inside."""

    def __init__(self, shop_url: str, app_url: str) -> None:
        self.shop_url = shop_url
        self.app_url = app_url
        self._http = httpx.Client(timeout=20, headers={"Sandbox-Control": "demo"})

    def control(self, what: str, **asked: Any) -> Any:
        """Use one of the sandbox's controls. Raises RuntimeError with its words if it says no."""
        address = f"{self.shop_url}/control/{what}"
        if what in ("status", "story"):
            answer = self._http.get(address, params=asked)
        else:
            answer = self._http.post(address, json=asked)
        body = answer.json()
        if answer.status_code != 200:
            raise RuntimeError(f"{what}: {body.get('error', answer.status_code)}")
        return body

    def close(self) -> None:
        self._http.close()

    def headers(self) -> dict[str, str]:
        token = self.control("token")["token"]
        return {
            "authorization-bearer": token,
            "saleor-api-url": f"{self.shop_url}/graphql/",
            "x-part": "main",
            "x-locale": "en",
        }

    def looks(self, path: str) -> httpx.Response:
        """A page or a part of the app, as its frame in the Dashboard would fetch it."""
        answer = self._http.get(f"{self.app_url}{path}", headers=self.headers())
        answer.raise_for_status()
        return answer

    def import_progress(self) -> list[dict[str, Any]] | None:
        """Steps {stock, done, total, finished}; None where no import runs."""
        importing = self.looks("/app/progress").json()["importing"]
        return importing["steps"] if importing else None

    def switches_on(self, automation: str) -> None:
        """One of the ready-made automations, as it is proposed."""
        address = f"{self.app_url}/app/automations/{automation}"
        self._http.post(address, data={"do": "on"}, headers=self.headers()).raise_for_status()

    def switches_offers_on(self) -> int:
        """Tick the offer of every tier but the entry, say what her currencies are worth, save.

        How many tiers have an offer now; 0 while the app has no tiers to show.
        """
        page = self.looks("/app/offers").text
        form = next((one for one in Forms(page).forms if ("do", "save") in one["buttons"]), None)
        if form is None:
            return 0
        offers = [one for one in form["ticks"] if one[0] == "offer"][ENTRY_TIER:]
        if not offers:
            return 0
        sent = [pair for pair in form["sent"] if pair[0] != "offer" and pair[0] not in RATES]
        rates = [(name, RATES[name]) for name, _ in form["sent"] if name in RATES]
        data: dict[str, list[str]] = {}
        for name, value in [*sent, *rates, *offers, ("do", "save")]:
            data.setdefault(name, []).append(value)
        address = f"{self.app_url}/app/offers"
        answer = self._http.post(address, data=data, headers=self.headers())
        answer.raise_for_status()
        return len(offers)

    def differences(self) -> list[str]:
        """Where the app's books and the shop's own are not the same, in words."""
        told = self.looks("/app/books").json()["channels"]
        app = {line["channel"]: line for line in told}
        return list(compare(self.control("status")["books"], app))


def compare(shop: dict[str, Any], app: dict[str, Any]) -> Iterator[str]:
    for slug, book in shop.items():
        line = app.get(slug)
        if line is None:
            yield f"{slug}: the app knows nothing of this channel"
            continue
        for name, theirs, ours in (
            ("orders", Decimal(book["orders"]), Decimal(line["orders"])),
            ("total", Decimal(book["gross"]), Decimal(line["total_minor"]) / 100),
            ("refunded", Decimal(book["refunded"]), Decimal(line["refunded_minor"]) / 100),
        ):
            if theirs != ours:
                yield f"{slug}: {name} {ours} in the app, {theirs} in the shop"
