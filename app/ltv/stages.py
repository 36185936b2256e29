"""How far customers come, and where they stay away: first order, second, third … (V10, CT-4)."""

from dataclasses import dataclass

import numpy as np

from app.ltv.arrays import Floats, Longs
from app.ltv.history import History
from app.ltv.statistics import Statistics

MOST = 6  # purchases told apart; the last step holds everybody beyond
ENOUGH = 20  # gaps before a step has a patience of its own


@dataclass(frozen=True)
class Step:
    """After so many purchases: who got here, who bought again, who may still, who is silent for
    longer than nine in ten who did buy again (`patience` days; None where nobody ever did).
    `middle` is the median gap, days."""

    purchases: int
    reached: int
    went_on: int
    waiting: int
    lapsed: int
    middle: float | None
    patience: float | None


def journey(history: History, *, today: int) -> tuple[Step, ...]:
    known = history.at(today)
    often = known.x.astype(np.int64) + 1
    limits = patience(history, today=today)
    late = lapsed(known, limits)
    gaps, nth = _gaps(history, today)
    steps = []
    for k in range(1, MOST + 1):
        here = often == k if k < MOST else often >= k
        mine = gaps[nth == k if k < MOST else nth >= k]
        steps.append(
            Step(
                purchases=k,
                reached=int((often >= k).sum()),
                went_on=int((often > k).sum()),
                waiting=int((here & ~late).sum()),
                lapsed=int((here & late).sum()),
                middle=float(np.median(mine)) if len(mine) else None,
                patience=float(limits[k - 1]) if np.isfinite(limits[k - 1]) else None,
            )
        )
    return tuple(steps)


def patience(history: History, *, today: int) -> Floats:
    """Days within which nine in ten gaps after the 1st, 2nd … purchase were over; infinite where
    nobody came back. A step with few gaps borrows those of all."""
    gaps, nth = _gaps(history, today)
    everybody = float(np.quantile(gaps, 0.9)) if len(gaps) >= ENOUGH else np.inf
    out = np.full(MOST, everybody)
    for k in range(1, MOST + 1):
        mine = gaps[nth == k if k < MOST else nth >= k]
        if len(mine) >= ENOUGH:
            out[k - 1] = np.quantile(mine, 0.9)
    return out


def lapsed(s: Statistics, limits: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """CT-4: silent for longer than the patience of who bought as often."""
    return np.asarray((s.today - s.last) > limits[np.minimum(s.x, MOST - 1)])


def _gaps(history: History, today: int) -> tuple[Longs, Longs]:
    """Every gap between two purchases, and after how many purchases it came."""
    owner = np.repeat(np.arange(history.customers), np.diff(history.start))
    bought = (history.sums[:, 4] > 0) & (history.day <= today)
    owner, day = owner[bought], history.day[bought].astype(np.int64)
    if len(owner) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    begins = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
    nth = np.arange(len(owner)) - np.repeat(begins, np.diff(np.append(begins, len(owner)))) + 1
    again = owner[1:] == owner[:-1]
    return np.diff(day)[again], nth[:-1][again]
