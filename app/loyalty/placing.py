"""Where a person belongs now: ask the rules, write the move down, promise to tell Saleor."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.customers.tables import Person
from app.kit.tx import Job, Tx
from app.loyalty import deciding, queries, rules, spans
from app.loyalty.queries import Place, Terms
from app.loyalty.rules import LastRise, Move
from app.loyalty.tables import Membership, TierChange
from app.orders import queries as orders

SETTLE = timedelta(seconds=2)
"""A thing comes as several events in any order: what follows is asked once, after them."""


class Cause(StrEnum):
    ORDER = queries.LIVE
    """An order came in, was paid, refunded or cancelled."""
    ACCOUNT = "account"
    """An account was confirmed, joined with a guest or taken apart."""
    HISTORY = "history"
    RULES = "rules"
    NIGHT = "night"
    HAND = "hand"


class TellTiers(Job, kind="loyalty.tell"):
    """Write into customers' metadata what has changed."""


def place(tx: Tx, people: Collection[int], *, cause: Cause) -> None:
    """Put each of them where the rules say: a few questions, however many they are."""
    terms = queries.terms(tx)
    if terms is None or not terms.open:
        return
    months = terms.programme.window_months
    since = spans.window_start(tx.now, zone=terms.zone, months=months)
    spent = queries.spendings(tx, since=since, among=people)
    recent = tx.now - timedelta(days=terms.programme.return_days)
    bars = queries.risers(tx, since=recent, among=people)
    news = False
    for id_, (person, known) in queries.members(tx, people).items():
        member = known or newcomer(terms, id_, now=tx.now)
        minor = spent.get(id_, 0)
        rise = last_rise(tx, terms, id_, member.tier) if minor < bars.get(id_, 0) else None
        move = judge(terms, member, spent_minor=minor, rise=rise, now=tx.now)
        excluded = move is Move.RISES and terms.excludes(person.email)
        if move is not Move.STAYS:
            deciding.tier(
                tx, move, person=id_, have=member.tier, valid_till=member.valid_till,
                ladder=terms.ladder, spent_minor=minor, rise=rise,
                falls_at=falls_at(terms, member, now=tx.now), excluded=excluded,
                cause=cause.value,
            )  # fmt: skip
        if excluded:
            move = Move.STAYS
        if _moved(tx, terms, member, move, spent=minor, cause=cause):
            news |= mark(terms, member, person, now=tx.now)
    if news:
        promise_telling(tx)


def _moved(
    tx: Tx, terms: Terms, member: Membership, move: Move, *, spent: int, cause: Cause
) -> bool:
    """Make the move and end what was given by hand. Whether there is anything to look at."""
    if move is not Move.STAYS:
        MOVES[move](tx, terms, member, spent, cause)
    if member.manual_till is not None and not queries.in_hand(member, tx.now):
        let_go(tx, member)
    if member.id is None and move is Move.STAYS:
        return False
    tx.add(member)
    return True


def newcomer(terms: Terms, person: int, *, now: datetime) -> Membership:
    return Membership(person=person, tier=terms.ladder.base.key, since=now)


def spent_in_window(tx: Tx, terms: Terms, person: int, *, at: datetime | None = None) -> int:
    """TI-1: net spending on goods in the window that ended, or would have ended, `at`."""
    since = spans.window_start(at or tx.now, zone=terms.zone, months=terms.programme.window_months)
    return orders.spend(tx, person, since=since).minor


def last_rise(tx: Tx, terms: Terms, person: int, tier: str) -> LastRise | None:
    """TI-5: the rise into this tier, while a refund may still take it back."""
    patience = timedelta(days=terms.programme.return_days)
    change = queries.last_rise(tx, person, tier, since=tx.now - patience)
    if change is None:
        return None
    left = spent_in_window(tx, terms, person, at=change.at)
    return LastRise(change.bar_minor, left, change.at + patience)


def judge(
    terms: Terms, member: rules.Member, *, spent_minor: int, rise: LastRise | None, now: datetime
) -> Move:
    return rules.verdict(
        member,
        terms.ladder,
        spent_minor=spent_minor,
        last_rise=rise,
        falls_at=falls_at(terms, member, now=now),
        now=now,
    )


def falls_at(terms: Terms, member: rules.Member, *, now: datetime) -> datetime | None:
    """The end of the grace, once the tier has run out."""
    till = member.valid_till
    if till is None or now < till:
        return None
    return spans.grace_end(till, zone=terms.zone, days=terms.programme.grace_days)


def _rise(tx: Tx, terms: Terms, member: Membership, spent: int, cause: Cause) -> None:
    step = terms.ladder.reached(spent)
    write_down(tx, member, Move.RISES, step.key, cause=cause, bar=step.threshold_minor, spent=spent)
    _settle_in(terms, member, step.key, now=tx.now)


