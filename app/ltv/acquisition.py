"""What it cost to win a customer, and when she has paid it back (LV-3, LV-4). Minor units."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Return:
    """LTV:CAC with its 80 % interval: of the mean value over this many buyers. Three to one is a
    convention, no law."""

    ratio: float
    low: float
    high: float


def cac(spend: float, new_buyers: int) -> float | None:
    """Cost of one new buyer; None where nobody came: not nought, and not infinite either."""
    return spend / new_buyers if new_buyers > 0 else None


def ltv_to_cac(values: ArrayLike, cost: float | None) -> Return | None:
    """Values (to date and to come) of a channel's new buyers against the cost of one."""
    worth = np.asarray(values, dtype=np.float64)
    if cost is None or cost <= 0.0 or len(worth) < 2:
        return None
    mean, error = float(worth.mean()), float(worth.std(ddof=1)) / math.sqrt(len(worth))
    reach = 1.2816 * error
    return Return(mean / cost, (mean - reach) / cost, (mean + reach) / cost)


def payback(margins: Sequence[float], cost: float | None) -> int | None:
    """First month (1, 2, …) in which the cumulative margin per cohort member covers the cost of
    winning one; None is "not yet"."""
    if cost is None:
        return None
    reached = np.flatnonzero(np.cumsum(margins) >= cost)
    return int(reached[0]) + 1 if len(reached) else None
