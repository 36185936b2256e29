"""PT-1 to PT-8: what an order brings, what is left of it, what may be spent, when points end."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

RATE = 100
"""PT-1, in hundredths: one point for one unit of the reporting currency."""
MOST_RATE = 100_00
WORTH = 100
"""So many points are one unit of the reporting currency when they are spent."""
RETURN_DAYS, RETURN_DAYS_BR, MOST_RETURN_DAYS = 14, 7, 90
LEAST = 500
"""PT-6: fewer are not spent at once."""
TIMES = 2
"""PT-6: a basket comes to so many times what points pay of it: they pay half of it at most."""
MONTHS, FEWEST_MONTHS, MOST_MONTHS = 12, 3, 36
MOST_BY_HAND = 10_000
"""PT-7: of one person within 24 hours."""
DAY = timedelta(days=1)
FIRST_WARNING, LAST_WARNING = timedelta(days=30), timedelta(days=7)
"""PT-5: before the end."""
FEWEST_FINAL = 30
"""PT-8: with fewer orders that are final nothing can be said of what will be void."""

SENT = frozenset({"FULFILLED", "PARTIALLY_RETURNED", "RETURNED"})


class Kind(StrEnum):
    """Why a line stands in the ledger."""

    EARNED = "earned"
    """PT-2: pending from now on."""
    READY = "ready"
    """PT-2: the return window is over, so they may be spent."""
    VOID = "void"
    """The order was cancelled, or is somebody else's."""
    REFUNDED = "refunded"
    SPENT = "spent"
    BACK = "back"
    """What was spent came back: no code, an unused one, or its order was paid back."""
    EXPIRED = "expired"
    HAND = "hand"


ACTIVE = frozenset({Kind.EARNED, Kind.READY, Kind.SPENT})
"""PT-5: what shows that somebody is still there."""


@dataclass(frozen=True)
class Bought:
    """An order, in minor units of its currency."""

    lines: int
    """All lines after discounts, before refunds."""
    earning: int
    """Of these, those that earn: no gift cards (PT-3)."""
    left: int
    """What is left of `lines` after refunds."""
    returned: int = 0
    """What lines that earn cost, as far as refunds name them."""
    returned_else: int = 0
    """The same of those that earn nothing."""
    reward: int = 0
    """PT-3: what cards of ours paid."""
    stands: bool = True
    """Is revenue, and was paid in full."""


def taken(bought: Bought) -> Fraction:
    """Which share of what earns was paid back: first what is named, the rest from everything."""
    gone = max(bought.lines - bought.left, 0)
    if not bought.earning or not gone:
        return Fraction(0)
    named = bought.returned + bought.returned_else
    if gone <= named:
        back = Fraction(gone * bought.returned, named)
    else:
        rest, still = gone - named, bought.earning - bought.returned
        back = bought.returned + Fraction(rest * still, bought.lines - named)
    return min(back / bought.earning, Fraction(1))


def whole(bought: Bought, *, rate: int, unit: int) -> int:
    """PT-1, PT-3: what the order brings before refunds. `unit` is how many minor units make one of
    its currency, `rate` hundredths of points for it."""
    base = max(bought.earning - bought.reward, 0)
    return floor(Fraction(base * rate, unit * 100))


def points_of(bought: Bought, *, rate: int, unit: int) -> int:
    """PT-2: what it is to stand at now; rounded in the customer's favour."""
    if not bought.stands:
        return 0
    return ceil(whole(bought, rate=rate, unit=unit) * (1 - taken(bought)))


def comes_back(points: int, *, lines: int, left: int, cancelled: bool) -> int:
    """PT-2: of points that an order was paid with, what a refund gives back."""
    if cancelled:
        return points
    return ceil(Fraction(points * max(lines - left, 0), lines)) if lines else 0


def reversal(wanted: int, *, balance: int, whole: int) -> int:
    """PT-2: what is taken from what may be spent: to minus this one order's points at most."""
    return max(wanted, min(0, -whole - balance))


# -- PT-6


class Word(StrEnum):
    """May points become a code? The first reason against it, or GIVE."""

    GIVE = "give"
    APP_OFF = "app_off"
    STOPPED = "stopped"
    """MG-8."""
    OFF = "points_off"
    NO_ACCOUNT = "no_account"
    EXCLUDED = "excluded"
    TOO_FEW = "too_few"
    """Fewer than may be spent at once."""
    NOT_WHOLE = "not_whole"
    """No whole unit of the currency."""
    NOT_ENOUGH = "not_enough"


