"""What the pages of feedback are given. Shares are of one, instants aware."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from app.feedback.rules import Estimate, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Somebody who was asked, and what she said."""

    id: int
    kind: str
    person: int | None
    who: str
    asked_at: datetime
    answered_at: datetime | None
    score: int | None
    words: str
    order: str | None
    """Its number."""
    order_link: str | None
    """To the Dashboard."""
    low: bool
    handled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """FB-7: what was said of the letters of an automation."""

    key: str
    name: str = ""
    said: int
    yes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Those of one tier, country or product."""

    by: str
    name: str
    tally: Tally
    estimate: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Those who were asked in a calendar month of the shop."""

    first: date
    tally: Tally
    estimate: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """FB-5: one of the two surveys, over the period."""

    kind: str
    on: bool
    """Its automation."""
    tally: Tally
    estimate: Estimate | None
    scores: Mapping[int, int]
    parts: Sequence[Part]
    trend: Sequence[Month] = ()
    """From the first month of the last twelve in which anybody was asked."""

    @property
    def told(self) -> int:
        """Months with answers enough to say something."""
        return sum(month.estimate is not None for month in self.trend)

    @property
    def line(self) -> Mapping[str, Sequence[float | None]]:
        """The trend as a picture takes it: a gap where nothing may be said."""
        told = [month.estimate for month in self.trend]
        ends = {"values": "value", "low": "least", "high": "most"}
        return {
            key: [getattr(one, name) if one else None for one in told] for key, name in ends.items()
        }

    @staticmethod
    def points(share: float) -> int:
        """NPS is told in points."""
        return round(share * 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    days: int
    spans: Sequence[int]
    results: Sequence[Result]
    useful: Sequence[Use]
    tasks: Sequence[Answer] = ()
    told: Sequence[Answer] = ()
    sees_people: bool = True
    may_change: bool = True
    fewest: int
    now: datetime
    zone: str
    done: int | None = None
    """The task that was just marked done."""
    names: Mapping[str, str] = field(default_factory=dict)
