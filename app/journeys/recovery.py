"""An abandoned checkout is followed up: who is, who is not and why, and what the shopper's next
step does to it. AC-1 to AC-13."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import col, func, select

from app.carts import flows as carts
from app.carts import queries as cart_queries
from app.carts.tables import Cart
from app.customers import meeting
from app.customers.rules import Who
from app.customers.tables import Person
from app.decisions import flows as decisions
from app.journeys import deciding, flows, queries, recovery_rules
from app.journeys.flows import Entrant
from app.journeys.queries import Live
from app.journeys.recovery_rules import Case, Past, Terms
from app.journeys.rules import Trigger
from app.journeys.tables import Journey, Recovery, Run, Skip
from app.kit.hearing import Version as Told
from app.kit.tx import Tx, among
from app.orders.tables import Order


def carts_lost(tx: Tx, lost: Sequence[Cart]) -> None:
    """AC-1: these are abandoned as of now. AC-5: a series that was paused goes on."""
    if not lost:
        return
    lives = queries.live(tx, Trigger.CART_ABANDONED)
    paused = queries.about(tx, {cart.checkout for cart in lost})
    begun = {run.subject for run in paused}
    by_checkout = {cart.checkout: cart for cart in lost}
    for run in paused:
        if run.paused_at and run.subject:
            flows.resume(tx, run, anchor_at=by_checkout[run.subject].touched_at)
    fresh = [cart for cart in lost if cart.checkout not in begun]
    if lives and fresh:
        people = persons(tx, fresh)
        for live in lives:
            _enter(tx, live, [cart for cart in fresh if cart.checkout in people], people)


def _enter(tx: Tx, live: Live, lost: Sequence[Cart], people: Mapping[str, int]) -> None:
    cases = _one_a_person(cases_of(tx, live.journey, lost, people), lost, people, now=tx.now)
    words = {id_: recovery_rules.word(case, now=tx.now) for id_, case in cases.items()}
    decisions.record_all(
        tx,
        [
            deciding.left_cart(
                live.journey.key, live.version, cases[cart.checkout],
                str(words[cart.checkout] or ""), person=people[cart.checkout],
                checkout=occasion_of(cart), now=tx.now,
            )
            for cart in lost
        ],
    )  # fmt: skip
    flows.enter(
        tx,
        live,
        [
            Entrant(
                person=people[cart.checkout],
                occasion=occasion_of(cart),
                subject=cart.checkout,
                anchor_at=cart.touched_at,
                memo={"channel": cart.channel, "language": cart.language},
            )
            for cart in lost
            if words[cart.checkout] is None
        ],
    )
    rows = [
        {
            "journey": live.id, "person": people[cart.checkout], "occasion": occasion_of(cart),
            "subject": cart.checkout, "why": str(words[cart.checkout]), "at": tx.now,
        }
        for cart in lost
        if words[cart.checkout] is not None
    ]  # fmt: skip
    tx.put(Skip, rows, key=("journey", "person", "occasion", "why"))


def _one_a_person(
    cases: Mapping[str, Case], lost: Sequence[Cart], people: Mapping[str, int], *, now: datetime
) -> Mapping[str, Case]:
    """AC-7: carts that are kept apart by channel and go quiet together are one series: the
    livelier's. The other is told that one has just begun."""
    begun: set[int] = set()
    found = dict(cases)
    for cart in sorted(lost, key=lambda one: (one.touched_at, one.worth_minor), reverse=True):
        person, case = people[cart.checkout], cases[cart.checkout]
        if person in begun:
            found[cart.checkout] = replace(case, series_at=now)
        elif recovery_rules.word(case, now=now) is None:
            begun.add(person)
    return found


def occasion_of(cart: Cart) -> str:
    """AC-5: the same step never goes out twice for the same content of a cart."""
    return f"{cart.checkout}:{cart.trail[-1][1] if cart.trail else ''}"


