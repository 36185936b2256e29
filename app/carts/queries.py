"""Questions about checkouts and what became of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import and_, col, func, or_, select

from app.carts import rules
from app.carts.rules import State
from app.carts.tables import Cart, Heir, Patience
from app.customers.tables import Person
from app.kit.asking import any_of, ask, blank, question
from app.kit.tx import Tx, among
from app.orders.tables import Order

REACH = timedelta(days=90)
"""Saleor keeps a checkout no longer; what is older has nothing to do with a new one."""
NO_PURCHASE = ("BULK_CREATE", "DRAFT")
"""AC-6: origins that are no act of the shopper's."""

RECENT = col(Cart.created_at) >= blank("since")
FAMILY = question(
    select(Cart).where(
        or_(
            any_of(col(Cart.checkout), "checkouts"),
            and_(any_of(col(Cart.person), "persons"), RECENT),
            and_(any_of(col(Cart.email), "emails"), RECENT),
        )
    )
)
KNOWN = question(select(Cart.checkout).where(any_of(col(Cart.checkout), "checkouts")))
LEFT = question(select(Heir.of).where(any_of(col(Heir.checkout), "checkouts")))
HEIRS = question(select(Heir.of, Heir.checkout).where(any_of(col(Heir.of), "checkouts")))
OWNERS = question(
    select(col(Person.email), col(Person.id)).where(any_of(col(Person.email), "emails"))
)
CHOSEN = question(select(Patience))
PURCHASE: list[Any] = [
    Order.saleor_id, Order.checkout, func.coalesce(Order.decision, Order.brought_by),
    Order.created_at, Order.person, Order.source, Order.origin,
]  # fmt: skip
LATER = col(Order.created_at) >= blank("since")
# one index each: an OR over all three would read them all
OF_CHECKOUTS = question(select(*PURCHASE).where(any_of(col(Order.checkout), "checkouts")))
OF_PERSONS = question(select(*PURCHASE).where(any_of(col(Order.person), "persons"), LATER))
OF_SOURCES = question(select(*PURCHASE).where(any_of(col(Order.source), "sources"), LATER))


@dataclass(frozen=True)
class Purchase:
    """An order, as far as it can end a cart."""

    saleor_id: str
    checkout: str | None
    decision: str | None
    created_at: datetime
    person: int | None
    source: int | None
    origin: str | None


@dataclass(frozen=True)
class Tally:
    """Carts left behind in one currency since an instant, and how many were bought after all."""

    currency: str
    left: int
    bought: int


@dataclass(frozen=True)
class Waiting:
    """Abandoned now and not bought, replaced or expired."""

    currency: str
    carts: int
    worth_minor: int


def by_checkout(tx: Tx, checkout: str) -> Cart | None:
    return tx.exec(select(Cart).where(Cart.checkout == checkout)).first()


def known(tx: Tx, checkouts: Collection[str]) -> frozenset[str]:
    """Those of these that have been heard of before."""
    return frozenset(ask(tx, KNOWN, checkouts=sorted(checkouts)))


def family(
    tx: Tx,
    *,
    checkouts: Collection[str] = (),
    persons: Collection[int] = (),
    emails: Collection[str] = (),
) -> list[Cart]:
    """These checkouts and all others of the same people, by account or by address."""
    found: dict[int, Cart] = {}
    checkouts = {*checkouts, *_left(tx, checkouts)}
    asked: set[object] = set()
    while True:
        rows = ask(
            tx,
            FAMILY,
            checkouts=sorted(checkouts),
            persons=sorted(persons),
            emails=sorted(emails),
            since=tx.now - REACH,
        )
        found |= {cart.id: cart for cart in rows if cart.id}
        asked |= {*persons, *emails}
        persons = {cart.person for cart in found.values() if cart.person} | set(persons)
        emails = {cart.email for cart in found.values() if cart.email} | set(emails)
        if asked >= persons | emails:
            return sorted(found.values(), key=lambda cart: cart.checkout)


def _left(tx: Tx, checkouts: Collection[str]) -> list[str]:
    """The abandoned ones that these were made out of."""
    if not checkouts:
        return []
    return list(ask(tx, LEFT, checkouts=sorted(checkouts)))


def heirs(tx: Tx, checkouts: Collection[str]) -> dict[str, frozenset[str]]:
    """By checkout: those that were made out of it."""
    found: dict[str, frozenset[str]] = {}
    for of, checkout in ask(tx, HEIRS, checkouts=sorted(checkouts)):
        found[of] = found.get(of, frozenset()) | {checkout}
    return found


@dataclass(frozen=True)
class Purchases:
    """Orders of many people, and whose e-mail addresses are whose."""

    all: Sequence[Purchase]
    owners: Mapping[str, frozenset[int]]
    """By address: everybody who is known under it."""
    heirs: Mapping[str, frozenset[str]]
    """By checkout: those that were made out of it."""

    def own(self, checkout: str) -> frozenset[str]:
        """It, and what was made out of it."""
        return self.heirs.get(checkout, frozenset()) | {checkout}

    def of(self, family: Sequence[Cart]) -> list[Purchase]:
        """Out of these carts, and all others of their people since the first was begun."""
        checkouts = {id_ for cart in family for id_ in self.own(cart.checkout)}
        persons = {cart.person for cart in family if cart.person}
        emails = {cart.email for cart in family if cart.email}
        named = {id_ for email in emails for id_ in self.owners.get(email, ())}
        since = min(cart.created_at for cart in family)
        return [
            purchase
            for purchase in self.all
            if purchase.checkout in checkouts
            or (
                purchase.created_at >= since
                and purchase.origin not in NO_PURCHASE
                and (purchase.person in persons or purchase.source in named)
            )
        ]


