"""What starts a change of tiers: an order, an account, the night, an owner's hand."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from typing_extensions import override

from app.customers.tables import Person
from app.kit.tx import Job, Tx
from app.loyalty import placing, queries
from app.loyalty.offers import code_used, shopper_at_checkout
from app.loyalty.placing import SETTLE, Cause
from app.loyalty.tables import Programme, Tier

__all__ = [
    "begin",
    "code_used",
    "give_by_hand",
    "nightly",
    "reconsider",
    "shopper_at_checkout",
    "shown_otherwise",
]


class Reconsider(Job, kind="loyalty.reconsider", rank=0):
    """Something about a person's orders has changed."""

    person: int
    cause: Cause

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.person}"

    @property
    @override
    def lane(self) -> str:
        return f"person:{self.person}"


class Review(Job, kind="loyalty.review"):
    """Look at everybody: after the import, after a change of rules, every night."""

    cause: Cause
    occasion: str

    @property
    @override
    def lane(self) -> str:
        return "loyalty.review"


class TidyCodes(Job, kind="loyalty.tidy"):
    """CP-8: take codes that nobody used out of Saleor, a month after they ended."""

    day: date


def begin(tx: Tx) -> None:
    """A shop has the app: a ladder with one rung, until its history proposes the others."""
    if queries.terms(tx) is None:
        tx.add(Programme())
        tx.add(Tier(key="member", name="Member"))


def nightly(tx: Tx) -> None:
    """What every night brings: falls, renewals, the ends of tiers given by hand, old codes."""
    day = tx.now.date()
    tx.later(Review(cause=Cause.NIGHT, occasion=day.isoformat()))
    tx.later(TidyCodes(day=day))


def reconsider(tx: Tx, person: int, *, cause: Cause = Cause.ORDER) -> None:
    """TI-3, TI-5: look at a person again once her order's other events are in too."""
    reconsider_all(tx, [person], cause=cause)


def reconsider_all(tx: Tx, people: Iterable[int], *, cause: Cause = Cause.ORDER) -> None:
    until = tx.now + SETTLE
    tx.postpone_all([(Reconsider(person=one, cause=cause), until) for one in sorted(set(people))])


def reconsidered_all(jobs: Sequence[Reconsider], tx: Tx) -> None:
    for cause in sorted({job.cause for job in jobs}):
        placing.place(tx, [job.person for job in jobs if job.cause == cause], cause=cause)


def give_by_hand(
    tx: Tx, person: Person, *, tier: str, till: datetime, reason: str, by: str
) -> None:
    """TI-7: at least this tier until then. Raises ValueError on a tier or a day that cannot be."""
    terms = queries.terms(tx)
    if terms is None or tier not in terms.tiers or terms.tiers[tier].retired_at:
        raise ValueError("there is no such tier")
    if till <= tx.now or not reason.strip():
        raise ValueError("a tier given by hand needs a reason, and an end that is still to come")
    id_ = person.id or 0
    member = queries.member(tx, id_) or placing.newcomer(terms, id_, now=tx.now)
    placing.write_down(tx, member, "given", tier, cause=Cause.HAND, by=by, reason=reason.strip())
    member.manual_tier, member.manual_till, member.manual_reason = tier, till, reason.strip()
    tx.add(member)
    if placing.mark(terms, member, person, now=tx.now):
        placing.promise_telling(tx)


def end_by_hand(tx: Tx, person: Person, *, by: str) -> None:
    """TI-7: what was given ends now; what was earned counts again."""
    terms, member = queries.terms(tx), queries.member(tx, person.id or 0)
    if terms is None or member is None or not queries.in_hand(member, tx.now):
        return
    placing.let_go(tx, member, cause=Cause.HAND, by=by)
    tx.add(member)
    if placing.mark(terms, member, person, now=tx.now):
        placing.promise_telling(tx)


def shown_otherwise(tx: Tx, person: int, shown: str | None) -> None:
    """A customer can write her own public metadata. It gives her nothing, and is put right."""
    member = queries.member(tx, person)
    if member and member.told_tier and member.told_tier != shown and not member.untold:
        member.told_tier, member.untold = shown, True
        placing.promise_telling(tx)


def end_review(tx: Tx) -> None:
    if terms := queries.terms(tx):
        terms.programme.reviewed_at = tx.now
