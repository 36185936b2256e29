"""J16: "if this had been on for the last 90 days": who would have entered, what it would have sent
and given away, and how many of them bought anyway. Reads; writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import col, func, select

from app.carts.tables import Cart
from app.customers.tables import Person
from app.journeys import recovery, recovery_rules
from app.journeys.queries import recovery as recovery_terms
from app.journeys.rules import Definition, Offer, Send, Split, Step, Trigger, Wait, WaitFor
from app.kit.money import major
from app.kit.tx import Tx, among
from app.loyalty.tables import TierChange
from app.messages import queries as consents
from app.orders.queries import BOUGHT
from app.orders.tables import Order
from app.segments import queries as segments
from app.segments.rules import read
from app.segments.tables import Segment, Stay, Trait
from app.shops.flows import this_shop
from app.web.notation import Sum

DAYS = 90


class Past(NamedTuple):
    """Somebody to whom the trigger happened, and when."""

    person: int
    at: datetime


@dataclass(frozen=True)
class Rehearsal:
    """What would have been. Codes and cost are at most: as if every guard had said yes, and every
    code had been used on an average order."""

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


def rehearse(tx: Tx, definition: Definition, *, days: int = DAYS) -> Rehearsal:
    since = tx.now - timedelta(days=days)
    told = _happened(tx, definition, since)
    entrants = _once_each(_audience(tx, definition, told or []), definition)
    people = {one.person for one in entrants}
    reachable = consents.reachable(tx, people)
    bought = _bought(tx, reachable, since)
    walks = [_walk(definition, one, bought) for one in entrants if one.person in reachable]
    codes = sum(walk.codes for walk in walks)
    return Rehearsal(
        days=days,
        people=len(people),
        reachable=len(reachable),
        messages=sum(walk.messages for walk in walks),
        codes=codes,
        cost=_cost(tx, definition, codes, since),
        bought_anyway=sum(walk.bought for walk in walks),
        known=told is not None,
    )


def _happened(tx: Tx, definition: Definition, since: datetime) -> list[Past] | None:  # noqa: PLR0911
    """When the trigger happened to whom; None where nobody wrote it down."""
    match definition.trigger:
        case Trigger.CART_ABANDONED:
            return _carts(tx, since)
        case Trigger.ORDER_PAID | Trigger.ORDER_FULFILLED:
            return _orders(tx, since, BOUGHT)
        case Trigger.ORDER_UNPAID:
            return _orders(tx, since, col(Order.paid).is_(False))
        case Trigger.ACCOUNT_OPENED:
            rows = select(Person.id, Person.joined_at).where(
                col(Person.joined_at) >= since, col(Person.account).is_not(None)
            )
            return _pasts(tx, rows)
        case Trigger.TIER_REACHED:
            return _pasts(
                tx,
                select(TierChange.person, TierChange.at).where(
                    TierChange.move == "rises", col(TierChange.at) >= since
                ),
            )
        case Trigger.SEGMENT_ENTERED | Trigger.SEGMENT_LEFT:
            return _moves(tx, definition, since)
        case Trigger.BIRTHDAY:
            return _birthdays(tx, since)
        case _:
            return None


def _pasts(tx: Tx, rows: Any) -> list[Past]:  # noqa: ANN401  # a select of person and instant
    return [Past(person, at) for person, at in tx.exec(rows) if person and at]


def _carts(tx: Tx, since: datetime) -> list[Past]:
    """AC-1: with the shop's own terms; a guest by the address typed."""
    terms = recovery.terms_of(recovery_terms(tx))
    carts = tx.exec(select(Cart).where(col(Cart.abandoned_at) >= since)).all()
    emails = {cart.email for cart in carts if cart.email and not cart.person}
    guests: dict[str, int] = {}
    rows = select(Person.email, Person.id).where(among(col(Person.email), sorted(emails)))
    for email, id_ in tx.exec(rows):
        guests.setdefault(email or "", id_ or 0)
    found = []
    for cart in carts:
        person = cart.person or guests.get(cart.email or "")
        fits = not recovery_rules.excluded(cart, terms.excluded)
        if person and fits and cart.worth_minor >= terms.least_minor.get(cart.currency, 0):
            found.append(Past(person, cart.touched_at))
    return found


def _orders(tx: Tx, since: datetime, which: Any) -> list[Past]:  # noqa: ANN401  # a clause
    rows = select(Order.person, Order.created_at).where(
        which, col(Order.person).is_not(None), col(Order.created_at) >= since
    )
    return _pasts(tx, rows)


def _moves(tx: Tx, definition: Definition, since: datetime) -> list[Past] | None:
    """From the log; None while it has hardly begun."""
    entered = definition.trigger is Trigger.SEGMENT_ENTERED
    at = col(Stay.entered_at) if entered else col(Stay.left_at)
    segment = tx.exec(select(Segment).where(Segment.key == (definition.of or ""))).first()
    if segment is None or segment.filled_at is None:
        return None
    rows = select(Stay.person, at).where(
        Stay.segment == segment.id, at >= since, col(Stay.cause) != "first"
    )
    return _pasts(tx, rows)


def _birthdays(tx: Tx, since: datetime) -> list[Past]:
    zone = ZoneInfo(this_shop(tx).zone)
    past = [(since + timedelta(days=n)).astimezone(zone) for n in range((tx.now - since).days)]
    days = {f"{day:%m-%d}": day for day in past}
    rows = tx.exec(select(Trait.person, Trait.value).where(Trait.name == "birthday"))
    return [Past(person, days[value[-5:]]) for person, value in rows if value[-5:] in days]


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
    rows = select(Order.person, Order.created_at).where(
        BOUGHT, among(col(Order.person), sorted(people)), col(Order.created_at) >= since
    )
    found: dict[int, list[datetime]] = {}
    for person, at in tx.exec(rows.order_by(col(Order.created_at))):
        found.setdefault(person or 0, []).append(at)
    return found


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


def _cost(tx: Tx, definition: Definition, codes: int, since: datetime) -> Sum | None:
    percent = next((s.percent_hundredths for s in definition.steps if isinstance(s, Offer)), 0)
    currency = this_shop(tx).currency
    if not codes or not percent or not currency:
        return None
    average = tx.exec(
        select(func.avg(Order.goods_reporting_minor)).where(BOUGHT, col(Order.created_at) >= since)
    ).one()
    minor = round(Decimal(str(average or 0)) * codes * percent / 10_000)
    return Sum(major(minor, currency), currency)
