"""J16: "if this had been on for the last 90 days": who would have entered, what it would have sent
and given away, and how many of them bought anyway. Reads; writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import ceil
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import case, or_, true
from sqlmodel import col, func, select

from app.carts.tables import Cart
from app.customers.tables import Person
from app.journeys import days, incentives, recovery, recovery_rules, survey_rules, surveys
from app.journeys.queries import recovery as recovery_terms
from app.journeys.rules import Day, Definition, Offer, Send, Split, Step, Trigger, Wait, WaitFor
from app.kit.money import major
from app.kit.tx import Tx, among
from app.loyalty.tables import TierChange
from app.ltv.entries import EPOCH
from app.ltv.tables import CustomerTally
from app.messages import grounds
from app.messages.rules import Purpose
from app.orders.queries import BOUGHT
from app.orders.tables import Order
from app.segments import queries as segments
from app.segments.rules import read
from app.segments.tables import Segment, Stay, Trait
from app.shops.flows import this_shop
from app.web.notation import Sum

DAYS = 90
MOST = 1_000
"""People who are looked at. Of a larger shop it is every second, every third, … one, and what they
tell is multiplied: a page cannot wait until everybody's orders are read."""


class Past(NamedTuple):
    """Somebody to whom the trigger happened, and when."""

    person: int
    at: datetime


@dataclass(frozen=True)
class Rehearsal:
    """What would have been. Codes and cost are at most: as if every guard had said yes, and every
    code had been used on an average order; those below the least basket count as nought (CP-1)."""

    days: int
    people: int
    reachable: int
    """Of them, who may be written to today."""
    messages: int
    codes: int
    cost: Sum | None
    bought_anyway: int
    """Of the reachable, who bought before the journey would have been over."""
    known: bool = True
    """False where nothing of the past tells when the trigger happened."""
    every: int = 1
    """One customer in so many was looked at."""


@dataclass(frozen=True)
class _Looked:
    """At whom."""

    every: int
    people: Sequence[int]

    def at(self, person: Any) -> Any:  # noqa: ANN401  # a column, and a clause
        return true() if self.every == 1 else among(col(person), self.people)


def _looked(tx: Tx) -> _Looked:
    every = ceil(tx.exec(select(func.count(col(Person.id)))).one() / MOST) or 1
    if every == 1:
        return _Looked(1, ())
    ids = tx.exec(select(Person.id).where(col(Person.id) % every == 0)).all()
    return _Looked(every, [id_ for id_ in ids if id_])


def rehearse(tx: Tx, definition: Definition, *, days: int = DAYS) -> Rehearsal:
    since = tx.now - timedelta(days=days)
    looked = _looked(tx)
    told = _happened(tx, definition, since, looked)
    entrants = _once_each(_audience(tx, definition, told or []), definition)
    people = {one.person for one in entrants}
    reachable = grounds.reachable(tx, people, purpose=_purpose(definition))
    bought = _bought(tx, reachable, since)
    walks = [_walk(definition, one, bought) for one in entrants if one.person in reachable]
    every = looked.every
    codes = every * sum(walk.codes for walk in walks)
    return Rehearsal(
        days=days,
        people=every * len(people),
        reachable=every * len(reachable),
        messages=every * sum(walk.messages for walk in walks),
        codes=codes,
        cost=_cost(tx, definition, codes, since, looked),
        bought_anyway=every * sum(walk.bought for walk in walks),
        known=told is not None,
        every=every,
    )


def _purpose(definition: Definition) -> str:
    """CO-1: who may be asked something is another question than who may get news."""
    asks = any(isinstance(step, Send) and step.purpose == "feedback" for step in definition.steps)
    return (Purpose.FEEDBACK if asks else Purpose.MARKETING).value


