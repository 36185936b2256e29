"""Net value, not turnover: what a customer has brought and will bring, line by line (LV-1, LV-2).

Money in minor units of the shop's reporting currency. Costs are negative, so a total is a sum;
every line can be switched off, and stays visible at nought. Horizons have names: to date, 12 and
24 months; what comes after a year is discounted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.ltv.arrays import Floats, Longs
from app.ltv.lines import Costs, Line
from app.ltv.model import Outlook
from app.ltv.season import YEAR
from app.ltv.statistics import Statistics

YEARLY = 0.10  # discount rate beyond 12 months
TRUST = 5.0  # orders after which a customer's own refund and cost rates count as the shop's do


@dataclass(frozen=True)
class Worth:
    """Lines by name, a number a customer; `cost_known` is False where no cost of goods was ever
    told, so that the net is turnover less other costs and must be called so."""

    lines: Mapping[Line, Floats]
    cost_known: bool

    @property
    def net(self) -> Floats:
        return np.asarray(np.sum(list(self.lines.values()), axis=0))


@dataclass(frozen=True)
class Rates:
    """Of each customer, drawn to the shop's: `refund` of goods, `cost` of what she kept."""

    refund: Floats
    cost: Floats


def rates(s: Statistics) -> Rates:
    """Credibility by money: a customer counts with what she spent, the shop with five orders."""
    kept = np.maximum(s.net, 0)
    refund = _shrunk(np.minimum(s.refunded, s.value), s.value, s)
    return Rates(np.clip(refund, 0.0, 1.0), _shrunk(s.cost, kept, s))


def _shrunk(part: Longs, whole: Longs, s: Statistics) -> Floats:
    total = float(whole.sum())
    if total <= 0.0:
        return np.zeros(len(s))
    shop, order = float(part.sum()) / total, total / float(s.purchases.sum())
    return np.asarray((part + TRUST * order * shop) / (whole + TRUST * order))


def to_date(s: Statistics, costs: Costs) -> Worth:
    """What each customer has brought so far: her own numbers, nothing shrunk."""
    goods, refunds = s.value.astype(np.float64), s.refunded.astype(np.float64)
    back = np.divide(refunds, goods, out=np.zeros(len(s)), where=goods > 0)
    years = (s.today - s.first) / YEAR
    return _worth(
        s.orders.astype(np.float64), goods, refunds, s.cost.astype(np.float64),
        np.minimum(back, 1.0), years, costs, known=bool(s.cost.any()),
    )  # fmt: skip


def ahead(outlook: Outlook, horizon: float, costs: Costs, *, yearly: float | None = None) -> Worth:
    """What each is expected to bring within the horizon (days). `yearly` is the discount rate;
    left out it is nothing up to a year and 10 % beyond."""
    s = outlook.statistics
    rate = (YEARLY if horizon > YEAR else 0.0) if yearly is None else yearly
    orders = outlook.discounted(horizon, yearly=rate)
    own = rates(s)
    kept = orders * outlook.order_value()
    goods = kept / np.maximum(1.0 - own.refund, 0.02)
    # Orders of a day are one purchase; costs come per order.
    parcels = orders * float(s.orders.sum()) / max(float(s.purchases.sum()), 1.0)
    years = np.full(len(s), horizon / YEAR) * outlook.alive()
    return _worth(
        parcels, goods, goods - kept, kept * own.cost, own.refund, years, costs,
        known=bool(s.cost.any()),
    )  # fmt: skip


def _worth(
    orders: Floats, goods: Floats, refunds: Floats, cost: Floats, back: Floats, years: Floats,
    costs: Costs, *, known: bool,
) -> Worth:  # fmt: skip
    lines = {
        Line.GOODS: goods,
        Line.REFUNDS: -refunds,
        Line.COST: -cost,
        Line.SHIPPING: -costs.shipping * orders,
        Line.FEES: -costs.fees * goods,
        Line.RETURNS: -costs.returns * orders * back,
        Line.MESSAGES: -costs.messages * years,
        Line.REWARDS: -costs.rewards * orders,
        Line.SERVICE: -costs.service * orders,
    }
    nought = np.zeros(len(goods))
    return Worth({k: nought if k in costs.off else v + 0.0 for k, v in lines.items()}, known)
