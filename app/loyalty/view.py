"""What the pages of the loyalty room are given: the settings form and the customer widget.

A field holds what is stored, or the very text somebody typed when it could not be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.loyalty.guards import Word
from app.ltv.glance import Glance
from app.web.notation import Sum


class Problem(StrEnum):
    """What is wrong with a field; the template has the sentence for it."""

    MISSING = "missing"
    TAKEN = "taken"
    NOT_A_NUMBER = "not_a_number"
    NOT_RISING = "not_rising"
    """A threshold that is not above the one before."""
    PERCENT = "percent"
    """Not between 1 and 100."""
    MONTHS = "months"
    """Not a whole number from 1 to 60."""
    UNKNOWN = "unknown"
    """No such zone or currency."""
    EXCLUSION = "exclusion"
    """A line that is neither an e-mail address nor a domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One tier of the ladder, as the form shows it. The first one begins at zero."""

    key: str
    name: str
    threshold: Decimal | str
    percent: Decimal | str | None
    """Percent points, 10 for 10 %."""
    least: Decimal | str = Decimal(0)
    """CP-1: what a basket has to come to for its code; nought is no bound."""
    offer: bool = False
    channels: tuple[str, ...] | None = None
    """Slugs of the channels its code is good in; None is all of them."""
    people: int | None = None
    problems: Mapping[str, Problem] = field(default_factory=dict)
    """By field: name, threshold, percent, least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One tier before and after the change that is being tried out."""

    name: str
    before: int
    after: int
    rise: int
    """People who come into it from below, at once."""
    fall: int
    """People who would belong lower; they keep the tier until its validity ends (TI-6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    moves: tuple[Move, ...]
    cost: Sum | None
    """What the offers would take off a year like the last one, were every code used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A tier's threshold that the shop's own distribution suggests (TI-2)."""

    name: str
    threshold: Decimal
    share: Decimal
    """Of customers who bought, how many reach it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The change that was just made."""

    undo: str | None
    """Posted back to take it back; None once it was taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsForm:
    rungs: tuple[Rung, ...]
    now: datetime
    currency: str
    currencies: tuple[str, ...]
    channels: tuple[str, ...]
    """Slugs of the shop's channels."""
    months: int | str
    zone: str
    zones: tuple[str, ...]
    excluded: str = ""
    """E-mail addresses and domains, one a line."""
    rates: Mapping[str, Decimal | str] = field(default_factory=dict)
    """What one unit of each other currency is worth in `currency`."""
    problems: Mapping[str, Problem] = field(default_factory=dict)
    """By field: months, zone, currency, excluded, rate_<currency>."""
    proposals: tuple[Proposal, ...] = ()
    preview: Preview | None = None
    saved: Saved | None = None
    stopped_at: datetime | None = None
    """Since when all offers are stopped, whatever each tier is set to."""
    may_change: bool = True
    """The viewer has MANAGE_APPS."""

    @property
    def wrong(self) -> bool:
        return bool(self.problems) or any(rung.problems for rung in self.rungs)


class Sight(StrEnum):
    """What the widget can show, in a word."""

    READY = "ready"
    FORBIDDEN = "forbidden"
    """The viewer may not see customers: nothing about this one is shown."""
    STALE = "stale"
    """The token in the form is not valid (any more)."""
    IMPORTING = "importing"
    UNKNOWN = "unknown"
    """This customer has not been heard of yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The tier of a customer and how far the next one is."""

    tier: str
    spent: Sum
    """On goods, in the window."""
    threshold: Decimal
    months: int
    since: datetime | None = None
    kept_until: datetime | None = None
    next_tier: str | None = None
    next_threshold: Decimal | None = None
    by_hand: str | None = None
    """The reason somebody gave who set the tier by hand (TI-7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    text: str
    percent: Decimal
    ends_at: datetime
    least: tuple[Sum, ...] = ()
    """CP-1: what a basket has to come to, in each currency the shop sells in."""
    used_at: datetime | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOrder:
    number: str
    at: datetime
    total: Sum
    refunded: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    value: tuple[Sum, ...]
    """Charged to date, less refunds."""
    orders: int
    average: tuple[Sum, ...] = ()
    last_order_at: datetime | None = None
    standing: Standing | None = None
    code: Code | None = None
    no_code: Word | None = None
    """What stands against a code; None beside no code means that it is being made."""
    last_orders: tuple[PastOrder, ...] = ()
    worth: Glance | None = None
    """PV-1: what she is expected to bring; None where nothing may be said of her alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    sight: Sight
    now: datetime
    zone: str = "UTC"
    person: Person | None = None
    """Only with READY."""