def _happened(  # noqa: PLR0911
    tx: Tx, definition: Definition, since: datetime, looked: _Looked
) -> list[Past] | None:
    """When the trigger happened to whom; None where nobody wrote it down."""
    match definition.trigger:
        case Trigger.CART_ABANDONED:
            return _carts(tx, since, looked)
        case Trigger.ORDER_PAID | Trigger.ORDER_FULFILLED:
            return _orders(tx, since, BOUGHT, looked)
        case Trigger.ORDER_UNPAID:
            return _orders(tx, since, col(Order.paid).is_(False), looked)
        case Trigger.ACCOUNT_OPENED:
            rows = select(Person.id, Person.joined_at).where(
                col(Person.joined_at) >= since,
                col(Person.account).is_not(None),
                looked.at(Person.id),
            )
            return _pasts(tx, rows)
        case Trigger.TIER_REACHED:
            return _pasts(
                tx,
                select(TierChange.person, TierChange.at).where(
                    TierChange.move == "rises",
                    col(TierChange.at) >= since,
                    looked.at(TierChange.person),
                ),
            )
        case Trigger.SEGMENT_ENTERED | Trigger.SEGMENT_LEFT:
            return _moves(tx, definition, since, looked)
        case Trigger.BIRTHDAY | Trigger.DATE if definition.on:
            return _days(tx, definition.on, since, looked)
        case Trigger.SURVEY_DUE:
            return _turns(tx, since, looked)
        case _:
            return None


def _pasts(tx: Tx, rows: Any) -> list[Past]:  # noqa: ANN401  # a select of person and instant
    return [Past(person, at) for person, at in tx.exec(rows) if person and at]


CART: list[Any] = [
    Cart.person, Cart.email, Cart.country, Cart.currency, Cart.worth_minor, Cart.touched_at,
]  # fmt: skip


def _carts(tx: Tx, since: datetime, looked: _Looked) -> list[Past]:
    """AC-1: with the shop's own terms; a guest by the address typed."""
    terms = recovery.terms_of(recovery_terms(tx))
    known = or_(col(Cart.person).is_(None), looked.at(Cart.person))
    carts: Any = tx.exec(select(*CART).where(col(Cart.abandoned_at) >= since, known)).all()
    emails = {cart.email for cart in carts if cart.email and not cart.person}
    guests: dict[str, int] = {}
    rows = select(Person.email, Person.id).where(
        among(col(Person.email), sorted(emails)), looked.at(Person.id)
    )
    for email, id_ in tx.exec(rows):
        guests.setdefault(email or "", id_ or 0)
    found = []
    for cart in carts:
        person = cart.person or guests.get(cart.email or "")
        fits = not recovery_rules.excluded(cart, terms.excluded)
        if person and fits and cart.worth_minor >= terms.least_minor.get(cart.currency, 0):
            found.append(Past(person, cart.touched_at))
    return found


def _orders(tx: Tx, since: datetime, which: Any, looked: _Looked) -> list[Past]:  # noqa: ANN401
    rows = select(Order.person, Order.created_at).where(
        which, col(Order.person).is_not(None), col(Order.created_at) >= since,
        looked.at(Order.person),
    )  # fmt: skip
    return _pasts(tx, rows)


def _moves(tx: Tx, definition: Definition, since: datetime, looked: _Looked) -> list[Past] | None:
    """From the log; None while it has hardly begun."""
    entered = definition.trigger is Trigger.SEGMENT_ENTERED
    at = col(Stay.entered_at) if entered else col(Stay.left_at)
    segment = tx.exec(select(Segment).where(Segment.key == (definition.of or ""))).first()
    if segment is None or segment.filled_at is None:
        return None
    rows = select(Stay.person, at).where(
        Stay.segment == segment.id, at >= since, col(Stay.cause) != "first", looked.at(Stay.person)
    )
    return _pasts(tx, rows)


def _days(tx: Tx, day: Day, since: datetime, looked: _Looked) -> list[Past]:
    zone = ZoneInfo(this_shop(tx).zone)
    then = [(since + timedelta(days=n)).astimezone(zone) for n in range((tx.now - since).days)]
    at = {one.date(): one for one in then}
    if day.anchor != "date":
        return _since_orders(tx, day, at, looked)
    turns, length = days.past(day, at), 5 if day.yearly else 10
    told = (Trait.name == day.name, looked.at(Trait.person))
    rows = tx.exec(select(Trait.person, Trait.value).where(*told))
    return [
        Past(person, at[today])
        for person, value in rows
        if (today := turns.get(value[-length:]))
        and (not day.yearly or days.returns(value, days.target(day, today).year))
    ]


def _turns(tx: Tx, since: datetime, looked: _Looked) -> list[Past]:
    """FB-2: by whom it would have been asked; how many orders each had then is not told."""
    zone = ZoneInfo(this_shop(tx).zone)
    first, last = since.astimezone(zone).date(), tx.now.astimezone(zone).date()
    rows = select(CustomerTally.person, CustomerTally.orders, CustomerTally.first)
    told = {
        person: (orders, EPOCH + begun)
        for person, orders, begun in tx.exec(rows.where(looked.at(CustomerTally.person)))
    }
    may = surveys.settled(tx, told, by=last)
    return [
        Past(person, datetime.combine(day, time(12), zone))
        for person in may
        for day in survey_rules.turns(tx.shop, person, first, last)
        if day.toordinal() > told[person][1]
    ]


