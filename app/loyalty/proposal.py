"""TI-2: thresholds a shop can live with, read off what its own customers spend."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain

SHARES = (Decimal("0.20"), Decimal("0.07"), Decimal("0.02"))
"""Of those who bought, how many should reach Bronze, Silver and Gold."""
FRIENDLY = (10, 12, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90)
"""Numbers people remember, times a power of ten."""
FEW = 50
"""With fewer buyers the shares say nothing; then a plain ladder has to do."""
PLAIN = (100, 300, 1000)


def propose(spent_minor: Sequence[int], *, minor_per_unit: int) -> tuple[int, ...]:
    """Three rising thresholds in minor units, each a friendly number of whole units.

    `spent_minor` is what each person spent in the window; those who spent nothing don't count.
    """
    spent = sorted(s for s in spent_minor if s > 0)
    if len(spent) < FEW:
        return tuple(units * minor_per_unit for units in PLAIN)
    thresholds: list[int] = []
    for share in SHARES:
        above = thresholds[-1] if thresholds else 0
        candidates = [c for c in _friendly(spent[-1], minor_per_unit) if c > above]
        thresholds.append(min(candidates, key=lambda c: (abs(share_reaching(spent, c) - share), c)))
    return tuple(thresholds)


def share_reaching(spent_sorted: Sequence[int], threshold: int) -> Decimal:
    """How many of the (sorted) spendings reach the threshold, as a share of one."""
    if not spent_sorted:
        return Decimal(0)
    return Decimal(len(spent_sorted) - bisect_left(spent_sorted, threshold)) / len(spent_sorted)


def _friendly(highest: int, minor_per_unit: int) -> Iterable[int]:
    """All friendly thresholds up to the first three beyond what anybody spent."""
    within: list[int] = []
    beyond: list[int] = []
    scale = minor_per_unit
    for number in chain.from_iterable(_decade(scale, power) for power in range(12)):
        if number <= highest:
            within.append(number)
        elif len(beyond) < len(SHARES):
            beyond.append(number)
    return within + beyond


def _decade(scale: int, power: int) -> list[int]:
    """Whole units only: 1, 2, 3, 4, 5, 6, 7, 8, 9, then 10, 12, 15, 20 …"""
    factor = scale * 10**power
    return [n * factor // 10 for n in FRIENDLY if n * factor % (10 * scale) == 0]
