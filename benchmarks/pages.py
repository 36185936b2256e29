"""How long the server takes for each page of a shop with 100,000 customers and 1,000,000 orders.

On SQLite, in one process, the loop at rest: every page is asked for as bridge.js asks for it, with
a token of the Dashboard's, once to warm up and then again and again. What stands behind the pages
(tiers, values, lists, segments) is worked out by the app's own flows first.

    python -m benchmarks.pages [CUSTOMERS [ORDERS [FOLDER]]]

Books laid in a FOLDER are kept, and found again by the next run.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import httpx
import jwt
import numpy as np
from fastapi.testclient import TestClient
from rich.console import Console
from rich.table import Table
from sqlmodel import col, func, select

from app.kit.clock import real_now
from app.kit.house import House
from app.kit.settings import Settings
from app.ltv.tables import CustomerScore
from app.main import Perennial
from benchmarks import books, deliveries

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
    "/app/segments", "/app/segments/lapsed",
    "/app/automations", "/app/automations?tab=running", "/app/automations?tab=messages",
    "/app/automations?tab=calendar", "/app/automations/cart", "/app/automations/winback",
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


USUAL = ("100000", "1000000", "")


def main(customers: int, orders: int, keep: str) -> None:
    out = Console()
    with tempfile.TemporaryDirectory() as passing:
        file = Path(keep or passing) / "pages.db"
        laid = file.exists()
        house = House.of(Settings(database_url=f"sqlite:///{file}"))
        house.migrate()
        if laid:
            books.reopen(house)
        perennial = Perennial(house, transport=httpx.MockTransport(_nobody), works=False)
        if not laid:
            _lay(perennial, out, customers, orders)
        with TestClient(perennial.asgi) as browser:
            figures = {page: _measure(partial(_page, browser, page)) for page in PAGES}
            for name, about in WIDGETS.items():
                figures[f"widget {name}"] = _measure(partial(_widget, browser, name, about))
    _tell(out, figures)
    worst = max(p95 for _, p95 in figures.values())
    by_page = {page: {"p50_ms": p50, "p95_ms": p95} for page, (p50, p95) in figures.items()}
    print(json.dumps({"bench": "pages", "figures": {"worst_p95_ms": worst, **by_page}}))


def _lay(perennial: Perennial, out: Console, customers: int, orders: int) -> None:
    """New books of one shop, all its rows written in bulk, and what the app makes of them."""
    house, settle = perennial.house, perennial.worker.keeper.settle
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


def _nobody(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody is there", request=request)


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


def _page(browser: TestClient, page: str) -> httpx.Response:
    headers = {"authorization-bearer": _token(), "saleor-api-url": books.API_URL, "x-part": "main"}
    answer: httpx.Response = browser.get(page, headers=headers)
    return answer


def _widget(browser: TestClient, name: str, about: Mapping[str, str]) -> httpx.Response:
    fields = {"saleorApiUrl": books.API_URL, "accessToken": _token(), **about}
    answer: httpx.Response = browser.post(f"/app/widgets/{name}", data=fields)
    return answer


def _measure(ask: Callable[[], httpx.Response]) -> tuple[float, float]:
    """Median and 95th percentile of the milliseconds of a page, once it was asked for before."""
    millis = list[float]()
    for _ in range(TIMES + 1):
        started = time.perf_counter()
        answer = ask()
        millis.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, (str(answer.url), answer.text)
    return _percentile(millis[1:], 50), _percentile(millis[1:], 95)


def _percentile(millis: Sequence[float], share: float) -> float:
    return round(float(np.percentile(millis, share)), 1)


def _tell(out: Console, figures: Mapping[str, tuple[float, float]]) -> None:
    table = Table("page", "p50 ms", "p95 ms", title="Pages")
    for page, (p50, p95) in figures.items():
        table.add_row(page, f"{p50:.1f}", f"{p95:.1f}")
    out.print(table)


if __name__ == "__main__":
    given = sys.argv[1:]
    words = [*given, *USUAL[len(given) :]]
    main(int(words[0]), int(words[1]), words[2])
