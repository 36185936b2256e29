"""What is kept per customer: enough for every model, small enough to keep up to date.

The same-day rule: orders of one customer on one day are one purchase. Their money is added, the
count of orders is kept beside it. A return is money, never a purchase. A day is a whole number;
whoever wants hours or weeks counts in hours or weeks throughout.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.rhythm import Rhythm, Rows


@dataclass(frozen=True)
class Statistics:
    """Columns, a row a customer with at least one purchase by `today`. Money in minor units.

    `x` purchases after the first; `first`, `last` days; `orders` rows before merging; `gross`
    before `discount`; `cost` of goods; `refunded`; `first_value` gross less discount of the first
    day. `traits` are categories by name (channel, country, first category), a code a row.
    """

    who: Longs
    x: Ints
    first: Ints
    last: Ints
    orders: Ints
    gross: Longs
    discount: Longs
    cost: Longs
    refunded: Longs
    first_value: Longs
    today: int
    traits: Mapping[str, Ints] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x)

    @classmethod
    def from_table(
        cls, who: Longs, table: Longs, *, today: int, traits: Mapping[str, Ints] | None = None
    ) -> "Statistics":
        """From rows of (days with a purchase, first, last, orders, gross, discount, cost,
        refunded, first value)."""
        days, first, last, orders = (table[:, i].astype(np.int32) for i in range(4))
        gross, discount, cost, refunded, value = (table[:, i].copy() for i in range(4, 9))
        return cls(
            who, (days - 1).astype(np.int32), first, last, orders,
            gross, discount, cost, refunded, value, today, traits or {},
        )  # fmt: skip

    @cached_property
    def rhythm(self) -> Rhythm:
        ages = (self.today - self.first).astype(np.int32)
        gaps = (self.last - self.first).astype(np.int32)
        grid = np.arange(int(ages.max(initial=0)) + 1, dtype=np.float64)
        return Rhythm(self.x, gaps, ages, grid)

    @property
    def value(self) -> Longs:
        """Spent on goods: gross less discount, before refunds."""
        return self.gross - self.discount

    @property
    def net(self) -> Longs:
        """Value less refunds; below zero for somebody who got back more than she paid here."""
        return self.value - self.refunded

    @property
    def purchases(self) -> Floats:
        return self.x.astype(np.float64) + 1.0

    def only(self, rows: Rows) -> "Statistics":
        columns = {
            name: column[rows] for name, column in vars(self).items() if name in self._columns
        }
        traits = {name: codes[rows] for name, codes in self.traits.items()}
        return Statistics(**columns, today=self.today, traits=traits)

    _columns = (
        "who", "x", "first", "last", "orders", "gross", "discount", "cost", "refunded",
        "first_value",
    )  # fmt: skip
