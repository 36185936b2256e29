"""What we read by ourselves goes the way of what we are told: written down, promised, worked once.

So an order that a sweep finds closes carts and moves tiers just as one that Saleor tells of.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlmodel import col, select

from app.carts.tables import Cart
from app.customers.tables import Person
from app.history.flows import Overheard
from app.history.rules import Kind
from app.history.sources import SOURCES, Told
from app.kit.deliveries import name_of
from app.kit.promises import Delivery, Promise
from app.kit.tx import Tx, among
from app.orders import reading
from app.orders.tables import Order
from app.saleor.shapes import Checkout, Customer
from app.saleor.shapes import Order as OrderShape

EVENT: Mapping[Kind, str] = {
    Kind.ORDERS: "order_updated",
    Kind.CUSTOMERS: "customer_updated",
    Kind.CHECKOUTS: "checkout_updated",
}
SWEEP = "Sweep"
"""Who caused it? Nobody said. A checkout read so is no act of a shopper's (AC-3)."""
HOW_TOLD = frozenset({"issued_at", "hash", "history"})
"""Columns that say how an order was told and not how it is."""


class Body(NamedTuple):
    event: str
    raw: bytes

    @property
    def job(self) -> Overheard:
        name = name_of(self.event, self.raw)
        return Overheard(event=self.event, hash=name.hash, issued=name.issued)


def overhear(tx: Tx, kind: Kind, told: Sequence[Told[Any]]) -> None:
    """As if each had been delivered just now."""
    promise(tx, [_body(kind, one) for one in told])


def promise(tx: Tx, bodies: Sequence[Body]) -> None:
    """Write them down and promise to work them, but for those that ever were."""
    jobs = {body: body.job for body in bodies}
    keys = [job.key for job in jobs.values()]
    known = set(tx.exec(select(Promise.key).where(col(Promise.key).in_(keys)))) if keys else set()
    fresh = {job.key: body for body, job in jobs.items() if job.key not in known}
    for body in fresh.values():
        tx.later(jobs[body])
    promised = tx.exec(select(Promise.key, Promise.id).where(among(col(Promise.key), fresh)))
    rows = [
        {"id": id_, "event": fresh[key].event, "body": fresh[key].raw, "heard_at": tx.now}
        for key, id_ in promised
    ]
    tx.put(Delivery, rows, key=())


def _body(kind: Kind, told: Told[Any]) -> Body:
    event = EVENT[kind]
    errors = [{"path": list(path), "message": ""} for path in sorted(told.heard.nulled, key=str)]
    body = {
        "__typename": "".join(word.capitalize() for word in event.split("_")),
        "issuedAt": told.heard.issued_at.isoformat(),
        "issuingPrincipal": {"__typename": SWEEP},
        SOURCES[kind].noun: told.thing.model_dump(mode="json"),
        "errors": errors,
    }
    return Body(event, json.dumps(body).encode())


def news(tx: Tx, kind: Kind, told: Sequence[Told[Any]]) -> list[Told[Any]]:
    """Those that we don't know just so."""
    match kind:
        case Kind.ORDERS:
            return _news_of_orders(tx, told)
        case Kind.CUSTOMERS:
            return _news_of_customers(tx, told)
        case Kind.CHECKOUTS:
            return _news_of_checkouts(tx, told)
        case Kind.PRODUCTS:
            return list(told)


def _news_of_orders(tx: Tx, told: Sequence[Told[OrderShape]]) -> list[Told[OrderShape]]:
    """Two states may have one `updatedAt`: what it says is compared, not only when."""
    rows = tx.exec(select(Order).where(col(Order.saleor_id).in_([o.id for o, _ in told])))
    known = {row.saleor_id: row for row in rows}
    return [one for one in told if _differs(tx, known.get(one.thing.id), one)]


def _differs(tx: Tx, known: Order | None, told: Told[OrderShape]) -> bool:
    order, heard = told
    if known is None or known.updated_at < order.updated_at:
        return True
    if known.updated_at > order.updated_at:
        return False
    row = reading.row(order, heard, now=tx.now)
    unsaid = HOW_TOLD if order.origin else HOW_TOLD | {"origin", "counts"}
    return any(getattr(known, name) != row[name] for name in row.keys() - unsaid)


def _news_of_customers(tx: Tx, told: Sequence[Told[Customer]]) -> list[Told[Customer]]:
    rows = tx.exec(
        select(Person.account, Person.updated_at).where(
            col(Person.account).in_([customer.id for customer, _ in told]),
            col(Person.first_hand).is_(True),
        )
    )
    known = dict(rows.all())
    return [
        one for one in told if (at := known.get(one.thing.id)) is None or at < one.thing.updated_at
    ]


def _news_of_checkouts(tx: Tx, told: Sequence[Told[Checkout]]) -> list[Told[Checkout]]:
    rows = tx.exec(
        select(Cart.checkout, Cart.updated_at).where(
            col(Cart.checkout).in_([checkout.id for checkout, _ in told]),
            col(Cart.gone_at).is_(None),
        )
    )
    known = dict(rows.all())
    return [
        one for one in told if (at := known.get(one.thing.id)) is None or at < one.thing.updated_at
    ]
