"""A shop with people who have been buying for two years, made straight as rows."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any, Self

import pytest
from sqlmodel import col, select
from typing_extensions import override

from app.catalog.tables import Price, Product, Variant
from app.customers.tables import Person
from app.kit.house import House
from app.kit.tx import Tx
from app.ltv import flows as value
from app.ltv import refit, scoring
from app.ltv.history import History
from app.ltv.refit import Refit
from app.ltv.tables import CustomerScore, Fitting
from app.orders.tables import Line, Order
from tests.support.makers import event, gid, line, order, user
from tests.support.story import Shop

WARES = (("tee", "Clothes", 2000, 800), ("mug", "Kitchen", 1200, 300), ("lamp", "Home", 6000, None))
CHANNELS, COUNTRIES = ("web", "kiosk"), ("DE", "PL", "BR")
SAID = (*scoring.SAID, "group_before")


LEARNT: dict[bytes, Refit] = {}
"""By all that goes in. Most tests begin with the same books; to learn them is half of a test."""
LEARN = refit.refit


def learn_once(history: History, **asked: object) -> Refit:
    traits = sorted((name, values.tobytes()) for name, values in history.traits.items())
    rows = [part.tobytes() for part in (history.start, history.day, history.sums)]
    told = rows, history.names.tolist(), traits, asked
    key = sha256(repr(told).encode()).digest()
    if key not in LEARNT:
        LEARNT[key] = LEARN(history, **asked)
    return LEARNT[key]


class Valued(Shop):
    """`with Valued(house) as shop:`; `shop.past(people)` fills its books."""

    def __init__(self, house: House, *, domain: str = "shop.example") -> None:
        super().__init__(house, domain=domain)
        self._patch = pytest.MonkeyPatch()

    @override
    def __enter__(self) -> Self:
        self._patch.setattr(refit, "refit", learn_once)
        return super().__enter__()

    @override
    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)
        self._patch.undo()

    def past(self, people: int = 150, *, days: int = 730, seed: int = 7) -> None:
        """People come all the time, buy in a rhythm of their own, and one day are gone."""
        with self.work() as tx:
            fill(tx, people, days=days, chance=Random(seed))

    def reckons(self) -> None:
        """The shop's history has been read."""
        with self.work() as tx:
            value.history_read(tx)
        self.settles()

    def night(self, days: float = 1) -> None:
        self.waits(days=days)
        with self.work() as tx:
            value.nightly(tx)
        self.settles()

    def named(self, name: str) -> int:
        with self.look() as tx:
            rows = select(Person.id).where(Person.key == f"account:{gid('User', name)}")
            return tx.exec(rows).one() or 0


def fill(tx: Tx, people: int, *, days: int, chance: Random, mark: str = "p") -> None:
    products = _wares(tx)
    names = [f"{mark}{n:04}" for n in range(people)]
    tx.put(Person, [_person(name, tx.now) for name in names], key=("key",))
    ids = dict(tx.exec(select(Person.key, Person.id)).all())
    orders, lines = list[dict[str, Any]](), list[dict[str, Any]]()
    for name in names:
        person = ids[f"account:{gid('User', name)}"] or 0
        came = tx.now - timedelta(days=chance.uniform(1, days))
        country, channel = chance.choice(COUNTRIES), chance.choice(CHANNELS)
        at, rhythm, leaves = came, chance.gammavariate(2, 40), chance.uniform(0.05, 0.4)
        while at < tx.now:
            number = f"{mark}-{len(orders) + 1}"
            product, variant, price, _ = chance.choice(products)
            pieces = chance.choice((1, 1, 1, 2, 3))
            back = price * pieces if chance.random() < 0.04 else 0
            tax = round((price * pieces - back) / 6)
            orders.append(_order(number, person, at, channel, country, price * pieces, back, tax))
            lines.append({"order": number, "product": product, "variant": variant,
                          "price": price, "pieces": pieces})  # fmt: skip
            if chance.random() < leaves:
                break
            at += timedelta(days=chance.expovariate(1 / rhythm) + 0.5)
    tx.put(Order, orders, key=("saleor_id",))
    rows = dict(tx.exec(select(Order.number, Order.id)).all())
    tx.put(Line, [_line(rows[each["order"]] or 0, each) for each in lines],
           key=("order", "position"))  # fmt: skip


