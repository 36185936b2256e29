"""How long the pages of a shop with 100,000 customers and 1,000,000 orders take, on SQLite.

*Server time*: the app runs in a process of its own (benchmarks.pages_served), the loop at rest.
Every page is asked for as bridge.js asks for it, with a token of the Dashboard's, once to warm up
and then again and again; what is measured is from the question until the whole answer is here.
*Useful*: where there is a Chromium, how long a browser takes to show the seven pages and one
customer's (benchmarks.pages_seen says what that means). What stands behind the pages (tiers,
values, lists, segments) is worked out by the app's own flows first.

    python -m benchmarks.pages [CUSTOMERS [ORDERS [FOLDER]]]

Books laid in a FOLDER are kept, and found again by the next run.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
import jwt
import numpy as np
from rich.console import Console
from rich.table import Table
from sqlmodel import col, func, select

from app.kit.clock import real_now
from app.ltv.tables import CustomerScore
from app.main import Perennial
from benchmarks import books, deliveries, pages_seen, serving
from benchmarks.pages_served import perennial

PERMISSIONS = [
    "MANAGE_APPS",
    "MANAGE_USERS",
    "MANAGE_ORDERS",
    "MANAGE_CHECKOUTS",
    "MANAGE_DISCOUNTS",
]
TIMES = 20
PAGES = (
    "/app",
    "/app/customers", "/app/customers?by=value", "/app/customers?by=last",
    "/app/customers?q=name12", "/app/customers?at=1000", "/app/customers/77",
    "/app/checkouts", "/app/checkouts?by=worth",
    "/app/segments", "/app/segments/lapsed", "/app/segments/kinds", "/app/journey-map",
    "/app/automations", "/app/automations?tab=running", "/app/automations?tab=messages",
    "/app/automations?tab=calendar", "/app/automations/cart", "/app/automations/cart/numbers",
    "/app/automations/winback",
    "/app/messages/cart-1", "/app/mailbox",
    "/app/offers", "/app/recommendations", "/app/recommendations?customer=name12@example.com",
    "/app/proof", "/app/proof/tests", "/app/proof/attribution",
    "/app/value", "/app/value/cohorts", "/app/value/rfm", "/app/value/quality",
    "/app/value/costs", "/app/value/budget", "/app/value/people",
    "/app/settings", "/app/settings/requests", "/app/settings/keys",
    "/app/sending", "/app/sending/rules",
)  # fmt: skip
WIDGETS = {
    "customer": {"customerId": "U77"},
    "order": {"orderId": "O777"},
    "product": {"productId": "P7"},
    "voucher": {"voucherId": "W1"},
    "home": dict[str, str](),
}
"""Beside Saleor's pages, each with what the Dashboard tells it."""


MEANWHILE = "/app, while lists are being opened"
"""Right after the first look at recommendations: that process reads every order then."""
USUAL = ("100000", "1000000", "")


class Spread(NamedTuple):
    """Milliseconds."""

    p50: float
    p95: float

    @classmethod
    def of(cls, millis: Sequence[float]) -> "Spread":
        p50, p95 = np.percentile(millis, (50, 95))
        return cls(round(float(p50), 1), round(float(p95), 1))


def main(customers: int, orders: int, keep: str) -> None:
    out = Console()
    with tempfile.TemporaryDirectory() as passing:
        file = Path(keep or passing) / "pages.db"
        laid = file.exists()
        app = perennial(file)
        if laid:
            books.reopen(app.house)
        else:
            _lay(app, out, customers, orders)
        app.close()
        port = serving.free_port()
        command = [sys.executable, "-m", "benchmarks.pages_served", str(file), str(port)]
        with serving.process(command, port, dict(os.environ)):
            base = f"http://127.0.0.1:{port}"
            served = _served(base)
            seen = pages_seen.seen(base, _token) if pages_seen.CHROMIUM else {}
    _tell(out, served, seen)
    print(json.dumps({"bench": "pages", "figures": _figures(served, seen)}))


def _served(base: str) -> dict[str, Spread]:
    with httpx.Client(base_url=base, timeout=60) as browser:

        def look(page: str) -> Spread:
            return _measure(partial(_page, browser, page, _token()))

        for page in ("/app", "/app/recommendations"):
            _page(browser, page, _token())
        figures = {MEANWHILE: look("/app")} | {page: look(page) for page in PAGES}
        for name, about in WIDGETS.items():
            ask = partial(_widget, browser, name, about, _token())
            figures[f"widget {name}"] = _measure(ask)
    return figures


