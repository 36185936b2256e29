"""People who came together, followed together (CT-1, CT-2, CT-3)."""

from dataclasses import dataclass

import numpy as np

from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.history import History
from app.ltv.kernels import kernel

PERIOD = 30
SMALL = 20  # a cohort below this is shown grey, with an interval


@dataclass(frozen=True)
class Cohorts:
    """Tables of shape (cohorts, periods); a period is 30 days from each member's first purchase.

    `size` members; `active` share with a purchase in the period (period 0 holds the first one);
    `again` share with two purchases or more by its end; `orders` (those of one day are several) and
    `money` per member by its end (minor units, net of refunds). NaN where the period is not over
    for the whole cohort: incomplete, and left out of averages.
    """

    begins: Longs
    size: Longs
    active: Floats
    again: Floats
    orders: Floats
    money: Floats

    def average(self, table: Floats) -> Floats:
        """Of a table over cohorts, weighted by size, complete cells only."""
        told = ~np.isnan(table)
        weight = np.where(told, self.size[:, None], 0)
        total = weight.sum(axis=0)
        sums = (weight * np.where(told, table, 0.0)).sum(axis=0)
        return np.asarray(
            np.divide(sums, total, out=np.full(table.shape[1], np.nan), where=total > 0)
        )


def cohorts(history: History, begins: Longs, *, today: int, period: int = PERIOD) -> Cohorts:
    """`begins` are the first days of the cohorts, in order (months, weeks or quarters as the
    caller's calendar has them); whoever came before the first is left out."""
    span = (today - int(begins[0])) // period + 1 if len(begins) else 0
    known = history.at(today)
    cohort = np.full(history.customers, -1, np.int64)
    cohort[known.who] = np.searchsorted(begins, known.first, side="right") - 1
    first = np.zeros(history.customers, np.int64)
    first[known.who] = known.first
    size = np.bincount(cohort[cohort >= 0], minlength=len(begins)).astype(np.int64)
    raw = _follow(
        history.start, history.day, history.sums, cohort, first, len(begins), span, period, today
    )
    # The youngest member decides when a period is over: the last day of the cohort.
    ends = np.append(begins[1:], today + 1) - 1
    youngest = np.minimum(ends, today)
    over = youngest[:, None] + (np.arange(span) + 1)[None, :] * period - 1 <= today
    members = np.maximum(size, 1)[:, None]
    share = np.where(over, 1.0, np.nan) / members
    return Cohorts(
        begins, size, raw[0] * share, np.cumsum(raw[1], axis=1) * share,
        np.cumsum(raw[2], axis=1) * share, np.cumsum(raw[3], axis=1) * share,
    )  # fmt: skip


@kernel
def _follow(
    start: Longs, day: Ints, sums: Longs, cohort: Longs, first: Longs,
    count: int, span: int, period: int, today: int,
) -> Floats:  # fmt: skip
    """People active, second purchases, orders and net money, by cohort and period."""
    out = np.zeros((4, count, span))
    for c in range(len(start) - 1):
        row = cohort[c]
        if row < 0:
            continue
        bought, seen = 0, -1
        for i in range(start[c], start[c + 1]):
            if day[i] > today:
                break
            at = (day[i] - first[c]) // period
            if at < 0 or at >= span:
                continue
            out[3, row, at] += sums[i, 0] - sums[i, 1] - sums[i, 3]
            if sums[i, 4] > 0:
                bought += 1
                out[2, row, at] += sums[i, 4]
                out[1, row, at] += bought == 2
                out[0, row, at] += at != seen
                seen = at
    return out