def persons(tx: Tx, lost: Sequence[Cart]) -> Mapping[str, int]:
    """By checkout: who left it. A typed address alone is a guest's (ID-1)."""
    guests = {
        cart.checkout: Who(
            account=None, email=cart.email, since=cart.created_at,
            version=Told(cart.updated_at, cart.issued_at, cart.hash),
        )
        for cart in lost
        if cart.person is None
    }  # fmt: skip
    met = meeting.meet(tx, list(guests.values()))
    found = {cart.checkout: cart.person for cart in lost if cart.person}
    for checkout, who in guests.items():
        if known := met.of(who):
            found[checkout] = known.person
    return found


def cases_of(
    tx: Tx, journey: Journey, lost: Sequence[Cart], people: Mapping[str, int]
) -> Mapping[str, Case]:
    """By checkout: what decides whether its shopper is written to."""
    terms = terms_of(queries.recovery(tx))
    family = queries.same_address(tx, set(people.values()))
    pasts = _pasts(tx, journey, family)
    staff = _staff(tx, family)
    neighbours = _neighbours(tx, lost)
    return {
        cart.checkout: recovery_rules.case_of(
            cart, terms, pasts[people[cart.checkout]],
            staff=not staff.isdisjoint(family[people[cart.checkout]]),
            neighbours=neighbours.get(cart.visitor or "", ()),
        )
        for cart in lost
    }  # fmt: skip


def _neighbours(tx: Tx, lost: Sequence[Cart]) -> Mapping[str, Sequence[datetime]]:
    """AC-12: when checkouts were begun from the hashed addresses that these were begun from."""
    begun = [cart.created_at for cart in lost if cart.visitor]
    if not begun:
        return {}
    return cart_queries.begun_by(
        tx,
        {cart.visitor for cart in lost if cart.visitor},
        since=min(begun) - recovery_rules.HOUR,
        until=max(begun) + recovery_rules.HOUR,
    )


def terms_of(row: Recovery) -> Terms:
    return Terms(row.least_minor, frozenset(row.excluded), timedelta(days=row.cool_down_days))


def _staff(tx: Tx, family: Mapping[int, frozenset[int]]) -> set[int]:
    everybody = {id_ for ids in family.values() for id_ in ids}
    rows = select(Person.id).where(among(col(Person.id), sorted(everybody)), col(Person.staff))
    return {id_ for id_ in tx.exec(rows) if id_}


def _pasts(tx: Tx, journey: Journey, family: Mapping[int, frozenset[int]]) -> Mapping[int, Past]:
    """AC-7, of a person and of whoever has the same address."""
    everybody = sorted({id_ for ids in family.values() for id_ in ids})
    bought = dict(
        tx.exec(
            select(Order.source, func.max(Order.created_at))
            .where(
                among(col(Order.source), everybody),
                col(Order.origin).is_distinct_from("BULK_CREATE"),
                col(Order.origin).is_distinct_from("DRAFT"),
            )
            .group_by(col(Order.source))
        ).all()
    )
    series = dict(
        tx.exec(
            select(Run.person, func.max(Run.entered_at))
            .where(Run.journey == journey.id, among(col(Run.person), everybody))
            .group_by(col(Run.person))
        ).all()
    )
    return {
        person: Past(
            bought_at=max((bought[i] for i in ids if i in bought), default=None),
            series_at=max((series[i] for i in ids if i in series), default=None),
        )
        for person, ids in family.items()
    }


def shopper_moved(tx: Tx, touched: Sequence[Cart]) -> None:
    """AC-5: activity pauses a series. It goes on once the cart is quiet again."""
    by_checkout = {cart.checkout: cart for cart in touched}
    for run in queries.about(tx, by_checkout):
        cart = by_checkout[run.subject or ""]
        if cart.touched_at > run.anchor_at and not carts.lost(cart):
            flows.pause(tx, run, at=cart.touched_at)


def carts_over(tx: Tx, changed: Sequence[Cart]) -> None:
    """AC-6 (a), AC-8, AC-9, AC-13: whatever a cart became that is not abandoned ends its series."""
    over = {cart.checkout: cart.state for cart in changed if recovery_rules.over(cart.state)}
    for run in queries.about(tx, over):
        flows.leave(tx, [run], over[run.subject or ""])
