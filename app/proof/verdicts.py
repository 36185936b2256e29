"""AB-7, AB-8: what may be said, in one of a few words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

LEAST_SPAN = timedelta(days=7)
LEAST_CONVERSIONS = 100
LEAST_PEOPLE = 250
ALPHA = 0.05


class Verdict(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no_difference"
    """None that is bigger than the smallest one worth having."""
    TOO_EARLY = "too_early"
    HIDDEN = "hidden"
    """Agreed to be looked at only at the end (AB-4)."""
    BROKEN = "broken"
    """AB-6: people did not come into the arms as they should."""


@dataclass(frozen=True)
class Seen:
    """AB-7: is there enough to say anything?"""

    span: timedelta
    """Since the first person was drawn."""
    people: Sequence[int]
    """By arm, of whom the outcome is known."""
    conversions: int

    @property
    def enough(self) -> bool:
        return (
            self.span >= LEAST_SPAN
            and self.conversions >= LEAST_CONVERSIONS
            and min(self.people, default=0) >= LEAST_PEOPLE
        )


@dataclass(frozen=True)
class Interval:
    estimate: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        return self.low > 0 or self.high < 0


def verdict(seen: Seen, found: Interval, *, p: float, least: float) -> Verdict:
    """`p` is Holm's where several are compared; `least` the smallest effect worth having."""
    if not seen.enough:
        return Verdict.TOO_EARLY
    if p <= ALPHA:
        return Verdict.BETTER if found.estimate > 0 else Verdict.WORSE
    if least > 0 and -least < found.low and found.high < least:
        return Verdict.NO_DIFFERENCE
    return Verdict.TOO_EARLY


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that of all of them together at most one in twenty families has a false alarm
    (Holm: A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6, 1979)."""
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted
