"""Everybody at once: who would move, if the rules were these. Previews and reviews ask here."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.kit.tx import Tx
from app.loyalty import placing, queries, spans
from app.loyalty.queries import Place, Terms
from app.loyalty.rules import LastRise, Move
from app.orders import queries as orders


@dataclass(frozen=True)
class Standing:
    """One person, before and after."""

    person: int
    before: str
    after: str
    moves: bool
    would_be: str
    """Where the spending alone would put her."""


def everybody(tx: Tx, now: Terms, then: Terms) -> Iterator[Standing]:
    """Everybody who is in a tier above the first, or would be, under the rules of `then`."""
    since = spans.window_start(tx.now, zone=then.zone, months=then.programme.window_months)
    spent, places = queries.spendings(tx, since=since), queries.places(tx)
    lowest = min((tier.threshold_minor for tier in then.rungs[1:]), default=None)
    enough = {p for p, minor in spent.items() if lowest is not None and minor >= lowest}
    emails = queries.emails(tx, enough | places.keys())
    bars = queries.risers(tx, since=tx.now - timedelta(days=then.programme.return_days))
    for person, email in sorted(emails.items()):
        place, minor = places.get(person), spent.get(person, 0)
        rise = None
        if place and minor < bars.get(person, 0):
            rise = placing.last_rise(tx, then, person, place.tier)
        place = place or Place(person, then.ladder.base.key)
        yield _standing(tx, now, then, _Case(place, email, minor, rise))


@dataclass(frozen=True)
class _Case:
    place: Place
    email: str | None
    spent_minor: int
    rise: LastRise | None


def _standing(tx: Tx, now: Terms, then: Terms, case: _Case) -> Standing:
    place, spent = case.place, case.spent_minor
    move = placing.judge(then, place, spent_minor=spent, rise=case.rise, now=tx.now)
    if move is Move.RISES and then.excludes(case.email):
        move = Move.STAYS
    after = place._replace(tier=placing.tier_after(tx, then, place, move, spent_minor=spent))
    hand_ends = place.manual_till is not None and not queries.in_hand(place, tx.now)
    return Standing(
        person=place.person,
        before=now.tier_of(place, case.email, now=tx.now).key,
        after=then.tier_of(after, case.email, now=tx.now).key,
        moves=move is not Move.STAYS or hand_ends,
        would_be=then.ladder.reached(spent).key,
    )


@dataclass(frozen=True)
class Shift:
    """One tier, before and after."""

    before: int
    after: int
    rise: int
    """People who come into it from below, at once."""
    below_later: int
    """People in it whose spending would put them lower: they keep it until it runs out."""


def shifts(tx: Tx, then: Terms, standings: list[Standing]) -> Mapping[str, Shift]:
    """What a change of the rules does to each tier that people can reach afterwards."""
    heights = then.ladder.heights
    now = queries.terms(tx) or then
    before = Counter(queries.people_by_tier(tx, now))
    after, rise, later = Counter(before), Counter[str](), Counter[str]()
    for s in standings:
        after[s.before] -= 1
        after[s.after] += 1
        rise[s.after] += heights[s.after] > heights.get(s.before, 0)
        later[s.after] += heights[s.after] > heights[s.would_be]
    return {
        tier.key: Shift(before[tier.key], after[tier.key], rise[tier.key], later[tier.key])
        for tier in then.rungs
    }


def cost_minor(tx: Tx, then: Terms, standings: list[Standing]) -> int:
    """What the offers would have taken off the last 12 months, were every code used.

    One code a calendar month, on the dearest order of it, if that comes to the least basket
    (CP-1): so at most this.
    """
    since = spans.window_start(tx.now, zone=then.zone, months=12)
    tiers, base = {s.person: s.after for s in standings}, then.ladder.base.key
    given = 0
    for least in {tier.least_minor for tier in then.rungs if tier.offer}:
        percents = {
            tier.key: tier.percent_hundredths or 0
            for tier in then.rungs
            if tier.offer and tier.least_minor == least
        }
        for person, goods in orders.dearest_a_month(tx, since=since, least=least).items():
            given += goods * percents.get(tiers.get(person, base), 0)
    return given // 10_000
