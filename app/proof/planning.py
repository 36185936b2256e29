"""AB-3, HO-6: how many people it takes, and how long that is, said before the start.

Two independent means at a two-sided level (Lachin: Introduction to sample size determination and
power analysis for clinical trials, Controlled Clinical Trials 2, 1981, equation 1), with each arm's
own variance. In the mode that may be looked at daily the interval is wider and so are the numbers.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil, inf

from scipy.special import ndtri

from app.proof.sequences import ALPHA, fixed, stretch

POWER = 0.80
LONGEST_WEEKS = 26
"""AB-3: what cannot finish in half a year is said before it starts."""


class Analysis(StrEnum):
    """AB-4: how it is looked at."""

    ALWAYS = "always"
    FIXED = "fixed"
    BAYES = "bayes"


@dataclass(frozen=True)
class Plan:
    """What is agreed before the start. `people` in all arms together."""

    people: int
    weeks: float
    """At the pace of the last weeks; infinite where nobody comes."""

    @property
    def finishes(self) -> bool:
        return self.weeks <= LONGEST_WEEKS


def people(spread: tuple[float, float], effect: float, share: float, mode: Analysis) -> int:
    """In all. `spread`: variance of a person's outcome in the arm with `share` of the people, and
    in the other one."""
    if effect == 0 or not 0 < share < 1:
        return 0
    a, b = spread
    variance = a / share + b / (1.0 - share)
    return ceil(_needed(mode) ** 2 * variance / effect**2)


def _needed(mode: Analysis) -> float:
    """Standard errors that an effect has to be away from nought to be found that often."""
    # a sequence is tuned to its own end, where its stretch is the same however long it is
    edge = fixed(ALPHA) if mode is not Analysis.ALWAYS else float(stretch(1.0, 1.0))
    return edge + float(ndtri(POWER))


def for_share(base: float, lift: float, share: float, mode: Analysis = Analysis.FIXED) -> int:
    """Conversion: `share` of the people stay at `base`, the others rise by `lift`."""
    risen = base + lift
    return people((base * (1 - base), risen * (1 - risen)), lift, share, mode)


def for_mean(
    spread: float, lift: float, share: float, mode: Analysis = Analysis.FIXED, *, r: float = 0.0
) -> int:
    """Money: `spread` is the standard deviation of a person's, `lift` the rise, both in one unit.
    `r`: how well the past tells the outcome (CUPED)."""
    variance = spread**2 * (1 - r**2)
    return people((variance, variance), lift, share, mode)


def plan(needed: int, *, a_week: float, so_far: int = 0) -> Plan:
    left = max(needed - so_far, 0)
    return Plan(needed, left / a_week if a_week > 0 else (0.0 if left == 0 else inf))


def detectable(spread: tuple[float, float], n: int, share: float, mode: Analysis) -> float:
    """The smallest effect that so many people show with 80 % power."""
    a, b = spread
    if n <= 0 or not 0 < share < 1:
        return inf
    return float(_needed(mode) * ((a / share + b / (1.0 - share)) / n) ** 0.5)
