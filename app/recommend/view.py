"""What the page of recommendations is given. Shares are of one; None is "not known yet"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.recommend.asking import Line


class Problem(StrEnum):
    """What is wrong with a field."""

    NO_PRODUCT = "no_product"
    NO_CUSTOMER = "no_customer"
    ORIGIN = "origin"


class Why(StrEnum):
    """Why there is no list to show."""

    OPENING = "opening"
    """It is being read from the orders; in a moment."""
    AWAY = "away"
    """Saleor cannot be asked what is for sale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A list made in one way, against the orders that came."""

    method: str
    hit_rate: float
    coverage: float
    served: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A kind of list, and every way of making it."""

    slot: str
    asked: int
    """Customers by whose last order it was judged."""
    scores: tuple[Scored, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    at: datetime
    customers: int
    judged: tuple[Judged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One list, made just now."""

    title: str
    """`for_you`, `again`, `discover`, `together` or `popular`."""
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A pin or a block."""

    id: int
    name: str
    pinned: bool
    beside: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Lists in Saleor's metadata."""

    on: bool
    granted: bool
    products: int
    people: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    now: datetime
    quality: Quality | None
    channels: tuple[str, ...]
    channel: str
    customer: str = ""
    product: str = ""
    examples: tuple[Example, ...] = ()
    none: Why | None = None
    names: tuple[str, ...] = ()
    """Products to choose from while typing."""
    choices: tuple[Chosen, ...] = ()
    telling: Telling
    key: str
    origins: str = ""
    problems: Mapping[str, Problem]
    typed: Mapping[str, str] = field(default_factory=dict)
    """What was refused, by field."""
    saved: bool = False
    may_change: bool = False
    sees_people: bool = False
