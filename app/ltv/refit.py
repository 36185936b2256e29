"""Learn a shop anew: the model, the traits that pay, the judgement, how far totals may miss.

This is what a scheduled refit calls, and what it must keep: `encoded` is plain JSON, dated,
comparable, and `decoded` brings it back for a roll-back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.ltv import boost, measures
from app.ltv.backtest import CUTS, Judgement, judge, try_out, usable
from app.ltv.boost import Boost, learn_boost
from app.ltv.fits import Kind, Status
from app.ltv.gammagamma import GammaGamma
from app.ltv.gammagamma import Parameters as SpendParameters
from app.ltv.grouped import Grouped
from app.ltv.groups import Groups
from app.ltv.history import History
from app.ltv.model import Model, learn
from app.ltv.ranges import Levels
from app.ltv.season import YEAR
from app.ltv.simple import Rule
from app.ltv.spending import Spending
from app.ltv.totals import Spread, learn_spread, rolling

PAYS = 0.998  # a trait stays if it brings the root mean squared error down to this share of itself


@dataclass(frozen=True)
class Refit:
    """`personal` is False where people may not be judged alone (PV-2: too few, too young). `boost`
    are trees that correct the model, where they have earned it."""

    model: Model
    judgement: Judgement
    spread: Spread
    personal: bool
    boost: Boost | None = None


def refit(
    history: History,
    *,
    today: int,
    traits: Sequence[str] = (),
    cuts: Sequence[int] = CUTS,
    trees: bool = False,
) -> Refit:
    """Everything from the history up to `today`. Costs about ten fits. With `trees` a boost is
    tried too (see `earned_boost`)."""
    paying = paying_traits(history, today=today, candidates=traits)
    model = learn(history, today=today, horizon=YEAR, traits=paying)
    judgement = judge(history, today=today, cuts=cuts, traits=paying)
    misses = rolling(history, today=today, horizon=YEAR, traits=paying)
    corrected = earned_boost(history, today=today, traits=paying) if trees else None
    return Refit(model, judgement, learn_spread(misses), usable(model, history), corrected)


def earned_boost(history: History, *, today: int, traits: Sequence[str]) -> Boost | None:
    """Trees only where the same trees, learnt at an earlier day, came closer than the model to
    what followed; None also without LightGBM or with fewer than 2,000 customers by then."""
    horizon = min(YEAR, int(0.4 * (today - history.first_day)))
    if not boost.available() or horizon < 14:
        return None
    cut = today - horizon
    then = learn_boost(history, today=cut, horizon=horizon, traits=traits)
    if then is None:
        return None
    known = history.at(cut)
    outlook = learn(history, today=cut, horizon=horizon, traits=traits).score(known)
    came = history.between(cut, today).purchases[known.who]
    corrected = then.orders(history, outlook, horizon)
    if measures.rmse(came, corrected) >= measures.rmse(came, outlook.orders(horizon)):
        return None
    return learn_boost(history, today=today, horizon=YEAR, traits=traits)


def paying_traits(history: History, *, today: int, candidates: Sequence[str]) -> tuple[str, ...]:
    """Those whose offsets made the last possible backtest better, taken in one after the other."""
    horizon = min(YEAR, int(0.4 * (today - history.first_day)))
    if not candidates or horizon < 14:
        return ()
    cut = today - horizon
    chosen: tuple[str, ...] = ()
    best = try_out(history, cut, horizon).rmse
    for name in candidates:
        error = try_out(history, cut, horizon, traits=(*chosen, name)).rmse
        if error < PAYS * best:
            chosen, best = (*chosen, name), error
    return chosen


def encoded(fit: Refit) -> dict[str, Any]:
    """As plain JSON: numbers, strings, lists. What single customers did in trials is left out."""
    model = fit.model
    groups = {**vars(model.groups), "levels": dict(model.groups.levels)}
    return {
        "model": {
            "groups": _plain(groups),
            "fits": [_plain({**vars(f), "kind": f.kind.value}) for f in model.fits],
            "weights": list(model.weights),
            "spending": _plain(
                {
                    **vars(model.spending),
                    "gamma": {
                        **vars(model.spending.gamma),
                        "parameters": vars(model.spending.gamma.parameters),
                    },
                }
            ),
            "status": str(model.status),
            "today": model.today,
            "customers": model.customers,
            "horizon": model.horizon,
            "tempo": model.tempo,
        },
        "judgement": {
            "rule": str(fit.judgement.rule) if fit.judgement.rule else None,
            "levels": vars(fit.judgement.levels),
            "skipped": list(fit.judgement.skipped),
            "trials": [trial.summary() for trial in fit.judgement.trials],
        },
        "spread": vars(fit.spread),
        "personal": fit.personal,
        "boost": fit.boost.encoded() if fit.boost else None,
    }


def decoded(kept: Mapping[str, Any]) -> Refit:
    """The refit again, its trials apart: they are for reading, not for scoring."""
    m, j = kept["model"], kept["judgement"]
    g, s = m["groups"], m["spending"]
    groups = Groups(
        np.array(g["cohorts"], dtype=np.int64), g["typical"], g["weight"], g["centre"],
        g["spread"], np.array(g["edges"], dtype=np.float64),
        np.array(g["sizes"], dtype=np.float64),
        {k: np.array(v, dtype=np.int64) for k, v in g["levels"].items()},
    )  # fmt: skip
    fits = tuple(
        Grouped(
            Kind(f["kind"]), f["scale"], np.array(f["shop"]), np.array(f["effects"]),
            f["log_likelihood"], f["customers"],
        )
        for f in m["fits"]
    )  # fmt: skip
    gamma = s["gamma"]
    spending = Spending(
        s["tilt"], s["mean"], s["patience"], s["spread"],
        GammaGamma(
            SpendParameters(**gamma["parameters"]), gamma["log_likelihood"] or float("nan"),
            gamma["customers"], usable=gamma["usable"],
        ),
    )  # fmt: skip
    model = Model(
        groups, fits, tuple(m["weights"]), spending, Status(m["status"]), m["today"],
        m["customers"], m["horizon"], m["tempo"],
    )  # fmt: skip
    rule = Rule(j["rule"]) if j["rule"] else None
    judgement = Judgement((), tuple(j["skipped"]), rule, Levels(**j["levels"]))
    return Refit(
        model,
        judgement,
        Spread(**kept["spread"]),
        personal=kept["personal"],
        boost=boost.decoded(kept.get("boost")),
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value.item() if isinstance(value, np.generic) else value
