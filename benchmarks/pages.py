"""How long the server takes for each page of a shop with 100,000 customers and 1,000,000 orders.

On SQLite, in one process, the loop at rest: every page is asked for as bridge.js asks for it, with
a token of the Dashboard's, once to warm up and then again and again. What stands behind the pages
(tiers, values, lists, segments) is worked out by the app's own flows first.

    python -m benchmarks.pages [CUSTOMERS [ORDERS]]
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import numpy as np
from fastapi.testclient import TestClient
from rich.console import Console
from rich.table import Table
from sqlmodel import Session, SQLModel, col, func, insert, select

from app.catalog.tables import Product, Variant
from app.customers.tables import Person
from app.history.flows import HistoryRead
from app.kit.clock import real_now
from app.kit.house import House
from app.kit.settings import Settings
from app.kit.tx import ShopId
from app.loyalty import flows as loyalty
from app.ltv.tables import CustomerScore
from app.main import Perennial
from app.orders.tables import Line, Order
from app.shops.tables import Channel, Shop
from benchmarks import deliveries

API_URL, APP_ID = "https://shop.example/graphql/", "QXBwOjE="
PERMISSIONS = [
    "MANAGE_APPS",
    "MANAGE_USERS",
    "MANAGE_ORDERS",
    "MANAGE_CHECKOUTS",
    "MANAGE_DISCOUNTS",
]
PRODUCTS, CHUNK, TIMES = 1_000, 20_000, 20
PAGES = (
    "/app", "/app/settings", "/app/settings/requests", "/app/settings/keys",
    "/app/customers", "/app/customers?by=value", "/app/customers?by=last",
    "/app/customers?q=name12", "/app/customers/77", "/app/value", "/app/value/cohorts",
    "/app/value/rfm", "/app/value/quality", "/app/value/costs", "/app/value/people",
    "/app/automations", "/app/automations/cart", "/app/segments", "/app/offers",
    "/app/recommendations", "/app/recommendations?customer=name12@example.com",
)  # fmt: skip

Row = dict[str, Any]


def main(customers: int = 100_000, orders: int = 1_000_000) -> None:
    out = Console()
    with tempfile.TemporaryDirectory() as folder:
        house = House.of(Settings(database_url=f"sqlite:///{Path(folder) / 'pages.db'}"))
        house.migrate()
        shop = _shop(house)
        out.print(f"writing {customers:,} customers and {orders:,} orders …")
        _fill(house, shop, customers, orders)
        perennial = Perennial(house, transport=httpx.MockTransport(_nobody), works=False)
        started = time.perf_counter()
        perennial.worker.keeper.settle(lambda: [shop])
        out.print(
            f"worked out what stands behind the pages in {time.perf_counter() - started:.0f} s"
        )
        with house.look(shop) as tx:
            assert tx.exec(select(func.count(col(CustomerScore.id)))).one(), "nobody has a value"
        with TestClient(perennial.asgi) as browser:
            figures = {page: _measure(browser, page) for page in PAGES}
    _tell(out, figures)
    worst = max(p95 for _, p95 in figures.values())
    by_page = {page: {"p50_ms": p50, "p95_ms": p95} for page, (p50, p95) in figures.items()}
    print(json.dumps({"bench": "pages", "figures": {"worst_p95_ms": worst, **by_page}}))


def _shop(house: House) -> ShopId:
    now, seal = real_now(), house.secrets.seal
    with Session(house.engine) as session, session.begin():
        shop = Shop(
            api_url=API_URL, app_id=APP_ID, token=seal("t"), jwks=deliveries.jwks(), jwks_at=now,
            status_at=now, registered_at=now, code_secret=seal("s"), currency="EUR",
        )  # fmt: skip
        session.add(shop)
        session.flush()
        return ShopId(shop.id or 0)


def _fill(house: House, shop: ShopId, customers: int, orders: int) -> None:
    """A few buy often and most seldom; a few products sell often; business grows over two years."""
    chance, now = np.random.default_rng(1), house.clock.now()
    with house.work(shop) as tx:
        loyalty.begin(tx)
        tx.add(Channel(saleor_id="Q2hhbm5lbDox", slug="web", currency="EUR"))
    _write(house, shop, Product, (_product(n, now) for n in range(1, PRODUCTS + 1)))
    _write(house, shop, Variant, (_variant(n, now) for n in range(1, PRODUCTS + 1)))
    _write(house, shop, Person, (_person(n, now) for n in range(1, customers + 1)))
    eager = chance.gamma(0.6, 1.0, customers)
    buyers = chance.choice(customers, orders, p=eager / eager.sum()) + 1
    ages = np.sort(730 * (1 - np.sqrt(chance.random(orders))))[::-1]
    products = np.minimum(chance.zipf(1.3, orders), PRODUCTS)
    cents = chance.gamma(2.0, 2_000, orders).astype(np.int64) + 300
    drawn = list(
        zip(buyers.tolist(), ages.tolist(), products.tolist(), cents.tolist(), strict=True)
    )
    _write(house, shop, Order, (_order(n, one, now) for n, one in enumerate(drawn, 1)))
    _write(house, shop, Line, (_line(n, one) for n, one in enumerate(drawn, 1)))
    with house.work(shop) as tx:
        tx.later(HistoryRead(occasion="bench"))


def _write(house: House, shop: ShopId, table: type[SQLModel], rows: Iterator[Row]) -> None:
    batch: list[Row] = []
    with house.engine.begin() as connection:
        for row in rows:
            batch.append(row | {"shop": shop})
            if len(batch) == CHUNK:
                connection.execute(insert(table), batch)
                batch = []
        if batch:
            connection.execute(insert(table), batch)


def _product(n: int, now: datetime) -> Row:
    return {
        "saleor_id": f"P{n}", "name": f"Product {n}", "category": f"C{n % 40}",
        "category_name": f"Category {n % 40}", "first_hand": True, "known_at": now,
    }  # fmt: skip


def _variant(n: int, now: datetime) -> Row:
    return {"saleor_id": f"V{n}", "product": n, "sku": f"S{n}", "first_hand": True, "known_at": now}


def _person(n: int, now: datetime) -> Row:
    return {
        "key": f"account:U{n}", "account": f"U{n}", "email": f"name{n}@example.com",
        "confirmed": True, "first_name": "Ana", "last_name": f"Number {n}", "language": "en",
        "country": ("PT", "BR", "PL")[n % 3], "joined_at": now - timedelta(days=800),
        "first_hand": True,
    }  # fmt: skip


def _order(n: int, drawn: tuple[int, float, int, int], now: datetime) -> Row:
    buyer, age, _, cents = drawn
    at = now - timedelta(days=age)
    return {
        "saleor_id": f"O{n}", "number": str(n), "person": buyer, "source": buyer,
        "status": "FULFILLED", "charge_status": "FULL", "origin": "CHECKOUT", "created_at": at,
        "channel": "web", "currency": "EUR", "total_minor": cents, "charged_minor": cents,
        "goods_minor": cents, "goods_reporting_minor": cents, "paid": True,
        "counts": True, "earns": True, "history": True, "updated_at": at, "issued_at": at,
        "country": ("PT", "BR", "PL")[buyer % 3],
    }  # fmt: skip


def _line(n: int, drawn: tuple[int, float, int, int]) -> Row:
    _, _, product, cents = drawn
    return {
        "order": n, "position": 0, "variant": product, "product": product, "sku": f"S{product}",
        "name": f"Product {product}", "quantity": 1, "unit_minor": cents,
        "undiscounted_unit_minor": cents, "total_minor": cents,
    }  # fmt: skip


def _nobody(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody is there", request=request)


def _headers() -> Mapping[str, str]:
    now = int(real_now().timestamp())
    token = jwt.encode(
        {
            "iss": API_URL, "owner": "saleor", "type": "thirdparty", "app": APP_ID,
            "user_id": "VXNlcjox", "email": "owner@example.com", "is_staff": True,
            "permissions": PERMISSIONS, "user_permissions": PERMISSIONS, "iat": now,
            "exp": now + 900,
        },
        deliveries.key(), algorithm="RS256", headers={"kid": deliveries.KID},
    )  # fmt: skip
    return {"authorization-bearer": token, "saleor-api-url": API_URL, "x-part": "main"}


def _measure(browser: TestClient, page: str) -> tuple[float, float]:
    """Median and 95th percentile of the milliseconds of a page, once it was asked for before."""
    headers, millis = _headers(), list[float]()
    for _ in range(TIMES + 1):
        started = time.perf_counter()
        answer = browser.get(page, headers=headers)
        millis.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, (page, answer.text)
    return _percentile(millis[1:], 50), _percentile(millis[1:], 95)


def _percentile(millis: Sequence[float], share: float) -> float:
    return round(float(np.percentile(millis, share)), 1)


def _tell(out: Console, figures: Mapping[str, tuple[float, float]]) -> None:
    table = Table("page", "p50 ms", "p95 ms", title="Pages")
    for page, (p50, p95) in figures.items():
        table.add_row(page, f"{p50:.1f}", f"{p95:.1f}")
    out.print(table)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