def _renew(tx: Tx, terms: Terms, member: Membership, spent: int, cause: Cause) -> None:
    write_down(tx, member, Move.RENEWS, member.tier, cause=cause, spent=spent)
    member.valid_till = spans.validity_end(tx.now, zone=terms.zone)


def _fall(tx: Tx, terms: Terms, member: Membership, spent: int, cause: Cause) -> None:
    lower = terms.ladder.below(member.tier).key
    write_down(tx, member, Move.FALLS, lower, cause=cause, spent=spent)
    _settle_in(terms, member, lower, now=tx.now)


def _revert(tx: Tx, terms: Terms, member: Membership, spent: int, cause: Cause) -> None:
    """TI-5: as if the rise had never been; what is left may still carry her part of the way."""
    patience = timedelta(days=terms.programme.return_days)
    rise = queries.last_rise(tx, member.person, member.tier, since=tx.now - patience)
    if rise is None:
        return
    rise.undone_at = tx.now
    back, reached = rise.from_tier, terms.ladder.reached(spent).key
    write_down(tx, member, Move.REVERTS, back, cause=cause, spent=spent)
    member.tier = back
    member.since, member.valid_till = rise.before_since or rise.at, rise.before_till
    if terms.ladder.height(reached) > terms.ladder.height(back):
        _rise(tx, terms, member, spent, cause)


MOVES: Mapping[Move, Callable[[Tx, Terms, Membership, int, Cause], None]] = {
    Move.RISES: _rise,
    Move.RENEWS: _renew,
    Move.FALLS: _fall,
    Move.REVERTS: _revert,
}


def _settle_in(terms: Terms, member: Membership, tier: str, *, now: datetime) -> None:
    member.tier, member.since = tier, now
    lowest = tier == terms.ladder.base.key
    member.valid_till = None if lowest else spans.validity_end(now, zone=terms.zone)


def write_down(
    tx: Tx,
    member: Membership,
    move: str,
    to: str,
    *,
    cause: Cause,
    bar: int = 0,
    spent: int = 0,
    by: str | None = None,
    reason: str | None = None,
) -> None:
    """The audit line of a move, with all it takes to go back."""
    change = TierChange(
        person=member.person, at=tx.now, move=move, from_tier=member.tier, to_tier=to,
        cause=cause, bar_minor=bar, spent_minor=spent,
        before_since=member.since, before_till=member.valid_till, by=by, reason=reason,
    )  # fmt: skip
    tx.add(change)


def let_go(
    tx: Tx, member: Membership, *, cause: Cause = Cause.NIGHT, by: str | None = None
) -> None:
    reason = member.manual_reason
    write_down(tx, member, "hand_ends", member.tier, cause=cause, by=by, reason=reason)
    member.manual_tier = member.manual_till = member.manual_reason = None


def mark(terms: Terms, member: Membership, person: Person, *, now: datetime) -> bool:
    """Whether what Saleor would be told differs from what it was told last."""
    member.untold = may_be_member(person) and told_of(terms, member, person, now=now) != (
        member.told_tier or terms.ladder.base.key,
        member.told_till or "",
    )
    return member.untold


def promise_telling(tx: Tx) -> None:
    tx.soon(TellTiers(), at=tx.now + SETTLE)


def told_of(terms: Terms, member: Membership, person: Person, *, now: datetime) -> tuple[str, str]:
    """TI-8: the tier's key, and the last day of its validity."""
    tier = terms.tier_of(member, person.email, now=now).key
    till = member.valid_till
    if queries.in_hand(member, now) and tier != member.tier:
        till = member.manual_till
    shown = till if tier != terms.ladder.base.key else None
    return tier, last_day(shown, terms).isoformat() if shown else ""


def last_day(end: datetime, terms: Terms) -> date:
    """The day before, where something ends at midnight."""
    return (end - timedelta(seconds=1)).astimezone(terms.zone).date()


def may_be_member(person: Person) -> bool:
    """Somebody with an account of her own; a staff member's we may not even write to."""
    return bool(person.account) and not (person.staff or person.erased_at or person.merged_into)


def tier_after(
    tx: Tx, terms: Terms, member: Place | Membership, move: Move, *, spent_minor: int
) -> str:
    """Where a move leads, without making it."""
    reached = terms.ladder.reached(spent_minor).key
    if move is Move.RISES:
        return reached
    if move is Move.FALLS:
        return terms.ladder.below(member.tier).key
    if move is Move.REVERTS:
        patience = timedelta(days=terms.programme.return_days)
        rise = queries.last_rise(tx, member.person, member.tier, since=tx.now - patience)
        return terms.ladder.highest(rise.from_tier if rise else None, reached)
    return member.tier
