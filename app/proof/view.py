"""What the page Proof is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from app.journeys.view import StepLine
from app.web.notation import Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """An effect with the edges between which it is."""

    value: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Money in all, with its edges."""

    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanLine:
    """HO-4: one window."""

    days: int
    people: int
    conversion: Range | None
    money: Amount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """S9: the same effect among some of them."""

    key: str
    name: str
    people: int
    conversion: Range | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmLine:
    name: str
    people: int
    conversion: float
    margin: Decimal
    refunded: float
    unsubscribed: int
    complained: int
    effect: Range | None = None
    money: Amount | None = None
    """A person, not in all."""
    verdict: str = ""
    chance: float | None = None
    spared: float = 0.0
    change: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """HO-5: one holdout."""

    subject: str
    name: str
    mode: str
    promised: bool
    people: int = 0
    withheld: int = 0
    ripe: int = 0
    first_known_at: datetime | None = None
    """When the first outcome will be; None once one is."""
    verdict: str = "too_early"
    attributed: Sum | None = None
    incremental: Amount | None = None
    extra: float | None = None
    """Of what is attributed, the share that would not have come anyway."""
    conversion: Range | None = None
    base: float | None = None
    weeks: int | None = None
    """Left, at the pace of the last four; None where nobody can say."""
    needed: int = 0
    least: float = 0.0
    enough: bool = False
    spared: float = 0.0
    crossed: int = 0
    spans: Sequence[SpanLine] = ()
    groups: Sequence[GroupLine] = ()
    pooled: Range | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Automations:
    cards: Sequence[Card]
    currency: str
    share: float
    everywhere: float
    prove_first: bool
    promised: bool
    """HO-9: the tiers' benefits."""
    alarms: float | None
    """AB-11: of tests of nothing on the shop's own past."""
    alarms_of: int
    made_at: datetime | None
    now: datetime
    zone: str
    may_change: bool = True
    saved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCard:
    """AB-8: one version of a test."""

    id: int
    subject: str
    name: str
    """Of the automation."""
    step: str
    told: StepLine | None
    """What the step does; None of a newsletter."""
    version: int
    arms: Sequence[ArmLine]
    metric: str
    analysis: str
    people: int
    ripe: int
    planned: int
    weeks: int | None
    decided: str
    """The arm that is better than the first, and brought the most of those; or nothing."""
    open: bool
    """Of some arm it is too early to say."""
    winner: str | None
    won_at: datetime | None
    ended: bool
    broken: bool
    enough: bool
    began_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something can be tried."""

    value: str
    subject: str
    name: str
    kind: str
    step: str
    message: str = ""
    told: StepLine | None = None
    """What the step does today; None of a newsletter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """AB-3: said before the start."""

    people: int
    arms: int
    weeks: int | None
    finishes: bool
    a_week: float
    base: float
    assumed: bool
    """Nothing of the past tells: the usual 5 in 100 are taken."""


class Wrong(Protocol):
    """What is wrong with the form, and with which arm of it (app.proof.form.WrongError)."""

    @property
    def word(self) -> str: ...
    @property
    def arm(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tests:
    cards: Sequence[TestCard]
    places: Sequence[Place]
    messages: Sequence[tuple[str, str]]
    currency: str
    now: datetime
    zone: str
    typed: Mapping[str, str]
    arms: Sequence[str]
    """That the form asks for, with the one that is as today."""
    new: str = ""
    """The arm that was just added, or that moved up."""
    wrong: Wrong | None = None
    proposed: Proposed | None = None
    may_change: bool = True
    saved: bool = False
