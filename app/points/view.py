"""What pages, widget and storefront show of points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from app.customers.tables import Person
from app.kit.money import major
from app.kit.tx import Tx
from app.loyalty import coupons
from app.points import expiring, queries, rules, spending
from app.points.queries import Sums
from app.points.rules import Owed, Word
from app.points.tables import PointsEntry, PointsMonth, PointsSpend
from app.shops.flows import this_shop
from app.web.notation import Sum

LINES, CODES, MONTHS = 8, 4, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the ledger."""

    at: datetime
    kind: str
    points: int
    pending: int
    order: str | None
    order_link: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Points that became a code."""

    id: int
    code: str | None
    """None while it is being made, and where none came of it."""
    worth: Sum
    least: Sum
    ends_at: datetime | None
    used: bool
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """What somebody has, and what became of it."""

    on: bool
    available: int
    pending: int
    worth: Sum | None
    ends_at: datetime | None
    """PT-5: when all of it ends if nothing happens."""
    most: int
    """So many can be spent now: whole units, and none below the least."""
    least: int
    against: str
    """Why none can be spent; empty where some can."""
    lines: Sequence[Line]
    given: Sequence[Given]
    zone: str
    turn: str
    """Of a form: sent twice, it is one wish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """PT-1: a sales channel in the form."""

    slug: str
    currency: str
    rate: str
    usual: bool
    """Empty means the shop's rate, and not nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The form, as it was typed or is stored; `wrong` names fields."""

    on: bool
    rate: str
    rates: Mapping[str, str]
    days: str
    least: str
    expires: bool
    months: str
    wrong: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    month: date
    available: int
    pending: int
    value: Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    on: bool
    stopped: bool
    sums: Sums
    owed: Owed
    value: Sum
    void: Decimal
    months: Sequence[Month]
    form: Typed
    channels: Sequence[Channel]
    currency: str
    zone: str
    may_change: bool
    saved: bool = False


def purse_of(tx: Tx, person: Person | None) -> Purse | None:
    """None where there is nothing to say: no points here, or nobody who could have some."""
    terms = queries.terms(tx)
    if terms is None or person is None or person.erased_at:
        return None
    id_ = person.id or 0
    mine = queries.account(tx, id_)
    if terms.on_since is None and mine is None:
        return None
    available = mine.available if mine else 0
    most = max(available, 0) // rules.WORTH * rules.WORTH
    word = rules.word(spending.wish_of(tx, person, most))
    shop, entries = this_shop(tx), queries.entries_of(tx, id_, limit=LINES)
    return Purse(
        on=terms.on_since is not None,
        available=available,
        pending=mine.pending if mine else 0,
        worth=_sum(rules.worth(available), shop.currency) if available > 0 else None,
        ends_at=expiring.ends_at(terms, mine),
        most=most if word is Word.GIVE else 0,
        least=terms.least_points,
        against="" if word is Word.GIVE else word.value,
        lines=_lines(tx, entries),
        given=[_given(tx, one) for one in queries.spends_of(tx, id_, limit=CODES)],
        zone=shop.zone,
        turn=str(entries[0].id if entries else 0),
    )


def _sum(amount: Decimal, currency: str) -> Sum:
    return Sum(amount, currency)


def _lines(tx: Tx, entries: Sequence[PointsEntry]) -> Sequence[Line]:
    orders = queries.numbers(tx, [one.order for one in entries])
    found = []
    for one in entries:
        number, page = orders.get(one.order or 0, (None, ""))
        found.append(
            Line(
                at=one.at, kind=one.kind, points=one.points, pending=one.pending, order=number,
                order_link=page or None, reason=one.reason,
            )
        )  # fmt: skip
    return found


def _given(tx: Tx, row: PointsSpend) -> Given:
    code = coupons.by_id(tx, row.code)
    there = code is not None and code.in_saleor_at is not None and row.state != "returned"
    worth = major(row.amount_minor, row.currency)
    return Given(
        id=row.id or 0,
        code=code.code if code and there else None,
        worth=Sum(worth, row.currency),
        least=Sum(worth * rules.TIMES, row.currency),
        ends_at=code.ends_at if code else None,
        used=code is not None and code.used_at is not None,
        state=row.state,
    )


def months(tx: Tx) -> Sequence[Month]:
    return [_month(one) for one in queries.months(tx, limit=MONTHS)]


def _month(row: PointsMonth) -> Month:
    return Month(
        month=row.month,
        available=sum(row.ages.values()),
        pending=row.pending,
        value=Sum(major(row.value_minor, row.currency), row.currency),
    )
