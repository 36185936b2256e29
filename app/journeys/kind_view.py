"""What the pages of kinds of customers, look-alikes and overlap are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Told = Mapping[str, Any]
"""A fact of app.segments.telling, with `label` and `amount` as a person reads them."""


class Hold(StrEnum):
    """How surely a kind of customers is found again (Hennig 2007)."""

    STABLE = "stable"
    SHAKY = "shaky"
    LOOSE = "loose"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindLine:
    number: int
    people: int
    share: float
    stability: float
    hold: Hold
    told: Sequence[Told]
    segment: str | None = None
    """The key of the segment that it is kept as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    lines: Sequence[KindLine] = ()
    customers: int = 0
    fewest: int
    made_at: datetime | None = None
    learnt: str = ""
    now: datetime
    zone: str
    may_change: bool
    saved: str = ""
    """The key of the segment that has just been made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """So many of the most alike; `share` of those at least as alike are members."""

    people: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    person: int
    who: str
    told: Sequence[Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikePage:
    key: str
    name: str
    asked: bool = False
    few: bool = False
    members: int = 0
    others: int = 0
    fewest: int
    auc: float = 0.0
    low: float = 0.0
    high: float = 0.0
    apart: bool = False
    cuts: Sequence[Cut] = ()
    base: float = 0.0
    """The share of members among all."""
    best: int = 0
    near: Sequence[Near] = ()
    sees_people: bool = False
    segment: str | None = None
    made_at: datetime | None = None
    now: datetime
    zone: str
    may_change: bool
    saved: bool = False
    wrong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two segments: how many are in both, and of everybody in either."""

    one: str
    other: str
    both: int
    jaccard: float
    of_one: float
    of_other: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Who is in exactly these."""

    keys: Sequence[str]
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapPage:
    all: Sequence[tuple[str, str]]
    """Key and name of every segment."""
    names: Mapping[str, str]
    chosen: Sequence[str] = ()
    sizes: Mapping[str, int]
    pairs: Sequence[Pair] = ()
    regions: Sequence[Region] = ()
    most: int
    too_many: bool = False
