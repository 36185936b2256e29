"""What the pages of the value room are given. Money is minor units until `View.sum` shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.kit.money import major
from app.ltv.entries import EPOCH
from app.ltv.queries import Cell
from app.ltv.tables import ValueCosts


class State(StrEnum):
    """Why little can be said, in a word; READY where it can."""

    EMPTY = "empty"
    """Nobody has bought yet."""
    WAITING = "waiting"
    """The first reckoning is still to come."""
    FEW = "few"
    """PV-2: averages only."""
    RULE = "rule"
    """PV-3: a simple rule is better than the model here, and used."""
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What every tab is given."""

    tab: str
    now: datetime
    zone: str
    currency: str
    state: State
    made_at: datetime | None
    """When everybody was reckoned last."""
    fitting: Any = None
    """The learning in use (app.ltv.queries.LISTED)."""
    may_change: bool = True
    sees_people: bool = True
    held: bool = False
    covered: float | None = None
    """D12: the share of value whose cost of goods is known."""
    unrated: Sequence[str] = ()
    """LV-1: currencies whose orders are in none of these numbers."""

    def sum(self, units: float) -> Decimal:
        return major(round(units), self.currency) if self.currency else Decimal(0)

    def whole(self, units: float) -> Decimal:
        """Large sums are easier to read without cents."""
        return Decimal(round(self.sum(units)))

    def on(self, day: int) -> date:
        return date.fromordinal(day + EPOCH)

    def month(self, name: str) -> date:
        """Of `2026-03`."""
        return date.fromisoformat(f"{name}-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    sheet: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    firsts: Mapping[str, Sequence[Mapping[str, Any]]]
    products: Mapping[int, str]
    tiers: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortView:
    by: str
    show: str
    rows: Sequence[Mapping[str, Any]]
    average: Mapping[str, Sequence[float | None]]
    periods: int
    top: float
    """The largest number of the table: the darkest cell."""
    cac: float | None
    """Blended, in minor units; None without any spend handed in."""
    payback: int | None
    retention: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    cells: Sequence[Cell]
    movement: Mapping[tuple[str, str], int]
    months: int
    since: int
    """First day of the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    fittings: Sequence[Any]
    busy: bool = False
    """A learning has been asked for and is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """LV-3, LV-4: one channel over the months that spend was handed in for."""

    name: str
    spend: int
    buyers: int
    cac: float | None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    payback: int | None = None
    known: bool = True
    """False for spend on a channel that is none of the shop's: its buyers cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostsView:
    terms: ValueCosts
    typed: Mapping[str, str]
    """By field: what stands in the form."""
    problems: Mapping[str, str] = field(default_factory=dict)
    saved: str | None = None
    """What was done, in a word: costs, prices, spend."""
    rows: Sequence[ChannelRow] = ()
    blended: ChannelRow | None = None
    months: Sequence[str] = ()
    unit_costs: int = 0
    lines: Mapping[str, int] = field(default_factory=dict)
    """To date, by line, of the last reckoning."""
    refused: Sequence[tuple[int, str, str]] = ()
    """Rows of a table that could not be taken: line, what is wrong, the text."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """That table, by the name of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    link: str
    name: str | None
    row: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    rows: Sequence[PersonRow]
    total: int
    page: int
    pages: int
    query: str
    """Of the list, without the page."""
    sort: str
    said: Mapping[str, str]
    """What it is a list of, by field."""
    today: int
