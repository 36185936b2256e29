"""Recency, frequency, money: eleven groups that cover all 25 cells exactly once (RM-1, RM-2)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.ltv.arrays import Floats, Longs

if TYPE_CHECKING:  # it comes with a compiler, and whoever asks for a group has no need of one
    from app.ltv.statistics import Statistics

WINDOW = 730  # days; bounds 6 to 60 months
FREQUENCY = np.array([1, 2, 3, 6])  # upper ends: 1, 2, 3, 4–6, 7 and more
FEW = 200


class Group(StrEnum):
    CHAMPION = "Champion"
    LOYAL = "Loyal"
    POTENTIAL = "Potential loyal"
    NEW = "New"
    PROMISING = "Promising"
    ATTENTION = "Needs attention"
    SLEEPY = "About to sleep"
    RISK = "At risk"
    CANNOT_LOSE = "Cannot lose"
    HIBERNATING = "Hibernating"
    LOST = "Lost"


_G = Group
TABLE: dict[int, tuple[Group, ...]] = {
    5: (_G.NEW, _G.POTENTIAL, _G.POTENTIAL, _G.CHAMPION, _G.CHAMPION),
    4: (_G.PROMISING, _G.POTENTIAL, _G.POTENTIAL, _G.LOYAL, _G.CHAMPION),
    3: (_G.SLEEPY, _G.SLEEPY, _G.ATTENTION, _G.LOYAL, _G.LOYAL),
    2: (_G.HIBERNATING, _G.HIBERNATING, _G.RISK, _G.RISK, _G.CANNOT_LOSE),
    1: (_G.LOST, _G.HIBERNATING, _G.RISK, _G.RISK, _G.CANNOT_LOSE),
}


@dataclass(frozen=True)
class Boundaries:
    """Frozen for a month, so that people do not flip (RM-4). Days since the last order, and
    money, between points; 4 numbers each, or 2 with fewer than 200 buyers."""

    recency: Floats
    money: Floats


@dataclass(frozen=True)
class Rfm:
    """Points 1 to 5 of each customer who bought in the window; `rows` into the statistics."""

    rows: Longs
    r: Longs
    f: Longs
    m: Longs
    groups: NDArray[np.object_]


def boundaries(s: "Statistics", money: Floats, *, window: int = WINDOW) -> Boundaries:
    """Quantiles over buyers of the window; `money` is margin, or turnover where cost is missing."""
    rows = np.flatnonzero(s.today - s.last < window)
    points = 5 if len(rows) >= FEW else 3
    steps = np.linspace(0.0, 1.0, points + 1)[1:-1]
    if len(rows) == 0:
        return Boundaries(np.zeros(points - 1), np.zeros(points - 1))
    ago = (s.today - s.last[rows]).astype(np.float64)
    return Boundaries(np.quantile(ago, steps), np.quantile(money[rows], steps))


def rfm(s: "Statistics", money: Floats, limits: Boundaries, *, window: int = WINDOW) -> Rfm:
    """Points and groups. Equal values get equal points. With three points they count as 1, 3, 5."""
    rows = np.flatnonzero(s.today - s.last < window)
    most = len(limits.recency) + 1
    spread = np.array([1, 3, 5]) if most == 3 else np.arange(1, 6)
    ago = (s.today - s.last[rows]).astype(np.float64)
    r = spread[most - 1 - np.searchsorted(limits.recency, ago, side="left")]
    m = spread[np.searchsorted(limits.money, money[rows], side="left")]
    f = 1 + np.searchsorted(FREQUENCY, s.x[rows] + 1, side="left")
    fm = -(-(f + m) // 2)
    names = [TABLE[int(a)][int(b) - 1] for a, b in zip(r, fm, strict=True)]
    return Rfm(rows, r, f, m, np.array(names, dtype=object))
