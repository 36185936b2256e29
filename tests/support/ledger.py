"""The statistics kept one event at a time with the house's own `fold`, but in memory: chance can
shuffle what it hears a thousand times, where a database would take an hour.

Each order carries a version, the highest wins, so neither the order of arrival nor duplicates
change anything: the result equals a rebuild.
"""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np

from app.ltv.folding import Day, Ends, Line, fold
from app.ltv.statistics import Statistics


@dataclass(frozen=True)
class Entry:
    """An order or a return as last told. `orders` is 0 for a return and for what was cancelled."""

    customer: str
    day: int
    version: int
    orders: int = 1
    gross: int = 0
    discount: int = 0
    cost: int = 0
    refunded: int = 0


@dataclass
class Ledger:
    """Every customer's line in memory, kept by `record`, `erase` and `merge`."""

    entries: dict[Hashable, Entry] = field(default_factory=dict)
    days: dict[str, dict[int, Day]] = field(default_factory=lambda: defaultdict(dict))
    lines: dict[str, Line] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)

    def record(self, key: Hashable, entry: Entry) -> bool:
        """Write down an order under its id. False for a duplicate or an outdated version."""
        known = self.entries.get(key)
        if known is not None and known.version >= entry.version:
            return False
        if known is not None:
            self._book(known, sign=-1)
        self.entries[key] = entry
        self._book(entry, sign=1)
        return True

    def merge(self, old: str, into: str) -> None:
        """Two customers turn out to be one, for what is written down and for what is to come."""
        old, into = self.owner(old), self.owner(into)
        if old == into:
            return
        self.merged[old] = into
        for moving in self.days.pop(old, {}).values():
            self._move(into, moving, sign=1)
        self.lines.pop(old, None)

    def owner(self, customer: str) -> str:
        while customer in self.merged:
            customer = self.merged[customer]
        return customer

    def statistics(self, today: int) -> Statistics:
        """Columns over all customers with a purchase; every day written down must be ≤ today."""
        buyers = sorted(name for name, line in self.lines.items() if line.days > 0)
        table = np.array(
            [
                (v.days, v.first, v.last, v.orders, v.gross, v.discount, v.cost, v.refunded,
                 v.first_value)
                for v in (self.lines[name] for name in buyers)
            ],
            dtype=np.int64,
        ).reshape(-1, 9)  # fmt: skip
        return Statistics.from_table(np.arange(len(buyers)), table, today=today)

    def _book(self, entry: Entry, *, sign: int) -> None:
        money = Day(
            entry.day, entry.orders, entry.gross, entry.discount, entry.cost, entry.refunded
        )
        self._move(self.owner(entry.customer), money, sign=sign)

    def _move(self, customer: str, change: Day, *, sign: int) -> None:
        days = self.days[customer]
        before = days.get(change.day, Day(change.day))
        after = Day(
            change.day,
            before.orders + sign * change.orders,
            before.gross + sign * change.gross,
            before.discount + sign * change.discount,
            before.cost + sign * change.cost,
            before.refunded + sign * change.refunded,
        )
        days[change.day] = after
        if after == Day(change.day):
            del days[change.day]
        line = self.lines.get(customer, Line())
        self.lines[customer] = fold(line, before, after, ends=lambda: _ends(days))


def _ends(days: dict[int, Day]) -> Ends:
    bought = [day for day, sums in days.items() if sums.orders > 0]
    first = days[min(bought)]
    return Ends(first.day, max(bought), first.gross - first.discount)
