"""FB-1 to FB-3: whose turn it is to be asked, and who is left alone. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.kit.chance import roll
from app.messages.rules import Word

CSAT, NPS = "csat", "nps"
KINDS = (CSAT, NPS)
"""The two surveys, which are also the keys of their automations."""
SHARE = 1 / 6
"""FB-2: of those who may be asked, how many are in a month."""
LAST_DAY = 28
"""Every month has as many days."""
SETTLED = timedelta(days=30)
"""FB-2: after the first delivered order."""
TRANSIT = timedelta(days=3)
"""FB-1: Saleor tells when a parcel leaves, and not when it comes."""
REST = timedelta(days=90)
COMPLAINT = timedelta(days=30)
LATE = timedelta(days=7)
"""A paid order that has not left the house after so long is late."""


def turn(shop: int, person: int, month: date) -> int | None:
    """FB-2: the day of the month on which somebody is asked; None for five in six."""
    when = f"{month:%Y-%m}"
    if roll("survey", shop, when, person) >= SHARE:
        return None
    return 1 + int(roll("survey day", shop, when, person) * LAST_DAY)


def months(since: date, till: date) -> Iterator[date]:
    """The first of each month from the one of `since` to the one of `till`."""
    first = since.replace(day=1)
    while first <= till:
        yield first
        first = (first + timedelta(days=31)).replace(day=1)


def turns(shop: int, person: int, since: date, till: date) -> Iterator[date]:
    """All days between on which it is somebody's turn."""
    for first in months(since, till):
        day = turn(shop, person, first)
        if day and since <= first.replace(day=day) <= till:
            yield first.replace(day=day)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of somebody before a question leaves."""

    asked_at: datetime | None = None
    """When another question last went to her."""
    late: bool = False
    refund_open: bool = False
    complained_at: datetime | None = None


def against(standing: Standing, *, now: datetime) -> Word | None:
    """FB-3: why she is asked nothing now."""
    if standing.complained_at and now < standing.complained_at + COMPLAINT:
        return Word.COMPLAINED_LATELY
    if standing.late:
        return Word.ORDER_LATE
    if standing.refund_open:
        return Word.REFUND_OPEN
    if standing.asked_at and now < standing.asked_at + REST:
        return Word.ASKED_LATELY
    return None
