"""Books of a grown shop, laid in bulk: two years of orders, and what the app did beside them.

`lay` writes who bought what; the app's own flows then work out what stands behind the pages.
`live` writes what piles up meanwhile: carts, people on their way, messages and what became of
them, codes, decisions, and who is held back.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, SQLModel, insert, select, update

from app.carts.tables import Cart
from app.catalog.tables import Product, Variant
from app.customers.tables import Person
from app.decisions.tables import Decision
from app.history.flows import HistoryRead
from app.journeys import switching
from app.journeys.recipes import RECIPES
from app.journeys.tables import Footprint, Journey, Run, Skip
from app.kit.clock import real_now
from app.kit.house import House
from app.kit.tx import ShopId
from app.loyalty import flows as loyalty
from app.loyalty.tables import Act, Code, Voucher
from app.messages.consent_tables import Consent, ConsentEntry
from app.messages.tables import Send, Touch
from app.orders.tables import Line, Order
from app.proof.attribution_tables import Attribution
from app.proof.jobs import Measure
from app.shops.tables import Channel, Shop
from app.trials import flows as trials
from app.trials.tables import Assignment, Trial
from benchmarks import deliveries

API_URL, APP_ID = "https://shop.example/graphql/", "QXBwOjE="
PRODUCTS, CHUNK, YEARS_OF_DAYS = 1_000, 20_000, 730
LANDS = ("PT", "BR", "PL")
ON = ("cart", "second", "winback", "birthday", "replenish", "aftercare")
"""Automations that run, as their rows are numbered."""
CART_STATES = {
    "bought": 0.55, "idle": 0.15, "bought_anyway": 0.08, "expired": 0.07, "abandoned": 0.05,
    "recovered": 0.05, "superseded": 0.05,
}  # fmt: skip
KEPT = timedelta(days=90)
"""Saleor forgets a checkout after that."""
HELD_FOR = timedelta(days=180)
"""So long people have been held back."""
LEFT = ("abandoned", "recovered", "bought_anyway", "expired")
WAYS = ("metadata", "code", "click")

Row = dict[str, Any]
Drawn = NDArray[Any]


def open_shop(house: House) -> ShopId:
    now, seal = real_now(), house.secrets.seal
    with Session(house.engine) as session, session.begin():
        shop = Shop(
            api_url=API_URL, app_id=APP_ID, token=seal("t"), jwks=deliveries.jwks(), jwks_at=now,
            status_at=now, registered_at=now, code_secret=seal("s"), currency="EUR",
        )  # fmt: skip
        session.add(shop)
        session.flush()
        return ShopId(shop.id or 0)


def reopen(house: House) -> None:
    """Kept books: the keys that tokens are signed with are this process's own."""
    with Session(house.engine) as session, session.begin():
        session.exec(update(Shop).values(jwks=deliveries.jwks()))


def lay(house: House, shop: ShopId, customers: int, orders: int) -> None:
    """A few buy often and most seldom; a few products sell often; business grows over two years."""
    chance, now = np.random.default_rng(1), house.clock.now()
    with house.work(shop) as tx:
        loyalty.begin(tx)
        tx.add(Channel(saleor_id="Q2hhbm5lbDox", slug="web", currency="EUR"))
    write(house, shop, Product, (_product(n, now) for n in range(1, PRODUCTS + 1)))
    write(house, shop, Variant, (_variant(n, now) for n in range(1, PRODUCTS + 1)))
    write(house, shop, Person, (_person(n, now) for n in range(1, customers + 1)))
    eager = chance.gamma(0.6, 1.0, customers)
    buyers = chance.choice(customers, orders, p=eager / eager.sum()) + 1
    ages = np.sort(YEARS_OF_DAYS * (1 - np.sqrt(chance.random(orders))))[::-1]
    products = np.minimum(chance.zipf(1.3, orders), PRODUCTS)
    cents = chance.gamma(2.0, 2_000, orders).astype(np.int64) + 300
    drawn = list(
        zip(buyers.tolist(), ages.tolist(), products.tolist(), cents.tolist(), strict=True)
    )
    write(house, shop, Order, (_order(n, one, now) for n, one in enumerate(drawn, 1)))
    write(house, shop, Line, (_line(n, one) for n, one in enumerate(drawn, 1)))
    with house.work(shop) as tx:
        tx.later(HistoryRead(occasion="bench"))


def write(house: House, shop: ShopId, table: type[SQLModel], rows: Iterator[Row]) -> None:
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
        "country": LANDS[n % 3], "joined_at": now - timedelta(days=800),
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
        "country": LANDS[buyer % 3],
    }  # fmt: skip


