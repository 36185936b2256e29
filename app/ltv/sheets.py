"""Figures of the whole shop, worked out once a night: a page only reads them.

Each sheet is plain JSON. Money is minor units, None stands where nothing can be said (yet).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.ltv import stages
from app.ltv.almanac import Calendar
from app.ltv.arrays import Floats, Longs
from app.ltv.backtest import chance_spread
from app.ltv.cohort_sheets import (
    GRAINS,
    calendar_sheet,
    cells,
    cohort_sheet,
    contributed,
    messages,
)
from app.ltv.cohorts import cohorts
from app.ltv.firsts import coded, firsts
from app.ltv.ground import Ground, kept
from app.ltv.history import History
from app.ltv.lines import Line
from app.ltv.ranges import Range
from app.ltv.refit import Refit
from app.ltv.rules import CostLine
from app.ltv.scoring import Scored
from app.ltv.season import YEAR
from app.ltv.statistics import Statistics
from app.ltv.worth import Worth, ahead, to_date

Json = dict[str, Any]
MOST_FIRSTS = 60
YEARS = 24  # months back that a chart shows


def sheets(of: Scored, fit: Refit, *, names: Mapping[str, Sequence[str]]) -> dict[str, Json]:
    """Everything. `names` are by customer of the ground: first product, category …"""
    ground, calendar = of.ground, Calendar(of.ground.today)
    found: dict[str, Json] = {
        "overview": overview(of, fit, calendar),
        "stages": {
            "steps": [asdict(s) for s in stages.journey(ground.history, today=ground.today)]
        },
        "firsts": {name: _firsts(of, labels) for name, labels in names.items()},
        "channels": channels(of, calendar),
    }
    margins = contributed(ground)
    for grain in GRAINS:
        found[f"cohorts {grain}"] = cohort_sheet(ground, margins, calendar, grain)
    found["cohorts calendar"] = calendar_sheet(ground, margins, calendar)
    return found


def overview(of: Scored, fit: Refit, calendar: Calendar) -> Json:
    ground, s, scores = of.ground, of.statistics, of.scores
    outlook = fit.model.score(s)
    year, two = ahead(outlook, YEAR, ground.costs), ahead(outlook, 2 * YEAR, ground.costs)
    net, orders = float(scores.net_12.sum()), float(scores.orders_12.sum())
    low, high = fit.spread.band(max(net, 0.0), noise=_noise(scores.orders_12, of), level=0.8)
    past = to_date(s, ground.costs)
    old = s.today - s.first >= 90
    return {
        "day": ground.today,
        "currency": ground.currency,
        "customers": len(s),
        "active": int(of.active.sum()),
        "orders": int(s.orders.sum()),
        "still": float(scores.still_customer.sum()),
        "revenue": int(s.net.sum()),
        "covered": ground.costed / max(int(s.value.sum()), 1),
        "lines": {
            "to_date": _lines(past, ground, scale=1.0),
            "net_12": _lines(year, ground, scale=_scale(net, year)),
            "net_24": _lines(two, ground, scale=_scale(float(scores.net_24.sum()), two)),
        },
        "net": {
            "to_date": round(float(past.net.sum())),
            "net_12": round(net),
            "net_12_low": round(low),
            "net_12_high": round(high),
            "net_24": round(float(scores.net_24.sum())),
        },
        "off": list(ground.terms.off),
        "costs_version": ground.terms.version,
        "orders_12": orders,
        "spend_12": float(scores.spend_12.sum()),
        "again": _share(int((s.x[old] > 0).sum()), int(old.sum())),
        "again_of": [int((s.x[old] > 0).sum()), int(old.sum())],
        "churn": float(scores.silent_180[of.active].mean()) if of.active.any() else None,
        "months": _months(ground, calendar),
        "ahead": _months_ahead(of, fit, calendar),
        "concentration": _concentration(scores.net_12),
        "heat": _heat(of),
        "retention": _retention(ground.history, calendar),
        "personal": fit.personal,
    }


def _noise(orders: Floats, of: Scored) -> float:
    ends = (of.scores.orders_12_low, of.scores.orders_12_high)
    return chance_spread(orders, Range(*(np.nan_to_num(end) for end in ends)))


def _scale(net: float, worth: Worth) -> float:
    """A simple rule or trees may have taken the model's place: the lines follow."""
    thought = float(worth.net.sum())
    return net / thought if thought > 0 else 1.0


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _lines(worth: Worth, ground: Ground, *, scale: float) -> Json:
    """Line by line, tax apart from cost of goods again."""
    sums = {line: float(column.sum()) * scale for line, column in worth.lines.items()}
    both = sums.pop(Line.COST)
    on = {
        CostLine.COST: 0 if CostLine.COST in ground.terms.off else ground.cost,
        CostLine.TAX: 0 if CostLine.TAX in ground.terms.off else ground.tax,
    }
    total = sum(on.values())
    lines = {line.name.lower(): round(value) for line, value in sums.items()}
    return lines | {
        line.value: round(both * part / total) if total else 0 for line, part in on.items()
    }


