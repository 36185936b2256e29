"""What would we have said, and what came: the model judged on the shop's own past (PV-3, PV-4).

At each cut-off everything is learnt again from what was known then. The three simple rules stand
beside it; a model that does not beat the best of them on two of three cut-offs is not used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.ltv import measures, simple
from app.ltv.arrays import Floats
from app.ltv.history import History
from app.ltv.model import Model, learn
from app.ltv.ranges import Levels, Range, learn_levels, order_range, ranks
from app.ltv.simple import Rule

CUTS = (90, 180, 365)
WANTED = Levels(0.1, 0.9)
BUYERS = 50  # PV-2: below this, or below this many days, nobody is judged alone
DAYS = 180


@dataclass(frozen=True)
class Trial:
    """One cut-off. Orders only; errors are per person. `rules` maps each simple rule to its
    root mean squared error, `ranks` are the randomised PIT, `coverage` that of 80 % ranges;
    `gains` the share of all orders by decile of customers, best first; `deciles` mean thought
    and mean come, least first."""

    cut: int
    horizon: int
    customers: int
    came: float
    thought: float
    noise: float
    mae: float
    rmse: float
    gini: float
    rules: dict[Rule, float]
    coverage: float
    uneven: float
    ranks: Floats
    gains: Floats
    deciles: tuple[Floats, Floats]

    def summary(self) -> dict[str, Any]:
        """As plain JSON, without what each single customer did."""
        left_out = ("ranks", "gains", "rules", "deciles")
        plain = {name: value for name, value in vars(self).items() if name not in left_out}
        return plain | {
            "rules": {str(rule): error for rule, error in self.rules.items()},
            "gains": self.gains.tolist(),
            "deciles": [column.tolist() for column in self.deciles],
            "bias": self.bias if self.came else None,
            "won": self.won,
        }

    @property
    def bias(self) -> float:
        return self.thought / self.came - 1.0 if self.came else float("inf")

    @property
    def best_rule(self) -> Rule:
        return min(self.rules, key=self.rules.__getitem__)

    @property
    def won(self) -> bool:
        return self.rmse < self.rules[self.best_rule]


@dataclass(frozen=True)
class Judgement:
    """`rule` is the simple rule to use instead, None where the model is to be trusted; `levels`
    make its ranges keep what they promise; `skipped` cut-offs lacked history (days ago)."""

    trials: tuple[Trial, ...]
    skipped: tuple[int, ...]
    rule: Rule | None
    levels: Levels


def judge(
    history: History, *, today: int, cuts: Sequence[int] = CUTS, traits: Sequence[str] = ()
) -> Judgement:
    """Try the cut-offs (days ago, each with a horizon up to today)."""
    possible = [days for days in cuts if _enough(history, today - days, days)]
    trials = tuple(try_out(history, today - days, days, traits=traits) for days in possible)
    levels = learn_levels(trials[0].ranks, wanted=WANTED) if trials else WANTED
    skipped = tuple(days for days in cuts if days not in possible)
    return Judgement(trials, skipped, rule_instead(trials), levels)


def rule_instead(trials: Sequence[Trial]) -> Rule | None:
    """The simple rule to use: the best one where the model lost half of the cut-offs or more
    (of three it must win two); None where it may be trusted, or where nothing could be tried."""
    lost = [trial for trial in trials if not trial.won]
    return lost[0].best_rule if trials and 2 * len(lost) >= len(trials) else None


def _enough(history: History, cut: int, horizon: int) -> bool:
    return cut - history.first_day >= max(60, horizon // 2) and len(history.at(cut)) >= BUYERS


def try_out(history: History, cut: int, horizon: int, *, traits: Sequence[str] = ()) -> Trial:
    """Learn at the cut, forecast the horizon, compare."""
    model = learn(history, today=cut, horizon=horizon, traits=traits)
    known = history.at(cut)
    outlook = model.score(known)
    came = history.between(cut, cut + horizon).purchases[known.who]
    thought = outlook.orders(horizon)
    reach = order_range(outlook, horizon, levels=WANTED)
    toss = np.random.default_rng(cut).random(len(came))
    past = ranks(outlook, horizon, came, toss=toss)
    return Trial(
        cut=cut,
        horizon=horizon,
        customers=len(known),
        came=float(came.sum()),
        thought=float(thought.sum()),
        noise=chance_spread(thought, reach),
        mae=measures.mae(came, thought),
        rmse=measures.rmse(came, thought),
        gini=measures.gini(came, thought),
        rules={
            rule: measures.rmse(came, simple.forecast(rule, history, cut, horizon)) for rule in Rule
        },
        coverage=measures.kept(came, reach.low, reach.high),
        uneven=measures.uneven(past),
        ranks=past,
        gains=gains(came, thought),
        deciles=deciles(came, thought),
    )


def gains(came: Floats, thought: Floats) -> Floats:
    """Share of all that came, by decile of customers in order of what was thought: 11 points."""
    order = np.argsort(-thought, kind="stable")
    shares = np.concatenate(([0.0], np.cumsum(came[order]) / max(float(came.sum()), 1.0)))
    return np.asarray(shares[np.linspace(0, len(came), 11).astype(np.int64)])


def deciles(came: Floats, thought: Floats) -> tuple[Floats, Floats]:
    """Mean orders thought and come in each tenth of customers, least first: calibration. With
    fewer than ten customers each is a part by itself.
    """
    parts = np.array_split(np.argsort(thought, kind="stable"), min(10, len(thought)) or 1)
    parts = [rows for rows in parts if len(rows)]
    return (
        np.array([thought[rows].mean() for rows in parts]),
        np.array([came[rows].mean() for rows in parts]),
    )


def chance_spread(thought: Floats, reach: Range) -> float:
    """Coefficient of variation of the total by chance alone: persons' spreads add in squares."""
    total = float(thought.sum())
    each = np.maximum((reach.high - reach.low) / 2.56, np.sqrt(thought))
    return float(np.sqrt((each**2).sum())) / total if total > 0.0 else 1.0


def usable(model: Model, history: History) -> bool:
    """PV-2: enough buyers and days to say something of one person."""
    return model.customers >= BUYERS and model.today - history.first_day >= DAYS