def _line(n: int, drawn: tuple[int, float, int, int]) -> Row:
    _, _, product, cents = drawn
    return {
        "order": n, "position": 0, "variant": product, "product": product, "sku": f"S{product}",
        "name": f"Product {product}", "quantity": 1, "unit_minor": cents,
        "undiscounted_unit_minor": cents, "total_minor": cents,
    }  # fmt: skip


class Life:
    """What piled up in two years beside `orders` orders, more of it lately, as they grew."""

    def __init__(self, house: House, shop: ShopId, customers: int, orders: int) -> None:
        self.house, self.shop = house, shop
        self.customers, self.orders = customers, orders
        self.chance, self.now = np.random.default_rng(2), house.clock.now()

    def lived(self) -> None:
        """All of it, and what last night's proof made of it."""
        self._automations()
        self._carts(self.orders * 3 // 10)
        self._runs(self.orders // 5)
        self._sends(self.orders * 6 // 10)
        self._codes(self.orders // 10)
        self._decisions(self.orders * 7 // 10)
        self._attributed(self.orders // 15)
        self._held_back(self.customers * 8 // 10)

    def _put(self, table: type[SQLModel], count: int, row: Callable[[int, datetime], Row]) -> None:
        ages = np.sort(YEARS_OF_DAYS * (1 - np.sqrt(self.chance.random(count))))[::-1]
        write(
            self.house, self.shop, table,
            (row(n, self.now - timedelta(days=age)) for n, age in enumerate(ages.tolist(), 1)),
        )  # fmt: skip

    def _someone(self, count: int) -> list[int]:
        found: list[int] = (self.chance.integers(self.customers, size=count) + 1).tolist()
        return found

    def _automations(self) -> None:
        with self.house.work(self.shop) as tx:
            for recipe in ON:
                switching.set_up(tx, recipe, {})
                trials.hold(tx, recipe, [1])
        with self.house.work(self.shop) as tx:
            for journey in tx.exec(select(Journey)):
                journey.on_since = tx.now
                tx.add(journey)
            for trial in tx.exec(select(Trial)):
                trial.made_at = trial.began_at = tx.now - HELD_FOR
                tx.add(trial)

    def _carts(self, count: int) -> None:
        names, shares = list(CART_STATES), list(CART_STATES.values())
        states = self.chance.choice(names, count, p=shares).tolist()
        people = self._someone(count)

        def row(n: int, at: datetime) -> Row:
            state, person = states[n - 1], people[n - 1]
            if state == "abandoned" and at < self.now - KEPT:
                state = "expired"
            line = {
                "variant": "V1", "product": f"P{n % PRODUCTS + 1}", "name": "Product", "sku": "S1",
                "quantity": 1, "unit_minor": 4000,
            }  # fmt: skip
            return {
                "checkout": f"K{n}", "person": person, "email": f"name{person}@example.com",
                "channel": "web", "currency": "EUR", "language": "en",
                "country": LANDS[person % 3],
                "worth_minor": 1000 + n % 9000, "lines": [line], "state": state,
                "created_at": at, "touched_at": at, "updated_at": at, "issued_at": at,
                "abandoned_at": at + timedelta(hours=1) if state in LEFT else None,
            }  # fmt: skip

        self._put(Cart, count, row)

    def _runs(self, count: int) -> None:
        people, open_ = self._someone(count), max(count // 50, 1)

        def run(n: int, at: datetime) -> Row:
            over = n <= count - open_
            return {
                "journey": n % len(ON) + 1, "version": 1, "person": people[n - 1],
                "occasion": f"o{n}", "subject": f"K{n}", "step": n % 2, "anchor_at": at,
                "entered_at": at, "waits_since": at,
                "ended_at": at + timedelta(days=4) if over else None,
                "why": ("done", "bought")[n % 2] if over else None,
            }  # fmt: skip

        def footprint(n: int, at: datetime) -> Row:
            return {"run": n % count + 1, "step": f"s{n // count}", "what": "sent", "at": at}

        def skip(n: int, at: datetime) -> Row:
            return {
                "journey": n % len(ON) + 1, "person": people[n - 1], "occasion": f"o{n}",
                "subject": f"K{n}", "why": ("too_little", "suspect", "just_bought")[n % 3],
                "at": at,
            }  # fmt: skip

        self._put(Run, count, run)
        self._put(Footprint, count * 2, footprint)
        self._put(Skip, count // 2, skip)

    def _sends(self, count: int) -> None:
        people = self._someone(count)
        steps = [
            (key, step.key, step.message)
            for key in ON
            for step in RECIPES[key].definition({}).steps
            if step.kind == "send"
        ]

        def send(n: int, at: datetime) -> Row:
            campaign, step, message = steps[n % len(steps)]
            sent = n % 15 != 0
            return {
                "key": f"m{n}", "person": people[n - 1], "message": message, "version": 1,
                "purpose": "marketing", "channel": "email", "campaign": campaign, "step": step,
                "priority": 2, "decision": f"d{n}", "state": "sent" if sent else "refused",
                "reason": "" if sent else "capped", "asked_at": at, "due": at, "ended_at": at,
                "handed_at": at if sent else None, "sent_at": at if sent else None,
                "token_hash": f"t{n}", "provider_id": f"p{n}", "address_hash": f"a{people[n - 1]}",
                "language": "en",
            }  # fmt: skip

        def touch(n: int, at: datetime) -> Row:
            return {
                "send": n * 2, "person": people[n * 2 - 1], "kind": ("open", "click")[n % 2],
                "by": "human", "at": at,
            }  # fmt: skip

        def consent(n: int, at: datetime) -> Row:
            told = {
                "address": f"name{n}@example.com", "channel": "email", "purpose": "marketing",
                "state": "granted", "person": n, "country": LANDS[n % 3], "source": "checkout",
            }  # fmt: skip
            return told | {"at": at}

        self._put(Send, count, send)
        self._put(Touch, count // 2, touch)
        self._put(Consent, self.customers, consent)
        self._put(ConsentEntry, self.customers, lambda n, at: consent(n, at) | {"basis": "consent"})

    def _codes(self, count: int) -> None:
        people, each = self._someone(count), 4_000
        vouchers = count // each + 1

        def voucher(n: int, _: datetime) -> Row:
            months = self.now.year * 12 + self.now.month - 1 - (vouchers - n)
            return {
                "tier": ON[n % 3], "programme": True,
                "month": date(months // 12, months % 12 + 1, 1),
                "name": f"Code {n}", "mark": f"~{n}", "percent_hundredths": 1000,
                "begins_at": self.now - timedelta(days=30), "saleor_id": f"W{n}",
                "ends_at": self.now + timedelta(days=10), "listed": ["web"],
            }  # fmt: skip

        def code(n: int, at: datetime) -> Row:
            used = n % 4 == 0
            return {
                "voucher": n // each + 1, "person": people[n - 1], "code": f"CODE{n}",
                "minted_at": at, "ends_at": at + timedelta(days=14), "in_saleor_at": at,
                "used_at": at + timedelta(days=2) if used else None,
                "used_order": f"O{n * 10}" if used else None,
                "used_by": people[n - 1] if used else None,
            }  # fmt: skip

        def act(n: int, at: datetime) -> Row:
            return {
                "key": f"act{n}", "at": at, "verb": ("minted", "put_on", "used")[n % 3],
                "reason": "", "person": people[n - 1], "code": n,
            }  # fmt: skip

        one_each = {(n // each + 1, people[n - 1]): n for n in range(1, count + 1)}
        kept = set(one_each.values())
        self._put(Voucher, vouchers, voucher)
        ages = np.sort(YEARS_OF_DAYS * (1 - np.sqrt(self.chance.random(count))))[::-1].tolist()
        rows = (code(n, self.now - timedelta(days=ages[n - 1])) for n in sorted(kept))
        write(self.house, self.shop, Code, rows)
        self._put(Act, count, act)

    def _decisions(self, count: int) -> None:
        people = self._someone(count)

        def decision(n: int, at: datetime) -> Row:
            return {
                "at": at, "rule": "enter", "ref": f"cart:{n}", "person": people[n - 1],
                "trigger": f"o{n}", "subject": ON[n % len(ON)], "version": 1,
                "seen": '{"fit": 1, "re": 30}', "outcome": "entered",
            }  # fmt: skip

        self._put(Decision, count, decision)

    def _attributed(self, count: int) -> None:
        def found(n: int, at: datetime) -> Row:
            return {
                "order": self.orders - n, "way": WAYS[n % 3], "at": at, "send": n,
                "campaign": ON[n % len(ON)], "channel": "email",
            }  # fmt: skip

        ages = np.sort(60 * self.chance.random(count)).tolist()
        rows = (found(n, self.now - timedelta(days=ages[n])) for n in range(count))
        write(self.house, self.shop, Attribution, rows)

    def _held_back(self, count: int) -> None:
        with self.house.look(self.shop) as tx:
            held = [trial.id for trial in tx.exec(select(Trial))]
        rolls = self.chance.random(count).tolist()

        def drawn(n: int, at: datetime) -> Row:
            withheld = rolls[n - 1] < 0.1  # a tenth
            return {
                "trial": held[n % len(held)], "person": n + 1, "roll": rolls[n - 1], "at": at,
                "arm": "withheld" if withheld else "treated",
            }  # fmt: skip

        self._put(Assignment, count, drawn)
        with self.house.work(self.shop) as tx:
            tx.later(Measure(day=self.now.date().isoformat()))