def _months(ground: Ground, calendar: Calendar) -> Json:
    """Orders, people and money of the past months."""
    history = ground.history
    if not len(history.day):
        return {"names": [], "orders": [], "people": [], "money": [], "new": []}
    starts = calendar.starts(int(history.day.min()), "month")[-YEARS:]
    month = np.searchsorted(starts, history.day, side="right") - 1
    inside, size = month >= 0, len(starts)
    bought = inside & (history.sums[:, 4] > 0)
    owner = np.repeat(np.arange(history.customers), np.diff(history.start))
    people = np.unique(owner[bought] * size + month[bought]) % size
    known = history.at(ground.today)
    came = np.searchsorted(starts, known.first, side="right") - 1
    money = np.bincount(month[inside], weights=kept(history.sums)[inside], minlength=size)
    orders = np.bincount(month[inside], weights=history.sums[inside, 4], minlength=size)
    return {
        "names": [calendar.name(int(start), "month") for start in starts],
        "orders": [int(v) for v in orders],
        "people": np.bincount(people, minlength=size).tolist(),
        "money": [round(float(v)) for v in money],
        "new": np.bincount(came[came >= 0], minlength=size).tolist(),
    }


def _months_ahead(of: Scored, fit: Refit, calendar: Calendar) -> Json:
    """Orders that today's customers are expected to place, month by month, with the 80 % band of
    all of them together."""
    starts = Calendar(of.ground.today + YEAR + 31).starts(of.ground.today + 1, "month")[1:13]
    outlook = fit.model.score(of.statistics)
    days = [float(end - of.ground.today - 1) for end in starts]
    upto = [float(outlook.orders(d).sum()) if d > 0 else 0.0 for d in days]
    total, thought = float(of.scores.orders_12.sum()), float(outlook.orders(YEAR).sum())
    each = np.diff(np.append(0.0, np.array(upto))) * (total / thought if thought > 0 else 1.0)
    low, high = fit.spread.band(1.0, noise=_noise(of.scores.orders_12, of), level=0.8)
    return {
        "names": [calendar.name(int(end) - 1, "month") for end in starts],
        "orders": each.round(1).tolist(),
        "low": (each * low).round(1).tolist(),
        "high": (each * high).round(1).tolist(),
    }


def _concentration(net_12: Floats) -> list[float]:
    """Share of the value to come by fiftieths of customers, best first."""
    value = np.sort(np.maximum(net_12, 0.0))[::-1]
    total = float(value.sum())
    at = np.linspace(0, len(value), 51).astype(np.int64)
    shares = np.concatenate(([0.0], np.cumsum(value)))[at] / (total or 1.0)
    return [round(float(v), 4) for v in shares]


LATELY = np.array([30, 60, 90, 180, 365, 730])
OFTEN = np.array([1, 2, 3, 6])


