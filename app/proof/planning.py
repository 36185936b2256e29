"""AB-3, HO-6: how many people it takes, and how long that is, said before the start.

Two independent means at a two-sided level (Lachin: Introduction to sample size determination and
power analysis for clinical trials, Controlled Clinical Trials 2, 1981, equation 1), with each arm's
own variance. In the mode that may be looked at daily the interval is wider and so are the numbers.

That formula takes the width of the interval for known. It is estimated from the same people: where
few are held back and by chance fewer than usual of them bought, the effect looks larger and the
interval narrower at once, and the other way round. So the distance between effect and edge scatters
more than the effect, which is what has to be planned for (delta method; Agresti: Categorical Data
Analysis, 3rd ed., 16.1). Half and half, the two arms' shares in that cancel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, inf, sqrt
from typing import NamedTuple

from scipy.special import ndtri

from app.proof.sequences import ALPHA, fixed, stretch

POWER = 0.80
HOPED = float(ndtri(POWER))
"""Standard errors that an effect lies beyond the interval's edge to be found that often."""
STEPS = 8
"""Of a fixed point that stands after three or four."""
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


class Noise(NamedTuple):
    """Of one person's outcome in an arm."""

    variance: float
    lean: float = 0.0
    """By how much a sample's variance moves with its mean: third central moment by variance.
    Nought where it is not known."""

    @classmethod
    def of_share(cls, bought: float) -> "Noise":
        return cls(bought * (1.0 - bought), 1.0 - 2.0 * bought)


def people(
    noise: tuple[Noise, Noise],
    effect: float,
    share: float,
    mode: Analysis,
    *,
    alpha: float = ALPHA,
) -> int:
    """In all. `noise`: in the arm with `share` of the people, and in the other one."""
    if effect == 0 or not 0 < share < 1 or not (spread := _spread(noise, share)):
        return 0
    edge = _edge(mode, alpha)
    needed = ((edge + HOPED) * spread / effect) ** 2
    for _ in range(STEPS):
        strays = _strays(noise, share, needed, edge)
        needed = ((edge + HOPED * strays) * spread / effect) ** 2
    return ceil(needed)


def in_all(
    noise: tuple[Noise, Noise], effect: float, shares: Sequence[float], mode: Analysis
) -> int:
    """In all arms. Each is compared with the first; so that all comparisons together are wrong no
    more often than one, each is held against a stricter bar (Bonferroni, which Holm's steps, by
    which verdicts are reached, never need more people than). `shares`: of the arms; those after the
    first are taken for alike.
    """
    pair = shares[0] + shares[1] if len(shares) > 1 else 0.0
    if pair <= 0:
        return 0
    alpha = ALPHA / (len(shares) - 1)
    return ceil(people(noise, effect, shares[0] / pair, mode, alpha=alpha) / pair)


def _spread(noise: tuple[Noise, Noise], share: float) -> float:
    """Standard deviation of an effect measured with one person."""
    return sqrt(noise[0].variance / share + noise[1].variance / (1.0 - share))


def _strays(noise: tuple[Noise, Noise], share: float, n: float, edge: float) -> float:
    """How much more the effect's distance from the interval's edge scatters than the effect."""
    spread = _spread(noise, share)
    found = 0.0
    for one, part, sign in ((noise[0], share, 1.0), (noise[1], 1.0 - share, -1.0)):
        pull = edge * one.lean / (2.0 * part * spread * sqrt(n))
        found += one.variance / part * (1.0 + sign * pull) ** 2
    return max(sqrt(found) / spread, 1.0)


def _edge(mode: Analysis, alpha: float = ALPHA) -> float:
    """How many standard errors the interval reaches."""
    # a sequence is tuned to its own end, where its stretch is the same however long it is
    return fixed(alpha) if mode is not Analysis.ALWAYS else float(stretch(1.0, 1.0, alpha))


def for_share(base: float, lift: float, share: float, mode: Analysis = Analysis.FIXED) -> int:
    """Conversion: `share` of the people stay at `base`, the others rise by `lift`."""
    return people((Noise.of_share(base), Noise.of_share(base + lift)), lift, share, mode)


def plan(needed: int, *, a_week: float, so_far: int = 0) -> Plan:
    left = max(needed - so_far, 0)
    return Plan(needed, left / a_week if a_week > 0 else (0.0 if left == 0 else inf))


def detectable(noise: tuple[Noise, Noise], n: int, share: float, mode: Analysis) -> float:
    """The smallest effect that so many people show with 80 % power."""
    if n <= 0 or not 0 < share < 1:
        return inf
    edge, spread = _edge(mode), _spread(noise, share)
    return (edge + HOPED * _strays(noise, share, n, edge)) * spread / sqrt(n) if spread else 0.0
