"""What is read, how often, and when two books agree. Spans are of business time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a shop's past is made of, in the order in which it is read."""

    CUSTOMERS = "customers"
    PRODUCTS = "products"
    ORDERS = "orders"
    CHECKOUTS = "checkouts"


EVERY: Mapping[Kind, timedelta] = {
    Kind.ORDERS: timedelta(minutes=5),
    Kind.CUSTOMERS: timedelta(minutes=5),
    Kind.CHECKOUTS: timedelta(hours=1),
    Kind.PRODUCTS: timedelta(days=1),
}
"""IN-4: how often it is swept."""
MARGIN = timedelta(minutes=10)
"""IN-4: how far a sweep looks back behind the last one: what is being written is not yet seen."""
MISSED_AFTER = timedelta(minutes=2)
"""A change this old that a sweep finds has not been heard: something is wrong with hearing."""
DAYS = 35
"""IN-4: how far back the books are compared."""


class Entry(NamedTuple):
    """An order in a book."""

    channel: str
    currency: str
    minor: int
    """What was charged, less what was refunded (LV-1)."""
    number: str


class Sum(NamedTuple):
    orders: int = 0
    minor: int = 0


@dataclass(frozen=True)
class Difference:
    """Orders of one day that the two books do not agree on, by Saleor's id."""

    missing: frozenset[str]
    """Not in ours."""
    other: frozenset[str]
    """In both, but not the same."""
    surplus: frozenset[str]
    """Only in ours."""

    @property
    def all(self) -> list[str]:
        return sorted(self.missing | self.other | self.surplus)


def difference(ours: Mapping[str, Entry], theirs: Mapping[str, Entry]) -> Difference:
    both = ours.keys() & theirs.keys()
    return Difference(
        missing=frozenset(theirs.keys() - ours.keys()),
        other=frozenset(id_ for id_ in both if ours[id_] != theirs[id_]),
        surplus=frozenset(ours.keys() - theirs.keys()),
    )


def totals(entries: Iterable[Entry]) -> dict[tuple[str, str], Sum]:
    """By channel and currency, which are never added up."""
    found: dict[tuple[str, str], Sum] = {}
    for entry in entries:
        place = (entry.channel, entry.currency)
        orders, minor = found.get(place, Sum())
        found[place] = Sum(orders + 1, minor + entry.minor)
    return found


def days_compared(now: datetime) -> list[date]:
    """The whole UTC days before this one, as Saleor's own filter cuts them; the oldest first."""
    today = now.astimezone(UTC).date()
    return [today - timedelta(days=ago) for ago in range(DAYS, 0, -1)]


def share(part: int, whole: int) -> Decimal | None:
    """Of one; None of nothing."""
    return Decimal(part) / whole if whole else None


def remaining(done: int, total: int, elapsed: timedelta) -> timedelta | None:
    """How long it will still take if it goes on as so far; None while nobody can say."""
    if not 0 < done <= total:
        return None
    return elapsed * ((total - done) / done)
