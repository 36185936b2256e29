"""Everybody's orders as the engine wants them: columns, read in one go from what is booked."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from sqlmodel import col, select

from app.kit.tx import Tx, among
from app.ltv import costing, entries
from app.ltv.arrays import Floats, Longs
from app.ltv.history import History, build
from app.ltv.lines import Costs
from app.ltv.rules import CostLine
from app.ltv.statistics import Statistics
from app.ltv.tables import BookedOrder, CustomerTally, ValueCosts
from app.orders.exchange import exchange

COLUMNS: list[Any] = [
    BookedOrder.person, BookedOrder.day, BookedOrder.gross, BookedOrder.discount,
    BookedOrder.cost, BookedOrder.tax, BookedOrder.refunded, BookedOrder.costed,
]  # fmt: skip
TRAITS = ("channel", "country")
MONTH = 30.4375


@dataclass(frozen=True)
class Ground:
    """The shop's customers as of the end of `today`. `people` are our row ids, one a customer of
    the history. The engine knows one cost; here it is the cost of goods and the tax, whichever of
    them is switched on."""

    people: Longs
    history: History
    today: int
    terms: ValueCosts
    costs: Costs
    currency: str
    cost: int
    """Of goods, all of it."""
    tax: int
    costed: int
    """Value of goods whose cost is known."""
    told: Mapping[str, Sequence[str]]
    """Of each trait, every customer's; empty where it is not known yet."""

    def labels(self) -> dict[str, list[str]]:
        """What there is of each trait. A learning keeps them: its codes are places in this list."""
        return {trait: sorted({*told} - {""}) for trait, told in self.told.items()}

    def coded(self, labels: Mapping[str, Sequence[str]]) -> History:
        """The history with traits as codes of these labels; −1 for what is not among them."""
        traits = {}
        for trait, known in labels.items():
            code = {label: i for i, label in enumerate(known)}
            codes = [code.get(label, -1) for label in self.told[trait]]
            traits[trait] = np.array(codes, dtype=np.int32)
        return replace(self.history, traits=traits)

    @property
    def window(self) -> int:
        return round(self.terms.window_months * MONTH)

    def lately(self) -> Statistics:
        """RM-1: statistics of the window alone."""
        inside = self.history.day > self.today - self.window
        kept = np.append(0, np.cumsum(inside))
        start = kept[self.history.start].astype(np.int64)
        part = replace(
            self.history, start=start, day=self.history.day[inside], sums=self.history.sums[inside]
        )
        return part.at(self.today)


def ground(tx: Tx, *, people: Collection[int] | None = None) -> Ground:
    """Everybody, or only these."""
    query = select(*COLUMNS)
    if people is not None:
        query = query.where(among(col(BookedOrder.person), sorted(people)))
    rows = _table(tx.exec(query), width=len(COLUMNS))
    names, who = np.unique(rows[:, 0], return_inverse=True)
    terms = costing.terms(tx)
    cost = np.zeros(len(rows), np.int64)
    if CostLine.COST not in terms.off:
        cost += rows[:, 4]
    if CostLine.TAX not in terms.off:
        cost += rows[:, 5]
    history = build(
        who, rows[:, 1].astype(np.int32), rows[:, 2], discount=rows[:, 3], cost=cost,
        refunded=rows[:, 6], names=names,
    )  # fmt: skip
    sums = [int(v) for v in rows[:, 4:].sum(axis=0)]
    return Ground(
        people=names,
        history=history,
        today=entries.today(tx),
        terms=terms,
        costs=costing.costs(terms),
        currency=exchange(tx).currency,
        cost=sums[0],
        tax=sums[1],
        costed=sums[3],
        told=_traits(tx, names, people),
    )


def _table(rows: Any, *, width: int) -> Longs:  # noqa: ANN401  # rows of integers
    flat: Iterator[int] = chain.from_iterable(rows)
    return np.fromiter(flat, dtype=np.int64).reshape(-1, width)


def _traits(tx: Tx, names: Longs, people: Collection[int] | None) -> dict[str, list[str]]:
    """Channel and country of each customer's first order."""
    columns: list[Any] = [CustomerTally.person, *(getattr(CustomerTally, t) for t in TRAITS)]
    query = select(*columns)
    if people is not None:
        query = query.where(among(col(CustomerTally.person), sorted(people)))
    rows: Any = tx.exec(query)
    found = {row[0]: row[1:] for row in rows}
    nothing = ("",) * len(TRAITS)
    told = [found.get(int(name), nothing) for name in names]
    return {trait: [labels[i] for labels in told] for i, trait in enumerate(TRAITS)}


def kept(sums: Longs) -> Floats:
    """Value net of returns of each row of a history."""
    return (sums[:, 0] - sums[:, 1] - sums[:, 3]).astype(np.float64)