def _lay(app: Perennial, out: Console, customers: int, orders: int) -> None:
    """New books of one shop, all its rows written in bulk, and what the app makes of them."""
    house, settle = app.house, app.worker.keeper.settle
    started, shop = time.perf_counter(), books.open_shop(house)
    out.print(f"writing {customers:,} customers and {orders:,} orders …")
    books.lay(house, shop, customers, orders)
    out.print(
        f"… {time.perf_counter() - started:.0f} s; working out what stands behind the pages …"
    )
    settle(lambda: [shop])
    with house.look(shop) as tx:
        assert tx.exec(select(func.count(col(CustomerScore.id)))).one(), "nobody has a value"
    out.print(f"… {time.perf_counter() - started:.0f} s; writing what the app did meanwhile …")
    books.Life(house, shop, customers, orders).lived()
    settle(lambda: [shop])
    out.print(f"… {time.perf_counter() - started:.0f} s")


def _token() -> str:
    now = int(real_now().timestamp())
    return jwt.encode(
        {
            "iss": books.API_URL, "owner": "saleor", "type": "thirdparty", "app": books.APP_ID,
            "user_id": "VXNlcjox", "email": "owner@example.com", "is_staff": True,
            "permissions": PERMISSIONS, "user_permissions": PERMISSIONS, "iat": now,
            "exp": now + 900,
        },
        deliveries.key(), algorithm="RS256", headers={"kid": deliveries.KID},
    )  # fmt: skip


def _page(browser: httpx.Client, page: str, token: str) -> httpx.Response:
    headers = {"authorization-bearer": token, "saleor-api-url": books.API_URL, "x-part": "main"}
    return browser.get(page, headers=headers)


def _widget(
    browser: httpx.Client, name: str, about: Mapping[str, str], token: str
) -> httpx.Response:
    fields = {"saleorApiUrl": books.API_URL, "accessToken": token, **about}
    return browser.post(f"/app/widgets/{name}", data=fields)


def _measure(ask: Callable[[], httpx.Response]) -> Spread:
    """Of a page that was asked for once before."""
    millis = list[float]()
    for _ in range(TIMES + 1):
        started = time.perf_counter()
        answer = ask()
        millis.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, (str(answer.url), answer.text)
    return Spread.of(millis[1:])


Opened = Mapping[str, pages_seen.Seen]


def _tell(out: Console, served: Mapping[str, Spread], seen: Opened) -> None:
    table = Table("page", "p50 ms", "p95 ms", title="Server time")
    for page, took in served.items():
        table.add_row(page, *(f"{millis:.1f}" for millis in took))
    out.print(table)
    if not seen:
        out.print("There is no Chromium here: how long a browser takes is not measured.")
        return
    ways = Table("page", "first p50", "first p95", "again p50", "again p95", title="Useful, ms")
    for page, one in seen.items():
        spread = (*Spread.of(one.first), *Spread.of(one.again))
        ways.add_row(page, *(f"{millis:.0f}" for millis in spread))
    out.print(ways)


def _figures(served: Mapping[str, Spread], seen: Opened) -> dict[str, object]:
    """Server time by page; `useful_…` of a browser that was never here, `again_…` of one that was.

    Times of a browser that failed to be there are left out, and so is their worst.
    """
    figures: dict[str, object] = {"worst_p95_ms": max(one.p95 for one in served.values())}
    by_page = {page: {"p50_ms": one.p50, "p95_ms": one.p95} for page, one in served.items()}
    for page, one in seen.items():
        first, again = Spread.of(one.first), Spread.of(one.again)
        by_page[page] |= {
            "useful_p50_ms": first.p50, "useful_p95_ms": first.p95,
            "again_p50_ms": again.p50, "again_p95_ms": again.p95,
        }  # fmt: skip
    if seen:
        figures["worst_useful_p50_ms"] = max(Spread.of(one.first).p50 for one in seen.values())
        figures["worst_useful_p95_ms"] = max(Spread.of(one.first).p95 for one in seen.values())
    return figures | by_page


if __name__ == "__main__":
    given = sys.argv[1:]
    words = [*given, *USUAL[len(given) :]]
    main(int(words[0]), int(words[1]), words[2])
