"""Where somebody is written down."""

import json
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast
from sqlmodel import col, or_, select

from app.customers.tables import Address, Person
from app.kit.promises import Delivery, Promise
from app.kit.tx import Tx
from app.orders.tables import Order


def addresses(tx: Tx, account: str) -> set[str]:
    """Every address this account is known to have had."""
    mine = select(Person.id).where(Person.key == f"account:{account}")
    proved = tx.exec(select(Address.email).where(col(Address.person).in_(mine)))
    own = tx.exec(select(Person.email).where(Person.key == f"account:{account}"))
    return {*proved} | {email for email in own if email}


def proved_by_others(tx: Tx, account: str, emails: Collection[str]) -> set[str]:
    """Those of them that another account has proved to be its own."""
    rows = (
        select(Address.email)
        .join(Person, col(Person.id) == col(Address.person))
        .where(col(Address.email).in_(emails), Person.key != f"account:{account}")
    )
    return set(tx.exec(rows))


def bearers(tx: Tx, keys: Collection[str]) -> frozenset[int]:
    """The persons under these keys, and the guests that have joined them."""
    named = {id_ for id_ in tx.exec(select(Person.id).where(col(Person.key).in_(keys))) if id_}
    joined = tx.exec(select(Person.id).where(col(Person.merged_into).in_(named)))
    return frozenset(named | {id_ for id_ in joined if id_})


def back_since(tx: Tx, persons: Collection[int], *, at: datetime) -> frozenset[int]:
    """The guests among them who have bought again since then."""
    rows = (
        select(Order.source)
        .join(Person, col(Person.id) == col(Order.source))
        .where(
            col(Order.source).in_(persons),
            col(Person.account).is_(None),
            col(Order.created_at) > at,
        )
    )
    return frozenset(source for source in tx.exec(rows) if source)


def promises_naming(tx: Tx, names: Collection[str]) -> list[Promise]:
    """Promises whose own body has one of these names in it."""
    text = cast(col(Promise.body), Text)
    marks: list[ColumnElement[bool]] = [
        text.contains(_told(name), autoescape=True) for name in names
    ]
    return list(tx.exec(select(Promise).where(or_(*marks))))


def parked_naming(tx: Tx, names: Collection[str]) -> list[int]:
    """Deliveries that nobody could read, with one of these names in their body."""
    marks = [_told(name).lower().encode() for name in names]
    marks += [name.lower().encode() for name in names]
    bodies = tx.exec(
        select(Delivery.id, Delivery.body)
        .join(Promise, col(Promise.id) == Delivery.id)
        .where(col(Promise.parked_at).is_not(None))
    )
    return [id_ for id_, body in bodies if any(mark in body.lower() for mark in marks)]


def _told(name: str) -> str:
    """As JSON writes it."""
    return json.dumps(name)[1:-1]
