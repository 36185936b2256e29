"""How sure: ranges for a customer's orders and spending, and how well ranges have kept.

The count of orders has an exact predictive distribution. Spending is a sum of that many orders;
its positive part is taken as log-normal with the exact mean and variance.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from app.ltv.arrays import Floats
from app.ltv.model import Outlook


@dataclass(frozen=True)
class Levels:
    """Between which quantiles a range lies. Wider than asked where past ranges kept too little."""

    low: float = 0.1
    high: float = 0.9


@dataclass(frozen=True)
class Range:
    low: Floats
    high: Floats


def order_range(outlook: Outlook, horizon: float, *, levels: Levels) -> Range:
    """Orders within the horizon: whole numbers, both ends included."""
    low, high = np.empty(len(outlook.statistics)), np.empty(len(outlook.statistics))
    for rows, tails in outlook.chances(horizon):
        below = 1.0 - tails[:, 1:]  # P(at most k), k = 0…
        low[rows] = (below < levels.low).sum(axis=1)
        high[rows] = (below < levels.high).sum(axis=1)
    return Range(low, high)


def ranks(outlook: Outlook, horizon: float, came: Floats, *, toss: Floats) -> Floats:
    """Randomised PIT: where in its predictive distribution each outcome fell, uniform on [0, 1]
    if forecasts are right. `toss` is uniform chance, one a customer."""
    out = np.empty(len(came))
    for rows, tails in outlook.chances(horizon):
        at = np.minimum(came[rows].astype(np.int64), tails.shape[1] - 1)
        line = np.arange(len(rows))
        reach = np.append(tails, np.zeros((len(rows), 1)), axis=1)
        upto, beyond = 1.0 - reach[line, at], 1.0 - reach[line, at + 1]
        out[rows] = upto + toss[rows] * (beyond - upto)
    return out


def learn_levels(past: Floats, *, wanted: Levels) -> Levels:
    """Levels whose ranges would have kept what they promised, from ranks in backtests (conformal
    prediction on the PIT): only ever wider than wanted."""
    if len(past) < 50:
        return wanted
    low, high = np.quantile(past, [wanted.low, wanted.high])
    return Levels(min(wanted.low, float(low)), max(wanted.high, float(high)))


def spend_range(outlook: Outlook, horizon: float, *, levels: Levels) -> Range:
    """Net spending within the horizon, in minor units."""
    low, high = np.zeros(len(outlook.statistics)), np.zeros(len(outlook.statistics))
    each = outlook.order_value()
    noise, doubt = outlook.spending.doubt(outlook.statistics)
    for rows, tails in outlook.chances(horizon):
        k = np.arange(1, tails.shape[1])
        one, two = tails[:, 1:].sum(axis=1), tails[:, 1:] @ (2.0 * k - 1.0)
        some = np.maximum(tails[:, 1], 1e-12)
        mean, second = one / some, two / some  # of orders, if there are any
        mine = np.broadcast_to(doubt, (len(outlook.statistics),))[rows]
        square = (mean * noise + second) * (1.0 + mine)
        bend = np.log(np.maximum(square / mean**2, 1.0 + 1e-9))
        for level, out in ((levels.low, low), (levels.high, high)):
            inside = np.clip((level - (1.0 - some)) / some, 1e-9, 1.0 - 1e-9)
            amount = mean * each[rows] * np.exp(np.sqrt(bend) * ndtri(inside) - bend / 2.0)
            out[rows] = np.where(level > 1.0 - some, amount, 0.0)
    return Range(low, high)
