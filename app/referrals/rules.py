"""RF-1 to RF-6: does a friend's order bring its advocate a reward? Facts in, one word and why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from enum import StrEnum

WORKS = timedelta(days=30)
"""RF-2: how long a friend's code is good, on any device."""
MOST_A_MONTH, MOST_EVER = 10, 50
"""RF-5: rewards of one advocate in 30 days, and altogether."""
MONTH, WEEK, DAY = timedelta(days=30), timedelta(days=7), timedelta(days=1)
SAME_VISITOR = 3
"""RF-4: codes taken from one hashed address within 7 days."""
MOST_A_DAY = 5
"""RF-4: orders by one advocate's codes within 24 hours."""
MOST_CODES = 20
"""Codes of one link within 24 hours, and half as many from one address: the rest waits."""
ALIKE = 0.85
RETURN_DAYS, RETURN_DAYS_BR = 14, 7


class State(StrEnum):
    GIVEN = "given"
    """A friend has a code."""
    WAITING = "waiting"
    """Ordered; to be paid, or the return window is open."""
    REVIEW = "review"
    BLOCKED = "blocked"
    LOST = "lost"
    """The order was cancelled."""
    CAPPED = "capped"
    REWARDED = "rewarded"
    TAKEN_BACK = "taken_back"


class Hand(StrEnum):
    """RF-6: a person's word goes before the app's."""

    NONE = ""
    ALLOW = "allow"
    BLOCK = "block"


class Why(StrEnum):
    """What speaks against a reward, as a page shows it."""

    SAME_PERSON = "same_person"
    SAME_EMAIL = "same_email"
    PLACED_BY_ADVOCATE = "placed_by_advocate"
    BOUGHT_BEFORE = "bought_before"
    BY_HAND = "by_hand"
    SAME_HOME = "same_home"
    SIMILAR_EMAIL = "similar_email"
    SAME_VISITOR = "same_visitor"
    DISPOSABLE = "disposable"
    MANY_A_DAY = "many_a_day"
    REFUNDED = "refunded"
    NOBODY = "nobody"
    """The order names nobody whom it could be compared with."""
    MONTHLY = "monthly_cap"
    LIFETIME = "lifetime_cap"
    USED = "reward_used"
    """It was to be taken back, and was used already."""


BLOCKS = (Why.SAME_PERSON, Why.SAME_EMAIL, Why.PLACED_BY_ADVOCATE, Why.BOUGHT_BEFORE)
"""RF-3. Phones and payment fingerprints are in nothing that we ask of Saleor."""


@dataclass(frozen=True)
class Case:
    """What is known of a referral, and no word that names anybody."""

    blocks: Sequence[str] = ()
    """Of BLOCKS, those that hold."""
    same_home: bool = False
    similar: bool = False
    disposable: bool = False
    nobody: bool = False
    visitors: int = 0
    """Codes taken from the same hashed address in the 7 days around this one."""
    a_day: int = 0
    refunded: bool = False
    cancelled: bool = False
    paid: bool = False
    ripe: bool = False
    stopped: bool = False
    """MG-8, or the app is off: what was earned waits."""
    a_month: int = 0
    """Rewards of the advocate in the last 30 days, without this one."""
    ever: int = 0
    hand: str = Hand.NONE
    allowed: Sequence[str] = ()


def verdict(case: Case) -> tuple[State, tuple[str, ...]]:
    """The state that the facts ask for, and what speaks against a reward."""
    against, doubts = _not_in(case.blocks, case), _not_in(doubts_of(case), case)
    known = (*against, *doubts)
    early = not (case.paid and case.ripe) or case.stopped
    checks: Sequence[tuple[bool, State, tuple[str, ...]]] = (
        (case.hand == Hand.BLOCK, State.BLOCKED, (Why.BY_HAND, *known)),
        (case.cancelled, State.LOST, known),
        (bool(against), State.BLOCKED, known),
        (bool(doubts), State.REVIEW, known),
        (early, State.WAITING, ()),
        (case.ever >= MOST_EVER, State.CAPPED, (Why.LIFETIME,)),
        (case.a_month >= MOST_A_MONTH, State.CAPPED, (Why.MONTHLY,)),
        (True, State.REWARDED, ()),
    )
    return next((state, why) for holds, state, why in checks if holds)


def doubts_of(case: Case) -> tuple[str, ...]:
    """RF-4, and of RF-3 what may as well be a family."""
    checks = (
        (case.nobody, Why.NOBODY),
        (case.same_home, Why.SAME_HOME),
        (case.similar, Why.SIMILAR_EMAIL),
        (case.visitors >= SAME_VISITOR, Why.SAME_VISITOR),
        (case.disposable, Why.DISPOSABLE),
        (case.a_day > MOST_A_DAY, Why.MANY_A_DAY),
        (case.refunded, Why.REFUNDED),
    )
    return tuple(why for holds, why in checks if holds)


def _not_in(reasons: Collection[str], case: Case) -> tuple[str, ...]:
    """Without what somebody has looked at and allowed."""
    fine = set(case.allowed) if case.hand == Hand.ALLOW else set[str]()
    return tuple(why for why in reasons if why not in fine)


def becomes(was: State, wanted: State, *, used: bool) -> State:
    """RF-5: what a reward once given becomes: it stays, or is taken back while it is unused."""
    against = wanted in (State.BLOCKED, State.REVIEW, State.LOST)
    if was is State.REWARDED:
        return State.TAKEN_BACK if against and not used else State.REWARDED
    if was is State.TAKEN_BACK:
        return State.REWARDED if used or wanted is State.REWARDED else State.TAKEN_BACK
    return wanted


def folded(email: str | None) -> str:
    """RF-3: without case, dots and `+tag`: one postbox under many names."""
    name, _, host = (email or "").strip().lower().rpartition("@")
    host = "gmail.com" if host == "googlemail.com" else host
    return f"{name.partition('+')[0].replace('.', '')}@{host}" if name else ""


def similar(one: str | None, other: str | None) -> bool:
    """RF-4: `ana.silva1@a.com` and `ana.silva2@a.com`, or one name at two hosts."""
    (name, _, host), (its, _, at) = folded(one).partition("@"), folded(other).partition("@")
    if not name or not its or (name, host) == (its, at):
        return False
    if name == its:
        return True
    return host == at and SequenceMatcher(None, name, its).ratio() >= ALIKE
