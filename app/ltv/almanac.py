"""Days as the shop's calendar has them: months, quarters, weeks."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from app.ltv.arrays import Longs
from app.ltv.entries import EPOCH


@dataclass(frozen=True)
class Calendar:
    """Up to a day: one that is today, or the end of what is looked at."""

    today: int

    def day(self, day: int) -> date:
        return date.fromordinal(day + EPOCH)

    def starts(self, first: int, grain: str) -> Longs:
        """First days of months (quarters, weeks), from the one of `first` to that of today."""
        at, out = self._start(self.day(first), grain), []
        while at.toordinal() - EPOCH <= self.today:
            out.append(at.toordinal() - EPOCH)
            at = self._next(at, grain)
        return np.array(out, dtype=np.int64)

    def _start(self, day: date, grain: str) -> date:
        if grain == "week":
            return date.fromordinal(day.toordinal() - day.weekday())
        month = (day.month - 1) // 3 * 3 + 1 if grain == "quarter" else day.month
        return day.replace(month=month, day=1)

    def _next(self, day: date, grain: str) -> date:
        if grain == "week":
            return date.fromordinal(day.toordinal() + 7)
        months = day.month - 1 + (3 if grain == "quarter" else 1)
        return date(day.year + months // 12, months % 12 + 1, 1)

    def name(self, day: int, grain: str) -> str:
        """`2026-03`, `2026-Q1`, or the Monday of a week."""
        at = self.day(day)
        if grain == "quarter":
            return f"{at.year}-Q{(at.month + 2) // 3}"
        return at.isoformat() if grain == "week" else f"{at:%Y-%m}"
