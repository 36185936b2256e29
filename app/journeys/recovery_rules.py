"""Who of those who left a checkout is written to. AC-1, AC-7, AC-12; facts in, one word out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

AFTER_PURCHASE = timedelta(hours=24)
"""AC-7."""
MOST_CHANGES = 50
"""AC-12: states of a checkout in one minute; no hand is that quick."""
MOST_BEGUN = 5
"""AC-12: checkouts begun in one hour from one hashed address; no household is that quick."""
HOUR = timedelta(hours=1)
OVER = frozenset({"bought", "recovered", "bought_anyway", "superseded", "expired", "suppressed"})

DISPOSABLE = frozenset(
    {
        "10minutemail.com", "20minutemail.com", "dispostable.com", "emailondeck.com",
        "fakeinbox.com", "getairmail.com", "getnada.com", "guerrillamail.com",
        "guerrillamail.info", "guerrillamail.net", "inboxkitten.com", "maildrop.cc",
        "mailinator.com", "mailnesia.com", "mintemail.com", "mohmal.com", "moakt.com",
        "mytemp.email", "sharklasers.com", "spamgourmet.com", "temp-mail.org", "tempmail.com",
        "tempmailo.com", "throwawaymail.com", "trashmail.com", "yopmail.com",
    }
)  # fmt: skip
"""AC-12: addresses that nobody reads tomorrow."""


class Word(StrEnum):
    TOO_LITTLE = "too_little"
    EXCLUDED = "excluded"
    STAFF = "staff"
    SUSPECT = "suspect"
    """AC-12."""
    JUST_BOUGHT = "just_bought"
    COOLING_DOWN = "cooling_down"
    """AC-7: another series began not long ago."""


class Cart(Protocol):
    email: str | None
    country: str
    currency: str
    worth_minor: int
    trail: list[list[str]]
    created_at: datetime


@dataclass(frozen=True)
class Terms:
    least_minor: Mapping[str, int]
    excluded: Collection[str]
    """Addresses, domains, ISO countries; in lower case."""
    cool_down: timedelta


@dataclass(frozen=True)
class Past:
    """Of the person, and of whoever has the same address."""

    bought_at: datetime | None = None
    series_at: datetime | None = None


@dataclass(frozen=True)
class Case:
    """What it is decided on. Nothing of it names anybody."""

    staff: bool
    excluded: bool
    suspect: bool
    worth_minor: int
    least_minor: int
    bought_at: datetime | None
    series_at: datetime | None
    cool_down: timedelta


def case_of(
    cart: Cart, terms: Terms, past: Past, *, staff: bool, neighbours: Sequence[datetime]
) -> Case:
    """`neighbours`: when checkouts were begun from the same hashed address, this one among them."""
    return Case(
        staff=staff,
        excluded=excluded(cart, terms.excluded),
        suspect=suspect(cart) or crowded(cart.created_at, neighbours),
        worth_minor=cart.worth_minor,
        least_minor=terms.least_minor.get(cart.currency, 0),
        bought_at=past.bought_at,
        series_at=past.series_at,
        cool_down=terms.cool_down,
    )


def word(case: Case, *, now: datetime) -> Word | None:
    checks = (
        (case.staff, Word.STAFF),
        (case.excluded, Word.EXCLUDED),
        (case.suspect, Word.SUSPECT),
        (case.worth_minor < case.least_minor, Word.TOO_LITTLE),
        (case.bought_at is not None and now - case.bought_at < AFTER_PURCHASE, Word.JUST_BOUGHT),
        (case.series_at is not None and now - case.series_at < case.cool_down, Word.COOLING_DOWN),
    )
    return next((word for holds, word in checks if holds), None)


def excluded(cart: Cart, listed: Collection[str]) -> bool:
    email = (cart.email or "").lower()
    return not {email, email.rpartition("@")[2], cart.country.lower()}.isdisjoint(
        {one.lower() for one in listed if one}
    )


def suspect(cart: Cart) -> bool:
    """AC-12: no shopper."""
    domain = (cart.email or "").lower().rpartition("@")[2]
    return domain in DISPOSABLE or hectic(cart.trail)


def hectic(trail: Sequence[Sequence[str]]) -> bool:
    """More than fifty states within a minute."""
    moments = sorted(datetime.fromisoformat(step[0]) for step in trail)
    pairs = zip(moments, moments[MOST_CHANGES:], strict=False)
    return any(last - first <= timedelta(minutes=1) for first, last in pairs)


def crowded(begun: datetime, neighbours: Sequence[datetime]) -> bool:
    """AC-12: it was begun in an hour in which more than five were, from one hashed address."""
    moments = sorted(at for at in neighbours if abs(at - begun) <= HOUR)
    groups = zip(moments, moments[MOST_BEGUN:], strict=False)
    return any(last - first <= HOUR and first <= begun <= last for first, last in groups)


def over(state: str) -> bool:
    """A cart in this state is followed up no more."""
    return state in OVER
