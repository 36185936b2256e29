"""From what was learnt to what is said of each customer, and what of it is worth writing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import col, select

from app.customers import queries as customers
from app.kit.money import minor
from app.kit.tx import Tx, among
from app.ltv import rules, stages, tiers
from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.ground import Ground
from app.ltv.history import History
from app.ltv.refit import Refit
from app.ltv.rfm import Boundaries, rfm
from app.ltv.scores import Scores, score
from app.ltv.statistics import Statistics
from app.ltv.tables import CustomerScore, CustomerTally
from app.ltv.worth import to_date

SAID = (
    "day", "to_date", "orders_12", "net_12", "net_12_low", "net_12_high", "net_24", "alive",
    "silent", "next_from", "next_mid", "next_to", "due", "lapsed", "stage", "tier", "r", "f", "m",
    "fm", "group",
)  # fmt: skip
COLUMNS: list[Any] = [CustomerScore.person, *(getattr(CustomerScore, name) for name in SAID)]
ALL = (*SAID, "group_before")
FAR = 3650.0
Row = dict[str, Any]


@dataclass(frozen=True)
class Measure:
    """What one customer is held against: everybody else, as of the last night. `ranks` are values
    of the next 12 months at equal steps of rank among active buyers, the best first."""

    patience: Floats
    limits: Boundaries
    ranks: Floats

    def rank(self, net_12: Floats) -> Floats:
        """0 is the best, 1 the last."""
        if len(self.ranks) == 0:
            return np.zeros(len(net_12))
        place = np.searchsorted(-self.ranks, -net_12, side="left")
        return np.asarray(np.minimum((place + 0.5) / len(self.ranks), 1.0))


@dataclass(frozen=True)
class Scored:
    """Scores of the customers of a ground, and of whom they are."""

    ground: Ground
    history: History
    """With the traits as the learning has them."""
    statistics: Statistics
    scores: Scores
    active: NDArray[np.bool_]

    @property
    def people(self) -> Longs:
        return self.ground.people[self.statistics.who]


def scored(ground: Ground, fit: Refit, labels: Mapping[str, Sequence[str]]) -> Scored:
    history = ground.coded(labels)
    statistics = history.at(ground.today)
    scores = score(fit, statistics, costs=ground.costs, history=history)
    active = ground.today - statistics.last < ground.window
    return Scored(ground, history, statistics, scores, np.asarray(active))


def ranks(of: Scored) -> Floats:
    """TI-0: values at 401 equal steps of rank among active buyers."""
    net = np.sort(of.scores.net_12[of.active])[::-1]
    if len(net) == 0:
        return np.zeros(0)
    return net[np.minimum((np.arange(401) + 0.5) / 401 * len(net), len(net) - 1).astype(np.int64)]


def rows(of: Scored, measure: Measure, *, personal: bool, before: Mapping[int, Row]) -> list[Row]:
    """A row a customer, as the table has it."""
    s, scores, people = of.statistics, of.scores, of.people
    letters = _letters(of, measure, before) if personal else np.full(len(s), "")
    points = _points(of, measure.limits)
    late = stages.lapsed(s, measure.patience)
    today = of.ground.today
    columns: dict[str, list[Any]] = {
        "person": people.tolist(),
        "day": [today] * len(s),
        "to_date": _whole(scores.net_to_date),
        "orders_12": [round(float(v), 4) for v in scores.orders_12],
        "net_12": _whole(scores.net_12),
        "net_12_low": _whole(scores.net_12_low),
        "net_12_high": _whole(scores.net_12_high),
        "net_24": _whole(scores.net_24),
        "alive": [round(float(v), 4) for v in scores.still_customer],
        "silent": [round(float(v), 4) for v in scores.silent_180],
        "next_from": _days(today, scores.next_order_earliest),
        "next_mid": _days(today, scores.next_order_days),
        "next_to": _days(today, scores.next_order_latest),
        "due": _days(s.last, scores.patience_days),
        "lapsed": late.tolist(),
        "stage": [rules.stage(int(x) + 1).value for x in s.x],
        "tier": letters.tolist(),
        **points,
    }
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _letters(of: Scored, measure: Measure, before: Mapping[int, Row]) -> NDArray[np.str_]:
    """TI-0, with hysteresis against the letters people have."""
    out = np.full(len(of.statistics), "", dtype="<U1")
    here = np.flatnonzero(of.active)
    have = np.array([before.get(int(p), {}).get("tier", "") for p in of.people[here]], dtype="<U1")
    rank = measure.rank(of.scores.net_12[here])
    out[here] = tiers.letters(rank, before=have) if len(here) else out[here]
    return out


def _points(of: Scored, limits: Boundaries) -> dict[str, list[Any]]:
    """RM-1, RM-2: points and groups of who bought in the window; nought for the rest."""
    lately = of.ground.lately()
    found = rfm(lately, to_date(lately, of.ground.costs).net, limits, window=of.ground.window)
    place = np.searchsorted(of.statistics.who, lately.who[found.rows])
    out: dict[str, list[Any]] = {}
    for name, points in (("r", found.r), ("f", found.f), ("m", found.m)):
        column = np.zeros(len(of.statistics), np.int64)
        column[place] = points
        out[name] = column.tolist()
    out["fm"] = [-(-(f + m) // 2) for f, m in zip(out["f"], out["m"], strict=True)]
    groups = np.full(len(of.statistics), "", dtype=object)
    groups[place] = [str(group) for group in found.groups]
    out["group"] = groups.tolist()
    return out


def _days(since: int | Ints, days: Floats) -> list[int | None]:
    """As days of the calendar; ten years is as far as anybody looks."""
    return _whole(np.asarray(since + np.minimum(days, FAR), dtype=np.float64))


def _whole(values: Floats) -> list[int | None]:
    return [round(float(v)) if np.isfinite(v) else None for v in values]


def said(tx: Tx, people: Collection[int] | None = None) -> dict[int, Row]:
    """What is said so far, by person."""
    query = select(*COLUMNS)
    if people is not None:
        query = query.where(among(col(CustomerScore.person), sorted(people)))
    found: Any = tx.exec(query)
    return {row[0]: dict(zip(SAID, row[1:], strict=True)) for row in found}


def news(made: Sequence[Row], before: Mapping[int, Row], *, currency: str) -> list[Row]:
    """Rows that say something else than what stands. The rest is not written."""
    unit = minor(Decimal(1), currency) if currency else 1
    return [
        row
        for row in made
        if (old := before.get(row["person"])) is None
        or rules.says_something_else(old, row, unit=unit)
    ]


def write(tx: Tx, made: Sequence[Row]) -> list[int]:
    """Of people who are still here, somebody may have been forgotten meanwhile, and do not object
    to it (PR-4). Who was written."""
    people = [row["person"] for row in made]
    here = set(
        tx.exec(select(CustomerTally.person).where(among(col(CustomerTally.person), people)))
    )
    here -= customers.unprofiled(tx)
    still = [{"group_before": "", **row} for row in made if row["person"] in here]
    tx.put(CustomerScore, still, key=("person",), overwrite=SAID)
    return [row["person"] for row in still]
