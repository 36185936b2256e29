"""Three rules anybody could use instead of a model (PV-3): the bar that a model has to clear."""

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from app.ltv.arrays import Floats, Longs
from app.ltv.history import History
from app.ltv.season import YEAR
from app.ltv.statistics import Statistics

FREQUENCY = np.array([1, 2, 3, 6])  # upper ends of bins: 1, 2, 3, 4–6, 7 and more
FEW_BUYERS = 200
CAUTION = 5.0  # a cell's mean counts as much as this many average customers


class Rule(StrEnum):
    REPEAT = "as in the last 12 months"
    CELL = "mean of the RFM cell"
    AVERAGE = "the shop's average"


def forecast(rule: Rule, history: History, today: int, horizon: int) -> Floats:
    """Orders of each customer known today within the horizon, from what was seen until today."""
    return RULES[rule](history, today, horizon)


def _repeat(history: History, today: int, horizon: int) -> Floats:
    seen = min(YEAR, today - history.first_day + 1)
    known = history.at(today)
    recent = history.between(today - seen, today).purchases[known.who]
    return np.asarray(recent * (horizon / max(seen, 1)))


def _average(history: History, today: int, horizon: int) -> Floats:
    known = history.at(today)
    return np.full(len(known), _mean(history, known, today, horizon))


def _cell(history: History, today: int, horizon: int) -> Floats:
    now = history.at(today)
    mean = _mean(history, now, today, horizon)
    then = today - horizon
    if then <= history.first_day:
        return np.full(len(now), mean)
    before = history.at(then)
    if len(before) < 50:
        return np.full(len(now), mean)
    points = 5 if len(before) >= FEW_BUYERS else 3
    steps = np.linspace(0.0, 1.0, points + 1)[1:-1]
    recency = np.quantile(then - before.last, steps)
    money = np.quantile(before.net, steps)
    came = history.between(then, today).purchases[before.who]
    cells = _cells(before, then, recency, money)
    size = 5 * points * points
    counts = np.bincount(cells, minlength=size)
    sums = np.bincount(cells, weights=came, minlength=size)
    means = (sums + CAUTION * float(came.mean())) / (counts + CAUTION)
    return np.asarray(means[_cells(now, today, recency, money)])


def _cells(statistics: Statistics, today: int, recency: Floats, money: Floats) -> Longs:
    points = len(money) + 1
    r = np.searchsorted(recency, today - statistics.last, side="left")
    f = np.searchsorted(FREQUENCY, statistics.x + 1, side="left")
    m = np.searchsorted(money, statistics.net, side="left")
    return np.asarray((r * 5 + f) * points + m)


def _mean(history: History, known: Statistics, today: int, horizon: int) -> float:
    """What the customers of one horizon ago brought since; before that, repeat orders by day."""
    then = today - horizon
    if then > history.first_day:
        before = history.at(then)
        if len(before) >= 50:
            return float(history.between(then, today).purchases[before.who].mean())
    days = float((today - known.first).sum())
    return float(known.x.sum()) / days * horizon if days > 0.0 else 0.0


RULES: dict[Rule, Callable[[History, int, int], Floats]] = {
    Rule.REPEAT: _repeat,
    Rule.CELL: _cell,
    Rule.AVERAGE: _average,
}
