"""What it cost to win a customer, and when she has paid it back (LV-3, LV-4). Minor units."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

REACH = 1.2816
"""Standard errors: 80 %."""


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


def ltv_to_cac(worth: float, square: float, buyers: int, cost: float | None) -> Return | None:
    """What a channel's new buyers are worth (to date and to come), summed and summed in squares,
    against the cost of one."""
    if cost is None or cost <= 0.0 or buyers < 2:
        return None
    mean = worth / buyers
    reach = REACH * math.sqrt(max(square / buyers - mean**2, 0.0) / (buyers - 1))
    return Return(mean / cost, (mean - reach) / cost, (mean + reach) / cost)


def payback(margins: Sequence[float], cost: float | None) -> int | None:
    """First month (1, 2, …) in which the cumulative margin per cohort member covers the cost of
    winning one; None is "not yet"."""
    if cost is None:
        return None
    reached = np.flatnonzero(np.cumsum(margins) >= cost)
    return int(reached[0]) + 1 if len(reached) else None
