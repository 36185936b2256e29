"""The whole of it: learn a shop's customers, say what each will bring.

Orders come from two models, MBG/NBD and Pareto/NBD, which err in different places: a mean of their
forecasts was better than either on nearly every shop tried. The better a model explains the past
the more it weighs, but gently: log-likelihoods count over the root of the number of customers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.ltv import grouped, season
from app.ltv.arrays import Floats, Longs
from app.ltv.fits import PRIORS, Kind, Status, diagnose, thinned
from app.ltv.grouped import Grouped, Scored
from app.ltv.groups import Groups
from app.ltv.history import History
from app.ltv.spending import Spending
from app.ltv.statistics import Statistics

KINDS = (Kind.MBG, Kind.PARETO)
CHUNK = 4096


@dataclass(frozen=True)
class Model:
    """What was learnt of a shop. `tempo` is the season's factor on buying rates to come, taken
    for `horizon` days; `status` what the data could carry; `customers` and `today` what it saw."""

    groups: Groups
    fits: tuple[Grouped, ...]
    weights: tuple[float, ...]
    spending: Spending
    status: Status
    today: int
    customers: int
    horizon: float
    tempo: float = 1.0

    def score(self, statistics: Statistics) -> "Outlook":
        """Bring the model to customers (those it learnt from, or as they are by now)."""
        worth = self.spending.expected(statistics)
        scored = tuple(Scored.of(fit, self.groups, statistics, worth) for fit in self.fits)
        return Outlook(statistics, scored, self.weights, self.spending, self.tempo)


@dataclass(frozen=True)
class Outlook:
    """Customers and what the model holds of each. All answers are columns, a row a customer."""

    statistics: Statistics
    scored: tuple[Scored, ...]
    weights: tuple[float, ...]
    spending: Spending
    tempo: float = 1.0

    def alive(self) -> Floats:
        """P(still a customer)."""
        return self._mean([s.chance for s in self.scored])

    def orders(self, horizon: float) -> Floats:
        """Expected orders within so many days."""
        return self.discounted(horizon, yearly=0.0)

    def discounted(self, horizon: float, *, yearly: float) -> Floats:
        """Expected orders within the horizon, each worth less by its day: 1 / (1+yearly)^years.

        By parts: e^(−δH) E(H) + δ ∫ e^(−δt) E(t) dt, eight nodes.
        """
        days, shares = discounts(horizon, yearly=yearly)
        parts = [s.expected(days, shares, tempo=self.tempo) for s in self.scored]
        return self._mean(parts)

    def order_value(self) -> Floats:
        """Expected net value of an order, in minor units."""
        return self.spending.expected(self.statistics)

    def chances(self, horizon: float) -> Iterator[tuple[Longs, Floats]]:
        """Rows, and for each P(at least k orders within the horizon), k = 0…: in chunks, those
        who buy much apart from those who buy little, so that tables stay small."""
        busy = self.orders(horizon)
        order = np.argsort(busy, kind="stable")
        for start in range(0, len(order), CHUNK):
            rows = order[start : start + CHUNK]
            most = int(min(4.0 * float(busy[rows[-1]]) + 24.0, 3000.0))
            parts = [s.tails(horizon, rows=rows, most=most, tempo=self.tempo) for s in self.scored]
            yield rows, self._mean(parts)

    def _mean(self, parts: Sequence[Floats]) -> Floats:
        return np.asarray(np.average(parts, axis=0, weights=self.weights))


def discounts(horizon: float, *, yearly: float) -> tuple[Floats, Floats]:
    """Days and weights such that Σ weights · E(days) is the discounted E(horizon)."""
    if yearly == 0.0:
        return np.array([horizon]), np.ones(1)
    x, w = np.polynomial.legendre.leggauss(8)
    days = horizon * (x + 1.0) / 2.0
    rate = np.log1p(yearly) / season.YEAR
    inner = rate * np.exp(-rate * days) * w * horizon / 2.0
    return np.append(days, horizon), np.append(inner, np.exp(-rate * horizon))


def learn(
    history: History, *, today: int, horizon: float = season.YEAR, traits: Sequence[str] = ()
) -> Model:
    """Everything from the history up to `today`, inclusive. Never raises for lack of data: the
    status says what could be learnt, and the rest is what is usual elsewhere."""
    statistics = history.at(today)
    model = learn_statistics(statistics, horizon=horizon, traits=traits)

    def forecast(known: Statistics, days: float) -> Floats:
        then = learn_statistics(known, horizon=days, traits=traits)
        return then.score(known).orders(days)

    factor = season.tempo(history, today, horizon, forecast)
    return Model(**{**vars(model), "tempo": factor})


def learn_statistics(
    statistics: Statistics, *, horizon: float = season.YEAR, traits: Sequence[str] = ()
) -> Model:
    """The same from statistics alone: no season."""
    spending = Spending.learn(statistics)
    worth = spending.expected(statistics)
    groups = Groups.learn(statistics, worth, traits=traits)
    fits = tuple(grouped.learn(statistics, groups, worth, kind=kind) for kind in KINDS)
    few = thinned(statistics.rhythm)
    u = fits[0].shop if len(statistics) else PRIORS[KINDS[0]].centre
    return Model(
        groups=groups,
        fits=fits,
        weights=_weights(fits),
        spending=spending,
        status=diagnose(few, KINDS[0], u, scale=fits[0].scale),
        today=statistics.today,
        customers=len(statistics),
        horizon=float(horizon),
    )


def _weights(fits: Sequence[Grouped]) -> tuple[float, ...]:
    explained = np.array([fit.log_likelihood / max(fit.customers, 1) ** 0.5 for fit in fits])
    share = np.exp(2.0 * (explained - explained.max()))
    return tuple(float(v) for v in share / share.sum())
