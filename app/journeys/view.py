"""What the pages of journeys are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.journeys.recipes import Choice
from app.journeys.rehearsing import Rehearsal
from app.journeys.results import Result
from app.journeys.rules import Day
from app.web.notation import Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A journey on the list: a recipe, switched on or not yet."""

    key: str
    name: str = ""
    """The owner's own; the page has words for a recipe."""
    on: bool = False
    set_up: bool = False
    minutes: int = 2
    on_the_way: int = 0
    entered: int = 0
    """In the last 30 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    key: str
    name: str
    purpose: str
    missing: Sequence[tuple[str, str]] = ()
    """Channel and language of each translation that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLine:
    """A newsletter in the calendar."""

    id: int
    name: str
    message: str
    segment: str
    at: datetime
    every_days: int | None
    digest: bool
    asked: int
    last_at: datetime | None
    cancelled: bool
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Automations:
    tab: str
    cards: Sequence[Card] = ()
    messages: Sequence[MessageLine] = ()
    letters: Sequence[LetterLine] = ()
    segments: Sequence[tuple[str, str]] = ()
    """Key and own name, to send a newsletter to."""
    now: datetime
    zone: str = "UTC"
    stopped_at: datetime | None = None
    may_change: bool = True
    wrong: str = ""
    """`time`, `message` or `segment`: what is wrong with the newsletter form."""
    typed: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step of the vertical list, with what happened at it."""

    kind: str
    key: str
    amount: int = 0
    unit: str = ""
    """A span, as the page words it: `minutes`, `hours`, `days`."""
    message: str = ""
    message_name: str = ""
    message_kept: bool = False
    """There is a page of it."""
    percent: float = 0
    days: int = 0
    firm: bool = False
    """CP-4: as a gift card."""
    least: Sum | None = None
    """CP-1: of a code."""
    from_start: bool = False
    event: str = ""
    words: Sequence[Mapping[str, Any]] = ()
    """Facts of a condition."""
    counts: Mapping[str, int] | None = None
    """Of a send: by state, and `clicked`."""
    here: int = 0
    """People who wait at it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    number: int
    made_at: datetime
    by: str | None
    on_the_way: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    card: Card
    trigger: str
    of: str = ""
    day: Day | None = None
    """Which day it begins with."""
    exits: Sequence[str] = ()
    reentry: int | None = None
    once: bool = False
    steps: Sequence[StepLine] = ()
    choices: Sequence[tuple[Choice, int]] = ()
    rehearsal: Rehearsal | None = None
    versions: Sequence[VersionLine] = ()
    endings: Mapping[str, int] | None = None
    skips: Mapping[str, int] | None = None
    now: datetime
    zone: str = "UTC"
    stopped_at: datetime | None = None
    may_change: bool = True
    saved: bool = False
    waiting: int = 0
    """Messages that piled up while it was off."""
    own: bool = False
    """The shop's own, and no recipe."""
    results: Sequence[Result] = ()
    """AC-11, by currency; of the cart's journey alone."""
    suspects: int = 0
    firm: bool = False
    """CP-4: something of it is given as gift cards."""
    sees_people: bool = False
    linkless: bool = False
    """Its letters lead nowhere: where the storefront is was not said yet."""
    cards_possible: bool = False
    currency: str = ""
    cards_allowed: bool = False
