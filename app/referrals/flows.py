"""RF-1 to RF-7: a friend takes a code, orders with it, and the advocate is rewarded: once."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from sqlmodel import col, delete, select, update

from app.customers.tables import Person
from app.kit.tx import Tx
from app.loyalty import coupons
from app.loyalty import queries as loyalty
from app.loyalty.tables import Code
from app.referrals import links, queries, rules
from app.referrals.jobs import Look
from app.referrals.rules import Hand, State
from app.referrals.tables import Referral, ReferralTerms
from app.shops.flows import awake, this_shop

Opener = Callable[[str], str]
SETTLE = timedelta(seconds=2)
"""One order comes as several events."""
FRIENDS, THANKS = "referral:friend", "referral:thanks"
IPS_KEPT = timedelta(days=30)
"""RF-6."""
UNUSED_KEPT = timedelta(days=180)
"""A code that was taken and never used is no news any more."""


class Sight(StrEnum):
    """What a link is good for right now."""

    READY = "ready"
    UNKNOWN = "unknown"
    RESTING = "resting"
    """The programme is off, or all offers are stopped (MG-8)."""
    TOO_OFTEN = "too_often"


class Purchase(Protocol):
    @property
    def code(self) -> str | None: ...
    @property
    def cards(self) -> Collection[str]: ...


@dataclass(frozen=True)
class Invitation:
    """Who holds a link, and whether it may be used."""

    sight: Sight
    advocate: int = 0


def may_share(tx: Tx, person: Person | None) -> bool:
    """RF-2: who has an account, is not of the staff and not on the list of who stays out."""
    programme = loyalty.terms(tx)
    return (
        person is not None
        and person.account is not None
        and person.erased_at is None
        and person.merged_into is None
        and not person.staff
        and programme is not None
        and not programme.excludes(person.email)
    )


def running(tx: Tx) -> bool:
    """Switched on, and nothing holds offers back (MG-8)."""
    terms, programme = queries.terms(tx), loyalty.terms(tx)
    return bool(
        terms
        and terms.on_since
        and programme
        and programme.running
        and programme.programme.stopped_at is None
    )


def link_of(tx: Tx, person: Person, *, base: str, open_: Opener) -> str:
    """Where a friend of hers takes a code."""
    secret = open_(this_shop(tx).code_secret)
    return f"{base.rstrip('/')}/f/{links.token_of(secret, shop=tx.shop, person=person.id or 0)}"


def come_in(tx: Tx, token: str, open_: Opener) -> Invitation:
    """Whose link it is. A GET asks this and changes nothing."""
    if not awake(tx):
        return Invitation(Sight.UNKNOWN)
    person = links.person_of(open_(this_shop(tx).code_secret), token, shop=tx.shop)
    advocate = tx.exec(select(Person).where(Person.id == person)).first() if person else None
    if advocate is None or not may_share(tx, advocate):
        return Invitation(Sight.UNKNOWN)
    if not running(tx):
        return Invitation(Sight.RESTING, advocate.id or 0)
    return Invitation(Sight.READY, advocate.id or 0)


def take(
    tx: Tx, token: str, *, turn: str, address: str, open_: Opener
) -> tuple[Sight, Code | None]:
    """RF-1: a code of the friend's own; the same `turn` asks for the same code again."""
    found = come_in(tx, token, open_)
    terms = queries.terms(tx)
    if found.sight is not Sight.READY or terms is None:
        return found.sight, None
    secret = open_(this_shop(tx).code_secret)
    visitor = links.visitor_of(secret, address)
    if _too_often(tx, found.advocate, visitor):
        return Sight.TOO_OFTEN, None
    code = coupons.give_away(
        tx,
        f"{FRIENDS}:{terms.percent_hundredths}:{terms.least_minor}",
        whose=f"friend:{token}:{turn}",
        title=lambda words: words.gettext("From a friend"),
        percent_hundredths=terms.percent_hundredths,
        least_minor=terms.least_minor,
        good_for=rules.WORKS,
        open_=open_,
    )
    if queries.of_code(tx, code.id or 0):
        return Sight.READY, code
    tx.add(
        Referral(
            person=found.advocate, code=code.id or 0, made_at=tx.now, seen_from=visitor,
            state=State.GIVEN.value,
        )
    )  # fmt: skip
    tx.flush()
    return Sight.READY, code


def _too_often(tx: Tx, person: int, visitor: str | None) -> bool:
    since = tx.now - rules.DAY
    of_link = queries.taken_since(tx, person, since=since) >= rules.MOST_CODES
    half = rules.MOST_CODES // 2
    return of_link or (
        visitor is not None
        and queries.taken_since(tx, person, since=since, visitor=visitor) >= half
    )


def orders_heard(tx: Tx, purchases: Collection[Purchase]) -> None:
    """RF-2: told as often as Saleor likes, in any order: it is looked at once they have settled."""
    texts = {one.code for one in purchases if one.code}
    cards = {card for one in purchases for card in one.cards}
    found = [
        *(queries.by_codes(tx, texts) if texts else ()),
        *(queries.by_cards(tx, cards) if cards else ()),
    ]
    for referral in found:
        look_again(tx, referral)


def look_again(tx: Tx, referral: Referral) -> None:
    tx.postpone(Look(referral=referral.id or 0, advocate=referral.person), until=tx.now + SETTLE)


def say(tx: Tx, referral: Referral, hand: Hand, *, by: str) -> None:
    """RF-6: allowed with what speaks against it today, blocked, or as the rules have it."""
    referral.hand, referral.hand_by, referral.hand_at = hand.value, by, tx.now
    referral.allowed = list(referral.reasons) if hand is Hand.ALLOW else []
    look_again(tx, referral)


def nightly(tx: Tx) -> None:
    """RF-6: hashes of addresses are kept for 30 days; codes nobody used for half a year."""
    seen = col(Referral.seen_from).is_not(None), col(Referral.made_at) < tx.now - IPS_KEPT
    tx.exec(update(Referral).where(*seen).values(seen_from=None))
    idle = Referral.state == State.GIVEN.value, col(Referral.made_at) < tx.now - UNUSED_KEPT
    tx.exec(delete(Referral).where(*idle))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Wish:
    """What an owner may set."""

    on: bool
    percent_hundredths: int
    least_minor: int
    card: bool
    reward_hundredths: int
    reward_minor: int
    return_days: int


def usual(tx: Tx) -> ReferralTerms:
    """What a shop that has said nothing would promise; Brazilians have seven days to return."""
    brazil = this_shop(tx).currency == "BRL"
    return ReferralTerms(return_days=rules.RETURN_DAYS_BR if brazil else rules.RETURN_DAYS)


def save(tx: Tx, wish: Wish) -> None:
    row = queries.terms(tx) or usual(tx)
    row.on_since = (row.on_since or tx.now) if wish.on else None
    row.percent_hundredths, row.least_minor = wish.percent_hundredths, wish.least_minor
    row.card, row.reward_hundredths = wish.card, wish.reward_hundredths
    row.reward_minor, row.return_days = wish.reward_minor, wish.return_days
    row.version += 1
    tx.add(row)
    tx.flush()