def purchases(tx: Tx, carts: Sequence[Cart]) -> Purchases:
    """Orders out of these carts, and all others of their people since the first was begun."""
    persons = sorted({cart.person for cart in carts if cart.person})
    emails = sorted({cart.email for cart in carts if cart.email})
    owners: dict[str, frozenset[int]] = {}
    if emails:
        for email, id_ in ask(tx, OWNERS, emails=emails):
            owners[email or ""] = owners.get(email or "", frozenset()) | {id_ or 0}
    theirs = sorted({id_ for ids in owners.values() for id_ in ids})
    checkouts = {cart.checkout for cart in carts}
    made = heirs(tx, checkouts)
    since = min(cart.created_at for cart in carts)
    rows = [*ask(tx, OF_CHECKOUTS, checkouts=sorted(checkouts.union(*made.values())))]
    if persons:
        rows += ask(tx, OF_PERSONS, persons=persons, since=since)
    if theirs:
        rows += ask(tx, OF_SOURCES, sources=theirs, since=since)
    found = {row[0]: Purchase(*row) for row in rows}
    order = sorted(found.values(), key=lambda purchase: (purchase.created_at, purchase.saleor_id))
    return Purchases(order, owners, made)


def patience(tx: Tx) -> timedelta:
    """AC-1: the owner's, or an hour."""
    return _chosen(tx)[0]


def per_channel(tx: Tx) -> bool:
    """AC-8: whether checkouts in different channels and languages are kept apart."""
    return _chosen(tx)[1]


def _chosen(tx: Tx) -> tuple[timedelta, bool]:
    """Read once a unit of work."""
    known: tuple[timedelta, bool] | None = tx.info.get("patience")
    if known is None:
        row = chosen_patience(tx)
        known = (
            (timedelta(minutes=row.minutes), row.per_channel) if row else (rules.PATIENCE, False)
        )
        tx.info["patience"] = known
    return known


def waiting(tx: Tx) -> list[Waiting]:
    rows: Any = tx.exec(
        select(Cart.currency, func.count(), func.sum(Cart.worth_minor))
        .where(Cart.state == State.ABANDONED.value)
        .group_by(col(Cart.currency))
        .order_by(col(Cart.currency))
    )
    return [Waiting(currency, carts, int(worth)) for currency, carts, worth in rows]


def tallies(tx: Tx, *, since: datetime) -> list[Tally]:
    """By currency: carts abandoned since then, and those of them whose person bought after all."""
    bought = among(col(Cart.state), [State.RECOVERED.value, State.BOUGHT_ANYWAY.value])
    rows = tx.exec(
        select(Cart.currency, func.count(), func.count().filter(bought))
        .where(col(Cart.abandoned_at) >= since)
        .group_by(col(Cart.currency))
        .order_by(col(Cart.currency))
    )
    return [Tally(*row) for row in rows]


def begun_by(
    tx: Tx, visitors: Collection[str], *, since: datetime, until: datetime
) -> dict[str, list[datetime]]:
    """AC-12: by hashed address, when checkouts were begun from there."""
    found: dict[str, list[datetime]] = {}
    if visitors:
        asked = select(Cart.visitor, Cart.created_at).where(
            among(col(Cart.visitor), sorted(visitors)),
            col(Cart.created_at) >= since,
            col(Cart.created_at) <= until,
        )
        for visitor, at in tx.exec(asked):
            found.setdefault(visitor or "", []).append(at)
    return found


def nameless(tx: Tx, *, since: datetime) -> int:
    """AC-2: carts that rest with something in them and nobody to write to. Only counted."""
    return tx.exec(
        select(func.count()).where(
            Cart.state == State.IDLE.value,
            col(Cart.touched_at) >= since,
            col(Cart.email).is_(None),
            Cart.worth_minor > 0,
        )
    ).one()


def dearest(tx: Tx, *, limit: int, skip: int = 0) -> list[Cart]:
    """The abandoned ones, the most valuable first. Several currencies are not compared."""
    rows = select(Cart).where(Cart.state == State.ABANDONED.value)
    by = (col(Cart.worth_minor).desc(), col(Cart.id))
    return list(tx.exec(rows.order_by(*by).offset(skip).limit(limit)))


def latest(tx: Tx, *, limit: int, skip: int = 0) -> list[Cart]:
    """The abandoned ones, the last touched first."""
    rows = select(Cart).where(Cart.state == State.ABANDONED.value)
    by = (col(Cart.touched_at).desc(), col(Cart.id))
    return list(tx.exec(rows.order_by(*by).offset(skip).limit(limit)))


def unheard(tx: Tx, *, since: datetime, limit: int) -> list[Cart]:
    """Open carts of which nothing has been heard for long: is Saleor still keeping them?"""
    open_ = among(
        col(Cart.state),
        [State.ACTIVE.value, State.IDLE.value, State.ABANDONED.value, State.SUPERSEDED.value],
    )
    rows = select(Cart).where(open_, col(Cart.issued_at) < since, col(Cart.gone_at).is_(None))
    return list(tx.exec(rows.order_by(col(Cart.issued_at)).limit(limit)))


def chosen_patience(tx: Tx) -> Patience | None:
    return next(iter(ask(tx, CHOSEN)), None)
