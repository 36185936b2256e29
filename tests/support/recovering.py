"""A shop that follows abandoned checkouts up, its Saleor, and the mail that leaves it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

from sqlmodel import col, select

from app.customers.tables import Person
from app.journeys import flows, queries, switching
from app.journeys.tables import Recovery, Run, Skip
from app.kit.house import House
from app.messages import consent
from app.messages.consent import Saying
from app.messages.law import Said
from app.messages.tables import Outlet, Posted, Send
from app.shops.tables import Channel
from tests.support.makers import (
    JSON,
    checkout,
    checkout_line,
    event,
    gid,
    money,
    order,
    price,
)
from tests.support.story import Shop
from tests.support.till import Till


class Counter(Till):
    """The till, with a shelf, a book of orders and a way to make a checkout."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.orders: list[JSON] = []
        self.shelf: dict[str, tuple[int | None, float]] = {}
        """By variant: how many there are (None: any number) and for how much each."""
        self.made: list[JSON] = []
        self.shown: dict[str, JSON] = {}

    def sells(self, name: str = "tee", *, left: int | None = None, each: float = 20) -> None:
        self.shelf[gid("ProductVariant", name)] = (left, each)

    def _purchases_since(self, given: JSON) -> JSON:
        def facts(one: JSON) -> JSON:
            return {"node": {k: one[k] for k in ("id", "created", "origin", "userEmail", "user")}}

        since = datetime.fromisoformat(given["since"]).date()
        mine = [
            one
            for one in self.orders
            if given["email"] in (one["userEmail"] or "")
            and datetime.fromisoformat(one["created"]).date() >= since
        ]
        out = [one for one in self.orders if one["checkoutId"] in given["checkouts"]]
        return {
            "byAddress": {"edges": [facts(one) for one in mine]},
            "ofCheckout": {"edges": [facts(one) for one in out]},
        }

    def answers(self, body: JSON) -> None:
        """Asked for this order alone, Saleor shows it as it is."""
        self.shown[body["id"]] = body

    def _order(self, given: JSON) -> JSON:
        return {"order": self.shown.get(given["id"])}

    def _variants_on_sale(self, given: JSON) -> JSON:
        nodes = [
            {
                "id": id_,
                "quantityAvailable": self.shelf[id_][0],
                "product": {"id": gid("Product", id_), "name": id_, "isAvailable": True},
                "pricing": {"price": price(self.shelf[id_][1])},
            }
            for id_ in given["ids"]
            if id_ in self.shelf
        ]
        return {"productVariants": {"edges": [{"node": node} for node in nodes]}}

    def _products_for_sale(self, given: JSON) -> JSON:
        sold = [id_ for id_ in given["ids"] if id_ in self.shelf]
        nodes = [
            {
                "id": id_, "isAvailable": self.shelf[id_][0] != 0,
                "pricing": {"priceRange": {"start": price(self.shelf[id_][1])}},
            }
            for id_ in sold
        ]  # fmt: skip
        page = {"hasNextPage": False, "endCursor": None}
        return {"products": {"edges": [{"node": node} for node in nodes], "pageInfo": page}}

    def _checkout_create(self, given: JSON) -> JSON:
        id_ = gid("Checkout", f"new-{next(self._numbers)}")
        made = given | {
            "id": id_, "voucherCode": None, "updatedAt": self.later().isoformat(),
            "channel": {"id": gid("Channel", given["channel"]), "slug": given["channel"]},
        }  # fmt: skip
        self.made.append(made)
        self.checkouts[id_] = made
        told = {"id": id_, "updatedAt": made["updatedAt"]}
        return {"checkoutCreate": {"checkout": told, "errors": []}}


class Recovering(Shop):
    """`with Recovering(house, counter) as shop:`. The recipe is on; Cleo has agreed to mail."""

    def __init__(self, house: House, counter: Counter, *, on: bool = True, **options: int) -> None:
        super().__init__(house, transport=counter.transport)
        self.counter = counter
        counter.sells("tee")
        with self.work() as tx:
            tx.add(Channel(saleor_id=gid("Channel", "web"), slug="web", currency="EUR"))
            tx.add(
                Outlet(
                    channel="email", url=house.secrets.seal("mailbox:"),
                    sender="Shop <hello@shop.example>", postal="1 Street", since=tx.now,
                    checks={"spf": "good"},
                )
            )  # fmt: skip
            if on:
                switching.set_up(tx, "cart", options)
                flows.switch_on(tx, "cart")
        self.agrees("cleo@example.com")

    def agrees(self, address: str) -> None:
        with self.work() as tx:
            consent.say(
                tx, Saying(address=address, state=Said.GRANTED, source="storefront", country="DE")
            )

    def at(self, **span: float) -> str:
        return (self.house.clock.now() + timedelta(**span)).isoformat()

    def leaves(self, shopper: JSON | str = "cleo@example.com", **told: object) -> JSON:
        """A checkout is touched by its shopper, and Saleor tells of it."""
        body = checkout(shopper, updated=self.at(), created=told.pop("created", None), **told)
        self.counter.has(body)
        by = {"__typename": "User", "id": body["user"]["id"]} if body["user"] else None
        told_of = event("CHECKOUT_UPDATED", issued=self.at(), by=by, checkout=dict(body))
        self.hears("CHECKOUT_UPDATED", told_of)
        return body

    def buys(self, email: str = "cleo@example.com", *, told: bool = True, **more: object) -> JSON:
        """An order in Saleor; with `told`, its webhook comes too."""
        body = order(email, created=self.at(), **more)
        self.counter.orders.append(body)
        if told:
            self.hears("ORDER_CREATED", event("ORDER_CREATED", issued=self.at(), order=body))
        return body

    def guest(self, email: str) -> int:
        """Somebody who is known by an address alone. Our row."""
        key = f"guest:{email}"
        with self.work() as tx:
            tx.add(Person(key=key, email=email, country="DE"))
            tx.flush()
            found = tx.exec(select(Person.id).where(Person.key == key)).one()
        assert found
        return found

    def mail(self) -> list[Posted]:
        with self.look() as tx:
            return list(tx.exec(select(Posted).order_by(col(Posted.id))))

    def subjects(self) -> list[str]:
        return [letter.subject for letter in self.mail()]

    def runs(self) -> list[Run]:
        with self.look() as tx:
            return list(tx.exec(select(Run).order_by(col(Run.id))))

    def sends(self) -> list[Send]:
        with self.look() as tx:
            return list(tx.exec(select(Send).order_by(col(Send.id))))

    def skips(self) -> list[str]:
        with self.look() as tx:
            return [skip.why for skip in tx.exec(select(Skip).order_by(col(Skip.id)))]

    def sets(self, **terms: object) -> None:
        """The owner's own terms of recovery."""
        with self.work() as tx:
            row = queries.recovery(tx)
            for name, value in terms.items():
                setattr(row, name, value)
            tx.add(row)

    def link(self, nth: int = -1) -> str:
        """The recovery link in a letter, as it stands there."""
        found = re.search(r'href="([^"]*(?:%2Fr%2F|/r/|rt%3D|rt=)[^"]*)"', self.mail()[nth].html)
        assert found, self.mail()[nth].html
        url = unescape(found[1])
        inner = parse_qs(urlsplit(url).query).get("to")
        return inner[0] if inner else url

    def token(self, nth: int = -1) -> str:
        return urlsplit(self.link(nth)).path.rpartition("/")[2]


__all__ = ["Counter", "Recovering", "Recovery", "checkout_line", "money"]
