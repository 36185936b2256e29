"""Pictures of the report as Plotly figures: plain dictionaries, drawn by plotly.js in the page."""

from itertools import pairwise
from typing import Any

import numpy as np

from app.ltv.arrays import Floats
from app.ltv.backtest import Trial
from app.ltv.cohorts import Cohorts
from app.ltv.rfm import Group, Rfm
from app.ltv.scores import Scores

INK, SEA, SUN, MIST, MOSS = "#334155", "#2563eb", "#d97706", "#94a3b8", "#0d9488"
HEAT = [[0.0, "rgba(37,99,235,0.06)"], [1.0, "rgba(37,99,235,0.95)"]]
"""More is darker, on light paper and on dark."""
Figure = dict[str, Any]


def _figure(data: list[Figure], x: str, y: str, **more: Any) -> Figure:  # noqa: ANN401
    layout = {
        "xaxis": {"title": {"text": x}, "automargin": True},
        "yaxis": {"title": {"text": y}, "automargin": True, "rangemode": "tozero"},
        "margin": {"l": 60, "r": 20, "t": 20, "b": 50},
        "height": 360,
        "font": {"family": "system-ui, sans-serif", "color": INK},
        "legend": {"orientation": "h", "y": 1.12},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }
    return {"data": data, "layout": layout | more}


def months(days: list[str], orders: list[int], ahead: tuple[list[str], Floats]) -> Figure:
    """Orders by month, and what the customers of today are expected to add."""
    past = {"type": "bar", "x": days, "y": orders, "name": "so far", "marker": {"color": MIST}}
    come = {
        "type": "bar", "x": ahead[0], "y": ahead[1].round(1).tolist(),
        "name": "expected of today's customers", "marker": {"color": SEA},
    }  # fmt: skip
    return _figure([past, come], "month", "purchases")


def calibration(trial: Trial) -> Figure:
    """Tenths of customers: what was thought of them and what came; on the line is right."""
    thought, came = trial.deciles
    top = float(max(thought.max(), came.max(), 0.01))
    dots = {
        "type": "scatter", "mode": "markers+lines", "x": thought.round(3).tolist(),
        "y": came.round(3).tolist(), "name": "tenths of customers", "marker": {"color": SEA},
    }  # fmt: skip
    line = {
        "type": "scatter", "mode": "lines", "x": [0, top], "y": [0, top], "name": "right",
        "line": {"color": MIST, "dash": "dot"},
    }  # fmt: skip
    return _figure([line, dots], "orders thought, per person", "orders come, per person")


def gain(trials: tuple[Trial, ...]) -> Figure:
    """How much of what came lay with those ranked first."""
    share = [10 * i for i in range(11)]
    lines: list[Figure] = [
        {"type": "scatter", "mode": "lines", "x": share, "y": share, "name": "no order",
         "line": {"color": MIST, "dash": "dot"}}
    ]  # fmt: skip
    for trial, colour in zip(trials, (SEA, SUN, MOSS), strict=False):
        lines.append({
            "type": "scatter", "mode": "lines+markers", "x": share,
            "y": (100 * trial.gains).round(1).tolist(), "name": f"{trial.horizon} days ago",
            "line": {"color": colour},
        })  # fmt: skip
    return _figure(lines, "best customers first, %", "of all orders that came, %")


def still_customers(scores: Scores, days_ago: Floats) -> Figure:
    """P(still a customer) by how often and how lately somebody bought: means of cells."""
    often = np.minimum(scores.purchases, 12)
    edges = np.unique(np.quantile(days_ago, np.linspace(0.0, 1.0, 13))) if len(often) else None
    if edges is None or len(edges) < 3:
        return _figure([], "purchases", "days since the last")
    lately = np.clip(np.searchsorted(edges, days_ago, side="right") - 1, 0, len(edges) - 2)
    cell = (often - 1) * (len(edges) - 1) + lately
    size = 12 * (len(edges) - 1)
    count = np.bincount(cell, minlength=size)
    total = np.bincount(cell, weights=scores.still_customer, minlength=size)
    mean = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
    table = mean.reshape(12, -1)
    heat = {
        "type": "heatmap",
        "z": [[None if np.isnan(v) else round(100 * float(v), 1) for v in row] for row in table],
        "x": [f"{int(a)}–{int(b)}" for a, b in pairwise(edges)],
        "y": [*map(str, range(1, 12)), "12+"],
        "zmin": 0, "zmax": 100, "colorscale": HEAT, "colorbar": {"title": {"text": "%"}},
    }  # fmt: skip
    axes = {"xaxis": {"title": {"text": "days since the last purchase"}, "type": "category"}}
    return _figure([heat], "", "purchases", **axes)


def concentration(scores: Scores) -> Figure:
    """Share of the coming value by share of customers."""
    value = np.sort(np.maximum(scores.net_12, 0.0))[::-1]
    total = float(value.sum())
    at = np.linspace(0, len(value), 51).astype(np.int64)
    shares = np.concatenate(([0.0], np.cumsum(value)))[at] / (total or 1.0)
    line = {
        "type": "scatter", "mode": "lines", "fill": "tozeroy", "line": {"color": SEA},
        "x": (100 * at / max(len(value), 1)).round(1).tolist(),
        "y": (100 * shares).round(1).tolist(), "name": "value of the next 12 months",
    }  # fmt: skip
    return _figure([line], "best customers first, %", "of the value to come, %")


def cohort_map(table: Cohorts, labels: list[str]) -> Figure:
    """Share of each cohort that bought in each period of 30 days; empty is not over yet."""
    z = [
        [None if np.isnan(v) else round(100 * float(v), 1) for v in row[1:]] for row in table.active
    ]
    heat = {
        "type": "heatmap", "z": z, "y": labels, "x": [str(i) for i in range(1, len(z[0]) + 1)],
        "colorscale": HEAT, "colorbar": {"title": {"text": "%"}},
    }  # fmt: skip
    axes = {"yaxis": {"autorange": "reversed", "automargin": True, "type": "category"}}
    return _figure([heat], "30-day periods after the first purchase", "", **axes)


def groups(found: Rfm) -> Figure:
    """How many customers are in each RFM group."""
    names = [str(group) for group in Group]
    counts = [int((found.groups == group).sum()) for group in Group]
    bar = {"type": "bar", "orientation": "h", "y": names, "x": counts, "marker": {"color": SEA}}
    axes = {"yaxis": {"autorange": "reversed", "automargin": True}}
    return _figure([bar], "customers", "", **axes)
