"""Optional (extra `boost`): trees that correct the model's forecast, where they have earned it.

Gradient boosting on Poisson counts starts from the model's own forecast (an offset), so it can
only learn what the model leaves unexplained. It is used with 2,000 customers or more, and only if
out-of-fold corrections of a window of the past lowered the deviance. The answer is the geometric
mean of both, at the model's total: what a season did to the window learnt from is not carried on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.history import History
from app.ltv.kernels import kernel
from app.ltv.model import Outlook, learn
from app.ltv.statistics import Statistics

ENOUGH = 2_000
MOST = 100_000  # customers to learn from
FOLDS = 5
SHARE = 0.4  # of the history: the longest window to learn from
GAIN = 0.001  # of the deviance: what a correction must bring
SETTINGS = {
    "objective": "poisson", "learning_rate": 0.03, "num_leaves": 8, "min_data_in_leaf": 100,
    "lambda_l2": 20.0, "feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1,
    "num_threads": 1, "deterministic": True, "force_row_wise": True, "seed": 7, "verbose": -1,
    "max_delta_step": 0.7,
}  # fmt: skip
ROUNDS = 300


@dataclass(frozen=True)
class Boost:
    """Trees learnt, and what they gained out of fold (share of the deviance)."""

    trees: Any
    gain: float

    def orders(self, history: History, outlook: Outlook, horizon: float) -> Floats:
        """Expected orders, corrected: for the customers of the outlook."""
        plain = outlook.orders(horizon)
        found = features(history, outlook, plain / horizon)
        return _blend(plain, plain * np.exp(self.trees.predict(found, raw_score=True)))

    def encoded(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"trees": self.trees.model_to_string(), "gain": self.gain}


def decoded(kept: Mapping[str, Any] | None) -> Boost | None:
    """The trees again; None where there were none, or the extra is not installed here."""
    if kept is None or not available():
        return None
    trees = import_module("lightgbm").Booster(model_str=kept["trees"])
    return Boost(trees, kept["gain"])


def available() -> bool:
    return find_spec("lightgbm") is not None


def learn_boost(
    history: History, *, today: int, horizon: int, traits: Sequence[str] = ()
) -> Boost | None:
    """None where it may not be used: no LightGBM, too few customers, or nothing won."""
    window = min(horizon, int(SHARE * (today - history.first_day)))
    then = today - window
    if not available() or window < 14 or len(history.at(then)) < ENOUGH:
        return None
    known = history.at(then)
    outlook = learn(history, today=then, horizon=window, traits=traits).score(known)
    plain = outlook.orders(window)
    came = history.between(then, today).purchases[known.who]
    level = came.sum() / plain.sum() if plain.sum() > 0.0 else 1.0
    offset = np.log(np.maximum(plain * level, 1e-9))
    found = features(history, outlook, plain / window)
    if len(came) > MOST:
        some = np.random.default_rng(5).permutation(len(came))[:MOST]
        found, came, offset, plain = found[some], came[some], offset[some], plain[some]
    corrected, rounds = _out_of_fold(found, came, offset)
    before = _deviance(came, plain * level)
    gain = 1.0 - _deviance(came, _blend(plain * level, corrected)) / before
    if gain < GAIN:
        return None
    lightgbm = import_module("lightgbm")
    data = lightgbm.Dataset(found, came, init_score=offset, params={"verbose": -1})
    return Boost(lightgbm.train(SETTINGS, data, num_boost_round=rounds), gain)


def _out_of_fold(found: Floats, came: Floats, offset: Floats) -> tuple[Floats, int]:
    lightgbm = import_module("lightgbm")
    fold = np.random.default_rng(11).permutation(len(came)) % FOLDS
    corrected, rounds = np.empty(len(came)), []
    for k in range(FOLDS):
        test, rest = fold == k, fold != k
        data = lightgbm.Dataset(
            found[rest], came[rest], init_score=offset[rest], params={"verbose": -1}
        )
        check = lightgbm.Dataset(found[test], came[test], init_score=offset[test], reference=data)
        stop = lightgbm.early_stopping(30, verbose=False)
        trees = lightgbm.train(
            SETTINGS, data, num_boost_round=ROUNDS, valid_sets=[check], callbacks=[stop]
        )
        corrected[test] = np.exp(offset[test] + trees.predict(found[test], raw_score=True))
        rounds.append(trees.best_iteration)
    return corrected, max(int(np.median(rounds)), 1)


def _blend(plain: Floats, corrected: Floats) -> Floats:
    mixed = np.sqrt(plain * corrected)
    total = float(mixed.sum())
    return np.asarray(mixed * (plain.sum() / total)) if total > 0.0 else plain


def _deviance(came: Floats, thought: Floats) -> float:
    mean = np.maximum(thought, 1e-9)
    part = np.where(came > 0, came * np.log(np.maximum(came, 1e-9) / mean), 0.0)
    return 2.0 * float((part - came + mean).sum())


def features(history: History, outlook: Outlook, rate: Floats) -> Floats:
    """What trees may look at, a row a customer: all of it known on the day of the outlook."""
    s = outlook.statistics
    lived, gone = (s.today - s.first).astype(np.float64), (s.today - s.last).astype(np.float64)
    gap = np.where(s.x > 0, (s.last - s.first) / np.maximum(s.x, 1), lived)
    worth = outlook.order_value()
    recent = [_purchases_since(history, s, share) for share in (0.1, 0.25, 0.5)]
    log: Callable[[Floats], Floats] = np.log1p
    columns = [
        s.x.astype(np.float64), log(lived), log(gone), gone / np.maximum(lived, 1.0), log(gap),
        gone / (gap + 1.0), (s.last - s.first) / np.maximum(lived, 1.0), log(worth),
        log(np.maximum(s.first_value, 0).astype(np.float64)),
        log(np.maximum(s.net, 0).astype(np.float64)), s.orders / s.purchases,
        s.refunded / np.maximum(s.value, 1), outlook.alive(), np.log(np.maximum(rate, 1e-9)),
        *recent, _evenness(history, s),
        *(codes.astype(np.float64) for codes in s.traits.values()),
    ]  # fmt: skip
    return np.column_stack(columns)


def _purchases_since(history: History, s: Statistics, share: float) -> Floats:
    span = max(int(share * (s.today - history.first_day)), 1)
    return history.between(s.today - span, s.today).purchases[s.who]


def _evenness(history: History, s: Statistics) -> Floats:
    """Coefficient of variation of the gaps between purchases; 1, as by chance, below three."""
    return _gap_variation(history.start, history.day, history.sums[:, 4], s.who, s.today)


@kernel
def _gap_variation(start: Longs, day: Ints, orders: Longs, who: Longs, today: int) -> Floats:
    out = np.ones(len(who))
    for row in range(len(who)):
        last, gaps, total, squares = -1, 0, 0.0, 0.0
        for i in range(start[who[row]], start[who[row] + 1]):
            if day[i] > today:
                break
            if orders[i] > 0:
                if last >= 0:
                    gaps += 1
                    total += day[i] - last
                    squares += (day[i] - last) ** 2
                last = day[i]
        if gaps >= 2:
            mean = total / gaps
            out[row] = np.sqrt(max(squares / gaps - mean * mean, 0.0)) / mean
    return out
