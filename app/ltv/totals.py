"""How sure of the shop's total: a band around the sum of forecasts, from the shop's own misses.

Each rolling cut-off of the past gives one miss, log(came / thought). A shop with few of them
borrows from what is usual: a spread of 0.25, counted as four misses. The band is Student's, so it
is wide until the shop has shown that it need not be.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from app.ltv.backtest import BUYERS, Trial, try_out
from app.ltv.history import History

USUAL = 0.25
WEIGHT = 4.0
SHARE = 0.4  # of the history so far: the longest horizon worth trying
MOST = 5


@dataclass(frozen=True)
class Spread:
    """Of log(came / thought): `freedom` degrees; chance within persons is not in it."""

    value: float
    freedom: float

    def band(self, total: float, *, noise: float, level: float = 0.9) -> tuple[float, float]:
        """Between which totals the truth lies with this probability."""
        wide = float(stdtrit(self.freedom, 0.5 + level / 2.0))
        reach = wide * math.sqrt(self.value**2 + noise**2)
        return total * math.exp(-reach), total * math.exp(reach)


def learn_spread(trials: Sequence[Trial]) -> Spread:
    misses = [
        math.log(max(trial.came, 0.5) / trial.thought) for trial in trials if trial.thought > 0
    ]
    freedom = WEIGHT + len(misses)
    square = (WEIGHT * USUAL**2 + float(np.square(misses).sum())) / freedom
    return Spread(math.sqrt(square), freedom)


def rolling(
    history: History, *, today: int, horizon: int, traits: Sequence[str] = ()
) -> tuple[Trial, ...]:
    """Up to five trials one after the other, newest first, each half a horizon further back."""
    span = today - history.first_day
    days = min(horizon, int(SHARE * span))
    trials: list[Trial] = []
    for step in range(MOST):
        cut = today - days - step * max(days // 2, 1)
        if days < 14 or cut - history.first_day < days // 2 or len(history.at(cut)) < BUYERS:
            break
        trials.append(try_out(history, cut, days, traits=traits))
    return tuple(trials)