@dataclass(frozen=True)
class Wish:
    """What matters of a wish to spend."""

    points: int
    available: int
    least: int
    running: bool
    on: bool
    stopped: bool = False
    account: bool = True
    excluded: bool = False


def word(wish: Wish) -> Word:
    checks = (
        (not wish.running, Word.APP_OFF),
        (wish.stopped, Word.STOPPED),
        (not wish.on, Word.OFF),
        (not wish.account, Word.NO_ACCOUNT),
        (wish.excluded, Word.EXCLUDED),
        (wish.points < wish.least, Word.TOO_FEW),
        (wish.points % WORTH != 0, Word.NOT_WHOLE),
        (wish.points > wish.available, Word.NOT_ENOUGH),
    )
    return next((word for holds, word in checks if holds), Word.GIVE)


def worth(points: int) -> Decimal:
    """In the reporting currency."""
    return Decimal(points) / WORTH


# -- PT-7


class Against(StrEnum):
    """Why points are not changed by hand."""

    REASON = "reason"
    NUMBER = "number"
    TOO_MANY = "too_many"
    BELOW = "below"
    """More is taken than there is."""


def by_hand(points: int, reason: str, *, today: int, available: int) -> Against | None:
    """`today`: how many were given and taken by hand in the last 24 hours, both counted up."""
    checks = (
        (points == 0, Against.NUMBER),
        (not reason.strip(), Against.REASON),
        (today + abs(points) > MOST_BY_HAND, Against.TOO_MANY),
        (points < 0 and -points > max(available, 0), Against.BELOW),
    )
    return next((why for holds, why in checks if holds), None)


# -- PT-5


class Fate(StrEnum):
    STAYS = "stays"
    WARN = "warn"
    WARN_AGAIN = "warn_again"
    EXPIRES = "expires"


@dataclass(frozen=True)
class Idle:
    """A balance that rests."""

    active_at: datetime
    counted_from: datetime
    """Since when points can end at all: nothing ends in the first full period."""
    months: int
    warned_at: datetime | None = None
    warned_again_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """Never before either warning has had its time."""
        end = later(max(self.active_at, self.counted_from), self.months)
        if self.warned_at:
            end = max(end, self.warned_at + FIRST_WARNING)
        if self.warned_again_at:
            end = max(end, self.warned_again_at + LAST_WARNING)
        return end


def fate(idle: Idle, *, now: datetime) -> Fate:
    if idle.warned_at is None:
        return Fate.WARN if now >= idle.ends_at - FIRST_WARNING else Fate.STAYS
    if idle.warned_again_at is None:
        return Fate.WARN_AGAIN if now >= idle.ends_at - LAST_WARNING else Fate.STAYS
    return Fate.EXPIRES if now >= idle.ends_at else Fate.STAYS


def later(at: datetime, months: int) -> datetime:
    """The same day and time some months on, or that month's last day."""
    years, index = divmod(at.year * 12 + at.month - 1 + months, 12)
    last = monthrange(years, index + 1)[1]
    return at.replace(year=years, month=index + 1, day=min(at.day, last))


# -- PT-8

CENT = Decimal("0.01")
AGES = (90, 180, 365)
"""Days: what is younger than the first, the second, the third, and the rest."""


@dataclass(frozen=True)
class Owed:
    """What points would cost the shop."""

    ages: Mapping[str, int]
    """Points that may be spent, by how long ago they were earned."""
    pending: int
    void: Fraction
    """Which share of the points of final orders was not kept."""

    @property
    def available(self) -> int:
        return sum(self.ages.values())

    @property
    def value(self) -> Decimal:
        """PT-8, in the reporting currency."""
        expected = Fraction(self.available) + self.pending * (1 - self.void)
        return (Decimal(expected.numerator) / expected.denominator / WORTH).quantize(CENT)


def expected_void(*, brought: int, kept: int, orders: int) -> Fraction:
    """Of orders whose return window is over, or that were cancelled before."""
    if orders < FEWEST_FINAL or brought <= 0:
        return Fraction(0)
    return 1 - min(Fraction(kept, brought), Fraction(1))