def _heat(of: Scored) -> Json:
    """P(still a customer) by purchases and days since the last: means and people of cells."""
    s = of.statistics
    row = np.searchsorted(OFTEN, s.x + 1, side="left")
    column = np.searchsorted(LATELY, s.today - s.last, side="left")
    width, size = len(LATELY) + 1, (len(OFTEN) + 1) * (len(LATELY) + 1)
    cell = row * width + column
    count = np.bincount(cell, minlength=size)
    total = np.bincount(cell, weights=of.scores.still_customer, minlength=size)
    mean = [float(t) / int(n) if n else None for t, n in zip(total, count, strict=True)]
    return {
        "mean": [mean[i : i + width] for i in range(0, size, width)],
        "people": count.reshape(-1, width).tolist(),
    }


def _retention(history: History, calendar: Calendar) -> list[Json]:
    """CT-4: of who bought in a month, how many bought in the next one too; the last two years."""
    if not len(history.day):
        return []
    starts = calendar.starts(int(history.day.min()), "month")
    owner = np.repeat(np.arange(history.customers), np.diff(history.start))
    bought = history.sums[:, 4] > 0
    month = np.searchsorted(starts, history.day[bought], side="right") - 1
    seen = np.unique(owner[bought] * np.int64(len(starts) + 1) + month)
    again = np.isin(seen + 1, seen)
    month = seen % (len(starts) + 1)
    active = np.bincount(month, minlength=len(starts))
    stayed = np.bincount(month[again], minlength=len(starts))
    return [
        {"name": calendar.name(int(starts[i + 1]), "month"), "before": int(active[i]),
         "both": int(stayed[i])}
        for i in range(max(len(starts) - 2 - YEARS, 0), len(starts) - 2)
    ]  # fmt: skip


def _firsts(of: Scored, labels: Sequence[Any]) -> list[Json]:
    mine = [labels[int(i)] for i in of.statistics.who]
    codes, names = coded(mine)
    found = firsts(
        of.ground.history,
        of.statistics,
        codes,
        to_date=of.scores.net_to_date,
        net_12=of.scores.net_12,
    )
    return [{**asdict(first), "label": names[first.code]} for first in found[:MOST_FIRSTS]]


def channels(of: Scored, calendar: Calendar) -> Json:
    """LV-3, LV-4: new buyers by channel and month with what they are worth, and how fast the
    margin of a channel's new buyers adds up (per member, by 30 days)."""
    s, ground = of.statistics, of.ground
    if not len(s):
        return {"months": [], "margins": {}}
    starts = calendar.starts(int(s.first.min()), "month")
    month = np.searchsorted(starts, s.first, side="right") - 1
    told = np.array([ground.told["channel"][int(i)] for i in s.who], dtype=object)
    worth = of.scores.net_to_date + of.scores.net_12
    rows: list[Json] = []
    curves: dict[str, list[float | None]] = {}
    for channel in sorted({*told}):
        mine = told == channel
        count = np.bincount(month[mine], minlength=len(starts))
        total = np.bincount(month[mine], weights=worth[mine], minlength=len(starts))
        square = np.bincount(month[mine], weights=worth[mine] ** 2, minlength=len(starts))
        rows += [
            {"channel": channel, "month": calendar.name(int(starts[i]), "month"),
             "buyers": int(count[i]), "worth": float(total[i]), "square": float(square[i])}
            for i in np.flatnonzero(count)
        ]  # fmt: skip
        curves[channel] = _curve(ground, s, mine, starts)
    everybody = np.ones(len(s), np.bool_)
    return {"months": rows, "margins": curves, "blended": _curve(ground, s, everybody, starts)}


def _curve(
    ground: Ground, s: Statistics, mine: NDArray[np.bool_], starts: Longs
) -> list[float | None]:
    """Cumulative margin per member of who came in the last two years."""
    margins = contributed(ground)
    chosen = np.zeros(margins.customers, np.bool_)
    chosen[s.who[mine]] = True
    sizes = np.diff(margins.start)
    rows = np.repeat(chosen, sizes)
    start = np.append(0, np.cumsum(np.where(chosen, sizes, 0))).astype(np.int64)
    part = replace(margins, start=start, day=margins.day[rows], sums=margins.sums[rows])
    begins = starts[-YEARS:]
    found = cohorts(part, begins, today=ground.today)
    margin = found.money - messages(ground, found.money, 30.0)
    return cells(found.average(margin))
