"""The tables that are handed out. Each is read some rows at a time, after a cursor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import and_, case, col, func, select

from app.customers.tables import Person
from app.journeys import queries as journeys
from app.journeys import showing
from app.kit.money import major
from app.kit.tx import Tx
from app.loyalty import queries as loyalty
from app.loyalty.tables import Code, Membership, Voucher
from app.ltv import downloads
from app.ltv.entries import EPOCH
from app.ltv.tables import CustomerScore, CustomerTally
from app.orders.tables import Order
from app.segments import queries as segments
from app.segments.tables import Stay

Row = dict[str, Any]
Asked = Mapping[str, str]


@dataclass(frozen=True)
class Some:
    """Rows in order, and the cursor after which the next ones come; None where that was all."""

    rows: Sequence[Row]
    cursor: int | None


Reader = Callable[[Tx, Asked, int, int], Some]
"""The unit of work, what else was asked, the cursor, and how many at most."""


def customers(tx: Tx, _: Asked, after: int, limit: int) -> Some:
    """Everybody who bought, with value, tier and group, by our own number."""
    terms = loyalty.terms(tx)
    currency = terms.currency if terms else ""
    columns: list[Any] = [Person, CustomerTally, CustomerScore, Membership]
    found: Any = tx.exec(
        select(*columns)
        .join(CustomerTally, col(CustomerTally.person) == col(Person.id))
        .join(CustomerScore, col(CustomerScore.person) == col(Person.id), isouter=True)
        .join(Membership, col(Membership.person) == col(Person.id), isouter=True)
        .where(
            col(Person.id) > after,
            col(Person.merged_into).is_(None),
            col(Person.erased_at).is_(None),
        )
        .order_by(col(Person.id))
        .limit(limit)
    ).all()
    rows = []
    for person, tally, score, member in found:
        tier = terms.tier_of(member, person.email, now=tx.now) if terms and terms.open else None
        rows.append(
            _who(person)
            | {
                "country": person.country or None,
                "language": person.language or None,
                "tier": tier.key if tier else None,
                "orders": tally.orders,
                "first_order": _day(tally.first),
                "last_order": _day(tally.last),
                "currency": currency,
                "value_to_date": _sum(score and score.to_date, currency),
                "expected_12_months": _sum(score and score.net_12, currency),
                "expected_low": _sum(score and score.net_12_low, currency),
                "expected_high": _sum(score and score.net_12_high, currency),
                "still_customer": round(score.alive, 4) if score else None,
                "group": (score.group or None) if score else None,
                "letter": (score.tier or None) if score else None,
            }
        )
    return Some(rows, found[-1][0].id if len(found) == limit else None)


def _who(person: Person) -> Row:
    return {
        "id": person.id,
        "account": person.account,
        "email": person.email,
        "first_name": person.first_name or None,
        "last_name": person.last_name or None,
    }


def groups(tx: Tx, _: Asked, __: int, ___: int) -> Some:
    """The segments, and how many people are in each."""
    heads = segments.headcounts(tx)
    rows = [
        {"key": one.key, "name": one.name or one.key, "people": heads.get(one.id or 0, 0)}
        for one in segments.live(tx)
    ]
    return Some(rows, None)


def members(tx: Tx, asked: Asked, after: int, limit: int) -> Some:
    """Who is in the segment `key` now, by our own number."""
    segment = segments.by_key(tx, asked["key"])
    if segment is None:
        raise LookupError(asked["key"])
    columns: list[Any] = [Person, Stay.entered_at]
    here = and_(segments.members(segment.id or 0), col(Stay.person) == col(Person.id))
    found: Any = tx.exec(
        select(*columns)
        .join(Stay, here)
        .where(col(Person.id) > after, col(Person.erased_at).is_(None))
        .order_by(col(Person.id))
        .limit(limit)
    ).all()
    rows = [_who(person) | {"since": since} for person, since in found]
    return Some(rows, found[-1][0].id if len(found) == limit else None)


def cohorts(tx: Tx, asked: Asked, _: int, __: int) -> Some:
    """By cohort and period of 30 days; `by` month, channel, country, product or category."""
    return Some(_named(downloads.cohorts(tx, asked)), None)


def rfm(tx: Tx, asked: Asked, _: int, __: int) -> Some:
    """The cells of recency, and frequency with money, with their group."""
    return Some(_named(downloads.rfm(tx, asked)), None)


def _named(rows: downloads.Rows) -> list[Row]:
    head, *rest = rows
    return [
        dict(zip(map(str, head), (None if cell == "" else cell for cell in row), strict=True))
        for row in rest
    ]


def automations(tx: Tx, _: Asked, __: int, ___: int) -> Some:
    """Every automation that is set up: who is on the way, and who entered in 30 days."""
    since = {journey.key: journey.on_since for journey in journeys.every(tx)}
    rows = [
        {
            "key": card.key,
            "name": card.name or card.key,
            "on": card.on,
            "on_since": since.get(card.key),
            "on_the_way": card.on_the_way,
            "entered_30_days": card.entered,
        }
        for card in showing.cards(tx)
        if card.set_up
    ]
    return Some(rows, None)


def offers(tx: Tx, _: Asked, after: int, limit: int) -> Some:
    """Each month's voucher of a tier or an automation: codes given and used, and on what orders.

    Amounts are of one currency a row: a voucher used in two has two rows, and one unused has one.
    """
    vouchers = tx.exec(
        select(Voucher).where(col(Voucher.id) > after).order_by(col(Voucher.id)).limit(limit)
    ).all()
    ids = [voucher.id or 0 for voucher in vouchers]
    counted: Any = tx.exec(
        select(Code.voucher, func.count(), func.count(col(Code.used_at)))
        .where(col(Code.voucher).in_(ids))
        .group_by(col(Code.voucher))
    )
    counts = {voucher: (given, used) for voucher, given, used in counted}
    used_on: Any = tx.exec(
        select(
            Code.voucher,
            Order.currency,
            func.sum(Order.total_minor),
            func.sum(case((col(Order.discount_minor) > 0, Order.discount_minor), else_=0)),
        )
        .join(Code, col(Code.used_order) == col(Order.saleor_id))
        .where(col(Code.voucher).in_(ids))
        .group_by(col(Code.voucher), col(Order.currency))
        .order_by(col(Code.voucher), col(Order.currency))
    )
    sums: dict[int, list[Row]] = {}
    for voucher, currency, total, off in used_on:
        told = {"currency": currency, "on_orders_of": _sum(int(total), currency)}
        sums.setdefault(voucher, []).append(told | {"taken_off": _sum(int(off), currency)})
    nothing = {"currency": None, "on_orders_of": None, "taken_off": None}
    rows = [
        {
            "id": voucher.id,
            "of": voucher.tier,
            "kind": "automation" if voucher.programme else "tier",
            "month": voucher.month,
            "percent": Decimal(voucher.percent_hundredths) / 100,
            "given": counts.get(voucher.id or 0, (0, 0))[0],
            "used": counts.get(voucher.id or 0, (0, 0))[1],
        }
        | told
        for voucher in vouchers
        for told in sums.get(voucher.id or 0, [nothing])
    ]
    return Some(rows, ids[-1] if len(ids) == limit else None)


def _day(day: int | None) -> date | None:
    return None if day is None else date.fromordinal(day + EPOCH)


def _sum(minor: int | None, currency: str) -> Decimal | None:
    return None if minor is None else major(minor, currency or "EUR")


def plain(value: object) -> object:
    """As JSON and CSV have it: amounts as decimal text, instants and days as ISO 8601."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
