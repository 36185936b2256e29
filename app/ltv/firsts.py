"""What loyal customers began with (V9): first product, category, channel, country.

A product that sells at Christmas, or to people with large baskets, has loyal buyers for reasons of
its own. So its buyers are held against others who came in the same quarter with a first basket of
the same size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.ltv.arrays import Floats, Longs
from app.ltv.history import History
from app.ltv.statistics import Statistics

WITHIN = 180  # days for a second purchase
QUARTER = 91
BASKETS = 5
CAUTION = 5.0  # returners as expected that every row is given on the way
SMALL = 20


@dataclass(frozen=True)
class First:
    """Those who began with one thing. `judged` of them came long enough ago; `back` of those
    bought again within `WITHIN` days, where `expected` would have by quarter and basket. `ratio`
    is back to expected, drawn to 1, with its 80 % range. Money is minor units, means."""

    code: int
    buyers: int
    judged: int
    back: int
    expected: float
    ratio: float
    low: float
    high: float
    to_date: float
    net_12: float


def firsts(
    history: History, s: Statistics, codes: Longs, *, to_date: Floats, net_12: Floats
) -> tuple[First, ...]:
    """A row a code ≥ 0, those with most buyers first. `codes`, `to_date`, `net_12` go with `s`."""
    judged = s.today - s.first >= WITHIN
    back = _returned(history, s)
    expected = _expected(s, judged, back)
    found = []
    for code in np.unique(codes[codes >= 0]):
        rows = codes == code
        old = rows & judged
        came, thought = float(back[old].sum()), float(expected[old].sum())
        ratio = (came + CAUTION) / (thought + CAUTION)
        reach = 1.2816 * np.sqrt(came + CAUTION) / (thought + CAUTION)
        found.append(
            First(
                int(code), int(rows.sum()), int(old.sum()), int(came), thought, ratio,
                max(ratio - reach, 0.0), ratio + reach,
                float(to_date[rows].mean()), float(net_12[rows].mean()),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda first: (-first.buyers, first.code)))


def coded(labels: Sequence[object]) -> tuple[Longs, list[object]]:
    """Codes of labels; −1 for who has none."""
    names = sorted({label for label in labels if label}, key=str)
    at = {label: i for i, label in enumerate(names)}
    return np.array([at.get(label, -1) for label in labels], dtype=np.int64), names


def _returned(history: History, s: Statistics) -> Floats:
    """1 for who bought again within the time, 0 for who did not (or not yet)."""
    second = np.full(len(s), np.iinfo(np.int64).max)
    seen = np.zeros(history.customers, np.int64)
    owner = np.repeat(np.arange(history.customers), np.diff(history.start))
    bought = np.flatnonzero((history.sums[:, 4] > 0) & (history.day <= s.today))
    first = np.append(True, owner[bought][1:] != owner[bought][:-1])
    seconds = bought[np.flatnonzero(np.append(False, first[:-1]) & ~first)]
    seen[owner[seconds]] = seconds + 1
    rows = seen[s.who]
    second[rows > 0] = history.day[rows[rows > 0] - 1]
    return (second - s.first <= WITHIN).astype(np.float64)


def _expected(s: Statistics, judged: NDArray[np.bool_], back: Floats) -> Floats:
    """The share that came back of those alike: same quarter, same fifth of first baskets."""
    if not judged.any():
        return np.zeros(len(s))
    steps = np.quantile(s.first_value[judged], np.linspace(0, 1, BASKETS + 1)[1:-1])
    basket = np.searchsorted(steps, s.first_value, side="left")
    cell = (s.first - s.first.min()) // QUARTER * BASKETS + basket
    count = np.bincount(cell[judged], minlength=int(cell.max()) + 1)
    sums = np.bincount(cell[judged], weights=back[judged], minlength=int(cell.max()) + 1)
    mean = float(back[judged].mean())
    return np.asarray(((sums + CAUTION * mean) / (count + CAUTION))[cell])
