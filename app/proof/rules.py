"""HO-4: what a person's orders come to, before and after she was drawn. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

SPANS = (14, 30, 90, 180, 365)
"""Days."""
PAST = timedelta(days=180)


class Bought(NamedTuple):
    """One order, in minor units of the reporting currency."""

    at: datetime
    revenue: int
    """Goods after discounts."""
    refunded: int
    margin: int
    """Net of discounts, refunds, cost, tax and what an order costs the shop."""


class Lived(NamedTuple):
    """What somebody did around one instant."""

    before: int
    past: int
    spans: dict[str, list[int]]


def lived(orders: Sequence[Bought], at: datetime) -> Lived:
    before = [one for one in orders if one.at < at]
    spans = {}
    for days in SPANS:
        since = [one for one in orders if at <= one.at < at + timedelta(days=days)]
        spans[str(days)] = [
            len(since),
            sum(one.margin for one in since),
            sum(one.revenue for one in since),
            sum(one.refunded for one in since),
        ]
    past = sum(one.margin for one in before if one.at >= at - PAST)
    return Lived(len(before), past, spans)


class Costs(NamedTuple):
    """What an order costs the shop beside goods and tax (LV-1)."""

    order: float = 0.0
    fees: float = 0.0
    """Share of revenue."""
    returns: float = 0.0
    """Handling of an order given back whole."""
    cost: bool = True
    tax: bool = True
    """Whether these lines count."""


def margin(money: Mapping[str, int], costs: Costs) -> int:
    """Of one order as it is booked (app.ltv.tables.BookedOrder)."""
    revenue = money["gross"] - money["discount"]
    back = min(money["refunded"] / revenue, 1.0) if revenue > 0 else 0.0
    net = revenue - money["refunded"] - costs.order - costs.fees * revenue - costs.returns * back
    net -= money["cost"] * costs.cost + money["tax"] * costs.tax
    return round(net)
