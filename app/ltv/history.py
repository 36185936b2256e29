"""Order rows in bulk: merged to purchases, and looked at as of any day.

Rebuilding is two linear passes: a counting sort by customer, then each customer's few rows by
day. Looking back to a cut-off is one pass more, so a backtest costs little.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.kernels import kernel
from app.ltv.statistics import Statistics

MONEY = 5  # columns of money: gross, discount, cost, refunded, orders


@dataclass(frozen=True)
class History:
    """Purchases and returns as rows sorted by customer and day.

    `start[i]:start[i+1]` are the rows of customer i; `sums` has a row each of gross, discount,
    cost, refunded (minor units) and number of orders (0: only a return). `names[i]` is who i is.
    """

    start: Longs
    day: Ints
    sums: Longs
    names: NDArray[Any]
    traits: Mapping[str, Ints] = field(default_factory=dict)

    @property
    def customers(self) -> int:
        return len(self.start) - 1

    @property
    def first_day(self) -> int:
        return int(self.day.min(initial=2**31 - 1))

    @property
    def last_day(self) -> int:
        return int(self.day.max(initial=0))

    def at(self, today: int) -> Statistics:
        """Statistics as of the end of that day: later rows are not seen."""
        table = _as_of(self.start, self.day, self.sums, today)
        here = np.flatnonzero(table[:, 0] > 0)
        traits = {name: codes[here] for name, codes in self.traits.items()}
        return Statistics.from_table(here, table[here], today=today, traits=traits)

    def between(self, after: int, until: int) -> "Outcome":
        """What each customer did from the day after `after` to the end of `until`."""
        table = _between(self.start, self.day, self.sums, after, until)
        return Outcome(table[:, 0].astype(np.float64), table[:, 1], table[:, 2])


@dataclass(frozen=True)
class Outcome:
    """By customer of the history: purchases, value (gross less discount), refunded."""

    purchases: Floats
    value: Longs
    refunded: Longs

    @property
    def net(self) -> Longs:
        return self.value - self.refunded


def build(
    who: ArrayLike, day: ArrayLike, gross: ArrayLike, *,
    discount: ArrayLike | None = None, cost: ArrayLike | None = None,
    refunded: ArrayLike | None = None, orders: ArrayLike | None = None,
    names: NDArray[Any] | None = None, traits: Mapping[str, Ints] | None = None,
) -> History:  # fmt: skip
    """A history from order rows in any order. `who` counts customers from 0; money is whole
    minor units. A row with negative `gross` is a return of that money; with `orders` = 0 a row
    is money only."""
    owner = np.ascontiguousarray(who, dtype=np.int64)
    days = np.ascontiguousarray(day, dtype=np.int32)
    taken = np.ascontiguousarray(gross, dtype=np.int64)
    rows = len(owner)
    sums = np.zeros((rows, MONEY), np.int64)
    sums[:, 0] = np.maximum(taken, 0)
    sums[:, 3] = np.maximum(-taken, 0)
    for at, column in ((1, discount), (2, cost), (3, refunded)):
        if column is not None:
            sums[:, at] += np.asarray(column, dtype=np.int64)
    sums[:, 4] = (taken >= 0) if orders is None else np.asarray(orders, dtype=np.int64)
    known = len(names) if names is not None else int(owner.max(initial=-1)) + 1
    start, merged_day, merged = _merge(owner, days, sums, known)
    if names is None:
        names = np.arange(known)
    return History(start, merged_day, merged, names, traits or {})


@kernel
def _merge(owner: Longs, day: Ints, sums: Longs, customers: int) -> tuple[Longs, Ints, Longs]:
    rows = len(owner)
    fill = np.zeros(customers + 1, np.int64)
    for i in range(rows):
        fill[owner[i] + 1] += 1
    for c in range(customers):
        fill[c + 1] += fill[c]
    edge = fill.copy()
    place = np.empty(rows, np.int64)
    for i in range(rows):
        place[fill[owner[i]]] = i
        fill[owner[i]] += 1
    start = np.zeros(customers + 1, np.int64)
    out_day = np.empty(rows, np.int32)
    out = np.zeros((rows, sums.shape[1]), np.int64)
    top = 0
    for c in range(customers):
        mine = place[edge[c] : edge[c + 1]]
        if len(mine) > 1:
            days = np.empty(len(mine), np.int32)
            for i in range(len(mine)):
                days[i] = day[mine[i]]
            mine = mine[np.argsort(days)]
        for i in range(len(mine)):
            row = mine[i]
            if top == start[c] or out_day[top - 1] != day[row]:
                out_day[top] = day[row]
                top += 1
            for k in range(sums.shape[1]):
                out[top - 1, k] += sums[row, k]
        start[c + 1] = top
    return start, out_day[:top].copy(), out[:top].copy()


@kernel
def _as_of(start: Longs, day: Ints, sums: Longs, today: int) -> Longs:
    """Per customer: purchases, first, last, orders, four sums of money, first value."""
    customers = len(start) - 1
    out = np.zeros((customers, 9), np.int64)
    for c in range(customers):
        for i in range(start[c], start[c + 1]):
            if day[i] > today:
                break
            if sums[i, 4] > 0:
                if out[c, 0] == 0:
                    out[c, 1] = day[i]
                    out[c, 8] = sums[i, 0] - sums[i, 1]
                out[c, 0] += 1
                out[c, 2] = day[i]
            out[c, 3] += sums[i, 4]
            for k in range(4):
                out[c, 4 + k] += sums[i, k]
    return out


@kernel
def _between(start: Longs, day: Ints, sums: Longs, after: int, until: int) -> Longs:
    customers = len(start) - 1
    out = np.zeros((customers, 3), np.int64)
    for c in range(customers):
        for i in range(start[c], start[c + 1]):
            if after < day[i] <= until:
                out[c, 0] += sums[i, 4] > 0
                out[c, 1] += sums[i, 0] - sums[i, 1]
                out[c, 2] += sums[i, 3]
    return out
