"""People who came together, as tables a page can show (CT-1, CT-2, CT-3)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.ltv.almanac import Calendar
from app.ltv.arrays import Floats, Longs
from app.ltv.cohorts import cohorts
from app.ltv.ground import Ground, kept
from app.ltv.history import History
from app.ltv.lines import Line
from app.ltv.season import YEAR

Json = dict[str, Any]
GRAINS = ("month", "quarter", "week")
MOST_COHORTS = {"month": 60, "quarter": 40, "week": 53}


def contributed(ground: Ground) -> History:
    """The history with every row's money as what it left: net of refunds and of all costs but
    messages, which are per customer and month."""
    sums, costs = ground.history.sums, ground.costs
    value = (sums[:, 0] - sums[:, 1]).astype(np.float64)
    orders = sums[:, 4].astype(np.float64)
    back = np.divide(sums[:, 3], value, out=np.zeros(len(value)), where=value > 0)
    on = {line: line not in costs.off for line in Line}
    left = kept(sums) - sums[:, 2]
    left -= costs.fees * value * on[Line.FEES]
    left -= orders * (
        costs.shipping * on[Line.SHIPPING]
        + costs.rewards * on[Line.REWARDS]
        + costs.service * on[Line.SERVICE]
        + costs.returns * np.minimum(back, 1.0) * on[Line.RETURNS]
    )
    out = sums.copy()
    out[:, 0], out[:, 1], out[:, 2], out[:, 3] = left.round().astype(np.int64), 0, 0, 0
    return replace(ground.history, sums=out)


def cohort_sheet(ground: Ground, margins: History, calendar: Calendar, grain: str) -> Json:
    """CT-1, CT-2: periods of 30 days."""
    if not len(ground.history.day):
        return {"rows": [], "average": {}}
    begins = calendar.starts(int(ground.history.day.min()), grain)[-MOST_COHORTS[grain] :]
    money = cohorts(ground.history, begins, today=ground.today)
    margin = cohorts(margins, begins, today=ground.today).money
    names = [calendar.name(int(begin), grain) for begin in begins]
    return _cohort_tables(money, margin - messages(ground, margin, 30.0), begins, names)


def calendar_sheet(ground: Ground, margins: History, calendar: Calendar) -> Json:
    """CT-1 with calendar months for periods: a day becomes its month, a period is one of them."""
    if not len(ground.history.day):
        return {"rows": [], "average": {}}
    starts = calendar.starts(int(ground.history.day.min()), "month")
    month = (np.searchsorted(starts, ground.history.day, side="right") - 1).astype(np.int32)
    begins = np.arange(len(starts), dtype=np.int64)[-MOST_COHORTS["month"] :]
    last = len(starts) - 2  # the last month that is over
    by_month = replace(ground.history, day=month)
    money = cohorts(by_month, begins, today=last, period=1)
    margin = cohorts(replace(margins, day=month), begins, today=last, period=1).money
    names = [calendar.name(int(starts[i]), "month") for i in begins]
    margin = margin - messages(ground, margin, 30.4375)
    return _cohort_tables(money, margin, starts[begins], names)


def messages(ground: Ground, table: Floats, days: float) -> Floats:
    yearly = 0.0 if Line.MESSAGES in ground.costs.off else ground.costs.messages
    return np.asarray(yearly * days / YEAR * (np.arange(table.shape[1]) + 1.0))


def _cohort_tables(
    found: Any,  # noqa: ANN401  # Cohorts
    margin: Floats,
    begins: Longs,
    names: Sequence[str],
) -> Json:
    tables = {
        "active": found.active, "again": found.again, "orders": found.orders,
        "revenue": found.money, "margin": margin,
    }  # fmt: skip
    rows = [
        {
            "name": names[i],
            "first": int(begins[i]),
            "size": int(found.size[i]),
            **{name: cells(table[i]) for name, table in tables.items()},
        }
        for i in range(len(begins))
    ]
    average = {name: cells(found.average(table)) for name, table in tables.items()}
    return {"rows": rows, "average": average}


def cells(values: Floats) -> list[float | None]:
    """None from where it is not over; cut off behind the last number."""
    cells = [round(float(v), 4) if np.isfinite(v) else None for v in values]
    while cells and cells[-1] is None:
        cells.pop()
    return cells