def _since_orders(tx: Tx, day: Day, at: Mapping[date, datetime], looked: _Looked) -> list[Past]:
    """By their first and last order as known today: who was silent and came back is not told."""
    column = CustomerTally.first if day.anchor == "first_order" else CustomerTally.last
    whole = {days.target(day, one).toordinal() - EPOCH: when for one, when in at.items()}
    rows = select(CustomerTally.person, column).where(
        col(column).between(min(whole, default=0), max(whole, default=-1)),
        looked.at(CustomerTally.person),
    )
    return [Past(person, whole[then]) for person, then in tx.exec(rows) if then in whole]


def _audience(tx: Tx, definition: Definition, told: Sequence[Past]) -> Sequence[Past]:
    """As people are today: how they were then is not known for every fact."""
    if definition.audience is None:
        return told
    fit = segments.matching(tx, read(definition.audience), {one.person for one in told})
    return [one for one in told if one.person in fit]


def _once_each(told: Sequence[Past], definition: Definition) -> list[Past]:
    """The re-entry rule."""
    gap = timedelta(days=definition.reentry.days if definition.reentry.days is not None else 9999)
    last: dict[int, datetime] = {}
    found = []
    for one in sorted(told, key=lambda past: (past.at, past.person)):
        if one.person not in last or one.at - last[one.person] >= gap:
            last[one.person] = one.at
            found.append(one)
    return found


def _bought(tx: Tx, people: set[int], since: datetime) -> Mapping[int, list[datetime]]:
    if not people:
        return {}  # SQLite would look at every order of that time to find none
    rows = select(Order.person, Order.created_at).where(
        BOUGHT, among(col(Order.person), sorted(people)), col(Order.created_at) >= since
    )
    found: dict[int, list[datetime]] = {}
    for person, at in tx.exec(rows):
        found.setdefault(person or 0, []).append(at)
    return {person: sorted(times) for person, times in found.items()}


@dataclass(frozen=True)
class _Walked:
    messages: int = 0
    codes: int = 0
    bought: bool = False


STOPS = frozenset({Trigger.CART_ABANDONED, Trigger.ORDER_UNPAID})


def _walk(definition: Definition, one: Past, bought: Mapping[int, list[datetime]]) -> _Walked:
    """The straight way through the steps, until she bought, where that ends it."""
    at, messages, codes = one.at, 0, 0
    next_order = next((when for when in bought.get(one.person, ()) if when > one.at), None)
    ends = Trigger.ORDER_PAID in definition.exits or definition.trigger in STOPS
    skip: str | None = None
    for step in definition.steps:
        if skip and step.key != skip:
            continue
        skip = None
        at = _later(step, at, one.at)
        if ends and next_order and next_order <= at:
            return _Walked(messages, codes, bought=True)
        match step:
            case Offer() if step.percent_hundredths:
                codes += 1
            case Offer():
                skip = step.else_to
            case Send():
                messages += 1
                skip = step.then
            case Split():
                skip = step.arms[0].to
            case _:
                pass  # who fitted a condition then is not known: counted as if everybody did
    return _Walked(messages, codes, bought=next_order is not None and next_order <= at)


def _later(step: Step, at: datetime, start: datetime) -> datetime:
    match step:
        case Wait(since="start"):
            return max(at, start + step.span)
        case Wait():
            return at + step.span
        case WaitFor():
            return at + step.at_most
        case _:
            return at


def _cost(
    tx: Tx, definition: Definition, codes: int, since: datetime, looked: _Looked
) -> Sum | None:
    offer = next((step for step in definition.steps if isinstance(step, Offer)), None)
    percent, currency = offer.percent_hundredths if offer else 0, this_shop(tx).currency
    if not codes or offer is None or not percent or not currency:
        return None
    goods = col(Order.goods_reporting_minor)
    large = case((goods >= incentives.least_of(tx, offer), goods), else_=0)
    average = tx.exec(
        select(func.avg(large)).where(
            BOUGHT, col(Order.created_at) >= since, looked.at(Order.person)
        )
    ).one()
    minor = round(Decimal(str(average or 0)) * codes * percent / 10_000)
    return Sum(major(minor, currency), currency)
