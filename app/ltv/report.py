"""A page for an analyst: what the customers are worth, how it was found, and how well it holds.

One HTML file with its pictures in it: no network, no server.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader

from app.ltv import charts
from app.ltv.arrays import Floats, Longs
from app.ltv.backtest import chance_spread
from app.ltv.cohorts import cohorts
from app.ltv.fits import Kind, learn
from app.ltv.ranges import order_range
from app.ltv.refit import Refit
from app.ltv.rfm import boundaries, rfm
from app.ltv.scores import Scores
from app.ltv.season import YEAR
from app.ltv.statistics import Statistics
from app.ltv.taking import EPOCH, Book

BEST = 20


@dataclass(frozen=True)
class Total:
    """Of the next 12 months over all customers, with the band that holds 90 %."""

    value: float
    low: float
    high: float


def page(book: Book, fit: Refit, scores: Scores, *, today: int) -> str:
    """The report as HTML."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415  # heavy, and only here

    here = Path(__file__).parent / "templates"
    shelf = Environment(loader=FileSystemLoader(here), autoescape=True, trim_blocks=True)
    shelf.filters["money"] = lambda minor: _money(float(minor), book)
    shelf.filters["number"] = lambda value: f"{float(value):,.0f}"
    shelf.filters["percent"] = lambda share: f"{100 * float(share):.0f} %"
    told = _told(book, fit, scores, today=today)
    figures = {
        name: json.dumps(figure) for name, figure in _figures(book, fit, scores, today).items()
    }
    return shelf.get_template("report.html").render(
        **told, figures=figures, plotly=get_plotlyjs(), fit=fit, book=book, scores=scores
    )


def _told(book: Book, fit: Refit, scores: Scores, *, today: int) -> Mapping[str, Any]:
    known = book.history.at(today)
    plain = learn(known.rhythm, kind=Kind.MBG)
    best = np.argsort(-scores.net_12, kind="stable")[:BEST]
    return {
        "today": _day(today),
        "since": _day(int(known.first.min())),
        "orders": int(known.orders.sum()),
        "again": float((known.x > 0).mean()),
        "alive": float(scores.still_customer.sum()),
        "total": _total(fit, known, scores),
        "net": float(scores.net_12.sum()),
        "net_24": float(scores.net_24.sum()),
        "cost_known": bool(known.cost.any()),
        "plain": plain,
        "parameters": vars(plain.parameters),
        "best": [_person(book, scores, int(i)) for i in best],
        "trials": fit.judgement.trials,
    }


def _person(book: Book, scores: Scores, row: int) -> Mapping[str, Any]:
    one = {name: column[row] for name, column in scores.columns()}
    return one | {"name": book.history.names[scores.who[row]], "last": _day(int(one["last"]))}


def _total(fit: Refit, known: Statistics, scores: Scores) -> Total:
    outlook = fit.model.score(known)
    reach = order_range(outlook, YEAR, levels=fit.judgement.levels)
    value = float(scores.orders_12.sum())
    noise = chance_spread(scores.orders_12, reach)
    return Total(value, *fit.spread.band(value, noise=noise))


def _figures(book: Book, fit: Refit, scores: Scores, today: int) -> Mapping[str, charts.Figure]:
    known = book.history.at(today)
    months, counts = _months(book, today)
    found = {
        "months": charts.months(months, counts, _months_ahead(fit, known, today)),
        "alive": charts.still_customers(scores, (today - known.last).astype(np.float64)),
        "concentration": charts.concentration(scores),
        "groups": charts.groups(
            rfm(known, scores.net_to_date, boundaries(known, scores.net_to_date))
        ),
    }
    begins = _month_starts(int(known.first.min()), today)
    if len(begins) > 1:
        table = cohorts(book.history, begins, today=today)
        found["cohorts"] = charts.cohort_map(table, [_day(int(b))[:7] for b in begins])
    if fit.judgement.trials:
        found["calibration"] = charts.calibration(fit.judgement.trials[-1])
        found["gain"] = charts.gain(fit.judgement.trials)
    return found


def _months(book: Book, today: int) -> tuple[list[str], list[int]]:
    history = book.history
    bought = history.day[(history.sums[:, 4] > 0) & (history.day <= today)]
    starts = _month_starts(int(bought.min()), today)
    counts = np.bincount(np.searchsorted(starts, bought, side="right") - 1, minlength=len(starts))
    return [_day(int(start))[:7] for start in starts], [int(c) for c in counts]


def _months_ahead(fit: Refit, known: Statistics, today: int) -> tuple[list[str], Floats]:
    """Expected purchases of each of the next twelve months."""
    outlook = fit.model.score(known)
    ends = _month_starts(today + 1, today + YEAR + 31)[1:13]
    upto = np.array([float(outlook.orders(float(end - today - 1)).sum()) for end in ends])
    names = [_day(int(end) - 1)[:7] for end in ends]
    return names, np.diff(np.append(0.0, upto))


def _month_starts(first: int, last: int) -> Longs:
    day, starts = date.fromordinal(first + EPOCH).replace(day=1), []
    while day.toordinal() - EPOCH <= last:
        starts.append(day.toordinal() - EPOCH)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return np.array(starts, dtype=np.int64)


def _day(day: int) -> str:
    return date.fromordinal(day + EPOCH).isoformat()


def _money(minor: float, book: Book) -> str:
    return f"{minor / 10**book.digits:,.0f} {book.currency or ''}".strip()
