"""Questions about what was bought. Sums of people are in the reporting currency."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, extract, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from app.customers.tables import Person
from app.kit.asking import any_of, ask, question
from app.kit.hearing import Version
from app.kit.tx import Tx
from app.orders.reading import GAPPED
from app.orders.tables import Line, Order
from app.orders.writing import Known

EARNED = and_(col(Order.counts).is_(True), col(Order.earns).is_(True), col(Order.paid).is_(True))
"""ID-2: what tiers are reckoned by. Bought, paid, and surely by this account."""
BOUGHT = and_(col(Order.counts).is_(True), col(Order.paid).is_(True))
GAP_COLUMNS = tuple(name for names in GAPPED.values() for name in names)


@dataclass(frozen=True)
class Spend:
    """What somebody spent on goods, net of refunds, in minor units of the reporting currency."""

    minor: int = 0
    orders: int = 0
    first: datetime | None = None
    last: datetime | None = None
    without_rate: int = 0
    """Orders in a currency that has no rate for their day: not in `minor` (LV-1)."""


@dataclass(frozen=True)
class Waiting:
    """Paid orders that earn nothing until an account is confirmed."""

    people: int
    """In several currencies, somebody may be counted once for each."""
    orders: int
    goods_minor: Mapping[str, int]
    """By currency."""


KNOWN: list[Any] = [
    Order.saleor_id, Order.id, Order.updated_at, Order.issued_at, Order.hash, Order.gaps,
    Order.paid, Order.sent, Order.history, Order.refunded_minor, Order.content,
    *(getattr(Order, name) for name in GAP_COLUMNS),
]  # fmt: skip
ALL_KNOWN = question(select(*KNOWN).where(any_of(col(Order.saleor_id), "ids")))

SPEND: list[Any] = [
    func.coalesce(func.sum(Order.goods_reporting_minor), 0),
    func.count(),
    func.min(Order.created_at),
    func.max(Order.created_at),
    func.count().filter(col(Order.goods_reporting_minor).is_(None)),
]


def known(tx: Tx, saleor_ids: Collection[str]) -> dict[str, Known]:
    """What we have of these orders, as far as a new telling of them needs to know."""
    return {
        row.saleor_id: Known(
            row.id,
            Version(row.updated_at, row.issued_at, row.hash),
            row.gaps or {},
            {name: getattr(row, name) for name in GAP_COLUMNS},
            row.paid,
            row.sent,
            row.history,
            row.refunded_minor,
            row.content,
        )
        for row in ask(tx, ALL_KNOWN, ids=sorted(saleor_ids))
    }


def spend(tx: Tx, person: int, *, since: datetime) -> Spend:
    """TI-1: what counts for the tier of an account."""
    return _spend(tx, person, and_(EARNED, col(Order.created_at) >= since))


def value_to_date(tx: Tx, person: int) -> Spend:
    """LV-1: historic value, from every paid order that counts."""
    return _spend(tx, person, BOUGHT)


def _spend(tx: Tx, person: int, which: ColumnElement[bool]) -> Spend:
    rows: Any = tx.exec(select(*SPEND).where(Order.person == person, which))
    return _of(*rows.one())


def spends(tx: Tx, *, since: datetime) -> dict[int, Spend]:
    """TI-1 for everybody at once."""
    rows: Any = tx.exec(
        select(Order.person, *SPEND)
        .where(EARNED, col(Order.created_at) >= since, col(Order.person).is_not(None))
        .group_by(col(Order.person))
    )
    return {row[0]: _of(*row[1:]) for row in rows}


def _of(
    minor: Any,  # noqa: ANN401  # PostgreSQL adds BIGINTs up to a Decimal
    orders: int,
    first: datetime | str | None,
    last: datetime | str | None,
    without_rate: int,
) -> Spend:
    return Spend(int(minor), orders, first, last, without_rate)  # type: ignore[arg-type]


def dearest_a_month(tx: Tx, *, since: datetime, least: int = 0) -> dict[int, int]:
    """By person: the goods of the dearest order of each calendar month (UTC), added up; months
    whose dearest comes to less than `least` left out. Reporting currency."""
    at, goods = col(Order.created_at), col(Order.goods_reporting_minor)
    monthly: Any = (
        select(col(Order.person).label("person"), func.max(goods).label("dearest"))
        .where(EARNED, at >= since, col(Order.person).is_not(None), goods.is_not(None))
        .group_by(col(Order.person), extract("year", at), extract("month", at))
        .having(func.max(goods) >= least)
        .subquery()
    )
    rows: Any = tx.exec(
        select(monthly.c.person, func.sum(monthly.c.dearest)).group_by(monthly.c.person)
    )
    return {person: int(minor) for person, minor in rows}


def last_orders(tx: Tx, person: int, *, limit: int = 5) -> list[Order]:
    rows = select(Order).where(Order.person == person).order_by(col(Order.created_at).desc())
    return list(tx.exec(rows.limit(limit)))


def paid_with(tx: Tx, card: str) -> list[Order]:
    """Orders that this gift card paid, or a part of them: the newest five, the last one first."""
    rows = (
        select(Order)
        .where(
            col(Order.cards).is_not(None),
            cast(col(Order.cards), String).contains(f'"{card}"', autoescape=True),
        )
        .order_by(col(Order.created_at).desc())
        .limit(5)
    )
    return [order for order in tx.exec(rows) if card in (order.cards or ())]  # LIKE knows no case


def by_saleor_id(tx: Tx, saleor_id: str) -> Order | None:
    return tx.exec(select(Order).where(Order.saleor_id == saleor_id)).first()


def of_checkout(tx: Tx, checkout: str) -> Order | None:
    return tx.exec(select(Order).where(Order.checkout == checkout)).first()


def lines(tx: Tx, order: int) -> list[Line]:
    return list(tx.exec(select(Line).where(Line.order == order).order_by(col(Line.position))))


def waiting(tx: Tx) -> Waiting:
    """ID-2: what unconfirmed accounts have paid for, and guests under their addresses."""
    account, guest = aliased(Person), aliased(Person)
    unproved = and_(col(account.account).is_not(None), col(account.confirmed).is_(False))
    # not `IS NULL`: SQLite would go through all guests for each account, and not by the address
    a_guest = func.coalesce(col(guest.account), "") == ""
    under = and_(unproved, col(guest.email) == col(account.email), a_guest)
    # the few who are unconfirmed go first: else every order of the shop is looked at
    guests: Any = select(col(guest.id), col(account.id)).where(under)
    owners = dict(tx.exec(guests).all())
    theirs = union_all(select(col(account.id)).where(unproved), select(col(guest.id)).where(under))
    bought: Any = tx.exec(
        select(Order.currency, Order.source, func.count(), func.sum(Order.goods_minor))
        .where(BOUGHT, col(Order.earns).is_(False), col(Order.source).in_(theirs))
        .group_by(col(Order.currency), col(Order.source))
        .order_by(col(Order.currency))
    )
    people: dict[str, set[int]] = {}
    sums: dict[str, int] = {}
    count = 0
    for currency, source, orders, goods in bought:
        people.setdefault(currency, set()).add(owners.get(source, source))
        sums[currency] = sums.get(currency, 0) + int(goods)
        count += orders
    return Waiting(
        people=sum(len(some) for some in people.values()), orders=count, goods_minor=sums
    )