def _wares(tx: Tx) -> list[tuple[int, int, int, int | None]]:
    known = tx.exec(select(Variant.product, Variant.id).order_by(col(Variant.id))).all()
    if known:
        return [
            (product, id_ or 0, price, cost)
            for (product, id_), (_, _, price, cost) in zip(known, WARES, strict=True)
        ]
    found = []
    for name, category, price, cost in WARES:
        product = Product(
            saleor_id=gid("Product", name), name=name.capitalize(), category_name=category,
            known_at=tx.now,
        )  # fmt: skip
        tx.add(product)
        tx.flush()
        variant = Variant(
            saleor_id=gid("ProductVariant", name), product=product.id or 0, sku=name.upper(),
            known_at=tx.now,
        )  # fmt: skip
        tx.add(variant)
        tx.flush()
        for channel in CHANNELS:
            tx.add(
                Price(
                    variant=variant.id or 0, channel=channel, currency="EUR", price_minor=price,
                    cost_minor=cost, known_at=tx.now,
                )
            )  # fmt: skip
        found.append((product.id or 0, variant.id or 0, price, cost))
    return found


def _person(name: str, now: datetime) -> dict[str, Any]:
    account = gid("User", name)
    return {
        "key": f"account:{account}", "account": account, "email": f"{name}@example.com",
        "confirmed": True, "staff": False, "active": True, "first_name": name.capitalize(),
        "last_name": "Example", "language": "EN", "country": "DE", "first_hand": True,
        "updated_at": now, "issued_at": now, "hash": "",
    }  # fmt: skip


def _order(
    number: str, person: int, at: datetime, channel: str, country: str, value: int, back: int,
    tax: int,
) -> dict[str, Any]:  # fmt: skip
    at = at.astimezone(UTC)
    return {
        "saleor_id": gid("Order", number), "number": number, "person": person,
        "source": person, "status": "FULFILLED", "charge_status": "FULL", "origin": "CHECKOUT",
        "created_at": at, "channel": channel, "currency": "EUR", "total_minor": value,
        "refunded_minor": back, "charged_minor": value - back, "goods_minor": value - back,
        "goods_reporting_minor": value - back, "tax_minor": tax, "shipping_minor": 0,
        "discount_minor": 0, "gift_card_minor": 0, "language": "EN", "country": country,
        "paid": True, "counts": True, "earns": True, "history": True, "updated_at": at,
        "issued_at": at, "hash": "", "content": "",
    }  # fmt: skip


def _line(order: int, each: dict[str, Any]) -> dict[str, Any]:
    price, pieces = each["price"], each["pieces"]
    return {
        "order": order, "position": 0, "variant": each["variant"], "product": each["product"],
        "sku": None, "name": "", "variant_name": "", "quantity": pieces, "gift": False,
        "unit_minor": price, "undiscounted_unit_minor": price, "total_minor": price * pieces,
    }  # fmt: skip


def scores(shop: Valued) -> dict[int, CustomerScore]:
    return {row.person: row for row in shop.all(CustomerScore)}


def said(shop: Valued) -> dict[int, dict[str, Any]]:
    return {p: {name: getattr(row, name) for name in SAID} for p, row in scores(shop).items()}


def in_use(shop: Valued) -> Fitting:
    (fit,) = [fit for fit in shop.all(Fitting) if fit.active]
    assert isinstance(fit, Fitting)
    return fit


def buys(shop: Valued, name: str, each: float = 20) -> None:
    at = shop.house.clock.now().isoformat()
    told = order(user(name), lines=[line(each=each)], created=at, updated=at)
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=at, order=told))
