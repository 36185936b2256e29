"""What is said of each customer: one row of numbers, each with its horizon in its name (PV-1)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.ltv import simple
from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.history import History
from app.ltv.lines import Costs
from app.ltv.model import Outlook
from app.ltv.next_order import late_by, next_order, patience
from app.ltv.ranges import order_range, spend_range
from app.ltv.refit import Refit
from app.ltv.season import YEAR
from app.ltv.statistics import Statistics
from app.ltv.worth import ahead, to_date

SILENCE = 180  # days without an order that count as gone where nobody has a contract (CT-4)


@dataclass(frozen=True)
class Scores:
    """Columns, a row a customer; money in minor units, days as in the history. Ranges hold 80 %.

    Where people may not be judged alone, every row bears the shop's average and no range (NaN).
    `net` is margin where cost of goods is known, else turnover less the other costs.
    """

    who: Longs
    purchases: Ints
    first: Ints
    last: Ints
    still_customer: Floats
    orders_12: Floats
    orders_12_low: Floats
    orders_12_high: Floats
    spend_12: Floats
    spend_12_low: Floats
    spend_12_high: Floats
    net_to_date: Floats
    net_12: Floats
    net_12_low: Floats
    net_12_high: Floats
    net_24: Floats
    next_order_days: Floats
    next_order_earliest: Floats
    next_order_latest: Floats
    late_by_days: Floats
    patience_days: Floats
    silent_180: Floats

    def __len__(self) -> int:
        return len(self.who)

    def columns(self) -> Iterator[tuple[str, Floats | Ints | Longs]]:
        return iter(vars(self).items())


def score(
    fit: Refit, statistics: Statistics, *, costs: Costs, history: History | None = None
) -> Scores:
    """All of it for these customers. `history` is needed only where a simple rule has beaten the
    model, or trees correct it: they look at it, and their orders replace the model's."""
    outlook = fit.model.score(statistics)
    levels = fit.judgement.levels
    orders, spend = (
        order_range(outlook, YEAR, levels=levels),
        spend_range(outlook, YEAR, levels=levels),
    )
    thought = outlook.orders(YEAR)
    year, two = ahead(outlook, YEAR, costs).net, ahead(outlook, 2 * YEAR, costs).net
    paid = thought * outlook.order_value()
    better = None if history is None else _instead(fit, history, outlook)
    if better is not None:
        factor = np.divide(better, thought, out=np.ones(len(better)), where=thought > 1e-9)
        thought, year, two, paid = better, year * factor, two * factor, paid * factor
    keep = np.divide(year, paid, out=np.zeros(len(paid)), where=paid > 0.0)
    when = next_order(outlook)
    table = {
        "still_customer": outlook.alive(),
        "orders_12": thought, "orders_12_low": orders.low, "orders_12_high": orders.high,
        "spend_12": paid, "spend_12_low": spend.low, "spend_12_high": spend.high,
        "net_12": year, "net_12_low": spend.low * keep, "net_12_high": spend.high * keep,
        "net_24": two,
        "next_order_days": when.days, "next_order_earliest": when.earliest,
        "next_order_latest": when.latest, "late_by_days": late_by(outlook),
        "patience_days": patience(outlook), "silent_180": silent(outlook, SILENCE),
    }  # fmt: skip
    if not fit.personal:
        table = {name: _average(name, column) for name, column in table.items()}
    return Scores(
        who=statistics.who,
        purchases=statistics.x + np.int32(1),
        first=statistics.first,
        last=statistics.last,
        net_to_date=to_date(statistics, costs).net,
        **table,
    )


def _instead(fit: Refit, history: History, outlook: Outlook) -> Floats | None:
    """Orders of the next 12 months by whatever is better than the model; None where it is best."""
    if fit.judgement.rule is not None:
        return simple.forecast(fit.judgement.rule, history, outlook.statistics.today, YEAR)
    return fit.boost.orders(history, outlook, YEAR) if fit.boost else None


def silent(outlook: Outlook, horizon: float) -> Floats:
    """P(no order at all within so many days)."""
    out = np.empty(len(outlook.statistics))
    for rows, tails in outlook.chances(horizon):
        out[rows] = 1.0 - tails[:, 1]
    return out


def _average(name: str, column: Floats) -> Floats:
    ranged = name.endswith(("_low", "_high")) or name.startswith(("next_", "late_", "patience_"))
    value = np.nan if ranged or not len(column) else float(column.mean())
    return np.full(len(column), value)
