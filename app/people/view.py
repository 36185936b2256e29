"""What the Customers pages are given. Every instant is aware; money is major units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from app.feedback.view import Answer
from app.loyalty.view import Widget
from app.points.view import Purse
from app.recommend.asking import Line as Product
from app.segments.tastes import Taste
from app.web.notation import Sum


class Order(StrEnum):
    """How the list is ordered, the most first."""

    WORTH = "worth"
    """Expected net value of the next 12 months."""
    VALUE = "value"
    """Margin to date."""
    SPENT = "spent"
    ORDERS = "orders"
    ALIVE = "alive"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One customer in the list."""

    id: int
    name: str
    email: str | None
    orders: int
    spent: Decimal | None = None
    """On goods, less what was given back."""
    value: Decimal | None
    """Margin to date; None before the first scoring."""
    expected: Decimal | None
    last: date | None
    tier: str | None
    group: str = ""
    alive: float | None = None
    """P(still a customer)."""
    next_from: date | None = None
    """The next order comes in between with 80 %, if it comes at all."""
    next_to: date | None = None
    due: date | None = None
    """After this day it is late."""
    reachable: bool = False
    """May be written to, by e-mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    lines: tuple[Line, ...]
    asked: str
    order: Order
    page: int
    more: bool
    currency: str
    zone: str
    today: date
    all: int = 0
    """Who had bought last night."""
    again: Decimal | None = None
    """Of those who had 90 days for it, the share with a second order."""
    unrated: Sequence[str] = ()
    """LV-1: currencies whose orders are in none of these numbers."""
    tier: str = ""
    """The key of the tier whose people these are."""
    tiers: Mapping[str, str] = field(default_factory=dict)
    """Name by key."""
    group: str = ""
    groups: Sequence[str] = ()
    segment: str = ""
    segments: Mapping[str, str] = field(default_factory=dict)
    """The owner's own name by key; the template has words for the standard ones."""
    on: str = ""
    """A day of the shop's: who was in the segment then."""

    @property
    def filters(self) -> Mapping[str, str]:
        """What is set, as an address has it."""
        told = {"q": self.asked, "tier": self.tier, "group": self.group, "segment": self.segment,
                "on": self.on}  # fmt: skip
        return {name: value for name, value in told.items() if value}


class Kind(StrEnum):
    """What a line of the timeline tells."""

    ORDER = "order"
    CODE = "code"
    TIER = "tier"
    MESSAGE = "message"
    JOINED = "joined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A segment she is in, or was."""

    key: str
    name: str
    since: datetime
    left: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """DC-2: one reason; the template has the sentence for its word."""

    word: str
    what: str = ""
    number: int = 0
    share: float | None = None
    until: datetime | None = None
    sum: Sum | None = None
    bar: Sum | None = None
    """What a tier asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """DC-2: what was decided last about a customer and an automation."""

    key: str
    name: str
    """The owner's own; a recipe without is called by its key in the template."""
    at: datetime
    got: bool
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened to a customer, or was not done and why."""

    at: datetime
    kind: Kind
    word: str
    """A verb, a move or a state: the template has the sentence for it."""
    what: str = ""
    reason: str = ""
    sum: Sum | None = None
    because: tuple[Because, ...] = ()
    """DC-2: what it was decided on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A guest who turned out to be this account (ID-3)."""

    guest: int
    at: datetime
    orders: int
    undoable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HandForm:
    """TI-7: a tier given by hand."""

    tiers: tuple[tuple[str, str], ...]
    """Key and name, lowest first."""
    given: str | None = None
    tier: str = ""
    until: str = ""
    reason: str = ""
    problem: str | None = None
    """tier, until or reason; the template has the sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picks:
    """What would be recommended to her now."""

    lines: tuple[Product, ...] = ()
    none: str = ""
    """Why there are none: opening, away or channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLine:
    id: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A goodwill code that can still be used."""

    id: int
    text: str
    percent: Decimal
    """A share of one."""
    ends_at: datetime | None
    undoable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLine:
    channel: str
    allowed: bool
    """To get advertising there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """What staff may do for her, and how it stands."""

    notes: tuple[NoteLine, ...]
    present: Present | None
    percents: tuple[Decimal, ...]
    may_reward: bool
    consents: tuple[ConsentLine, ...]
    paused_until: datetime | None
    can_pause: bool
    """There is an address to write to."""
    forgotten_at: datetime | None
    """When she is forgotten, as somebody asked just now."""
    no_profile: bool
    """PR-4: she objects to one."""
    typed: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    """What stands against it, in a word of the room that said so."""
    removed: int | None = None
    """The note that was just taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    id: int
    name: str
    email: str | None
    account: str | None
    country: str
    language: str
    joined_at: datetime | None
    widget: Widget
    hand: HandForm | None
    """None while there are no tiers, and for who may not change them."""
    joined: tuple[Joined, ...]
    segments: tuple[Inside, ...] = ()
    """The latest first."""
    tastes: Sequence[Taste] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    """What was written down about her, by its name."""
    timeline: tuple[Moment, ...]
    verdicts: tuple[Verdict, ...]
    may_change: bool
    now: datetime
    zone: str
    care: Care
    answers: Sequence[Answer] = ()
    """FB: what she was asked, and said; the latest first."""
    points: Purse | None = None
    saved: str | None = None
    """What was just done; the template has the sentence."""
