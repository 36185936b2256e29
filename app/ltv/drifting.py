"""Has reality left the forecast? What came since the learning beside what was thought (V11)."""

from typing import Any

from app.ltv.backtest import chance_spread
from app.ltv.ranges import Range
from app.ltv.refit import Refit
from app.ltv.scoring import Scored

SINCE = 14
"""Days before anything is said."""
LEVEL = 0.95
FEW = 10.0


def drift(of: Scored, fit: Refit) -> dict[str, Any] | None:
    """None while what came lies within what the shop's own past misses allow. Customers of the
    day of the learning only; orders from the day after it to yesterday."""
    learnt, until = fit.model.today, of.ground.today - 1
    days = until - learnt
    known = of.history.at(learnt)
    if days < SINCE or not len(known):
        return None
    thought = fit.model.score(known).orders(float(days))
    came = float(of.history.between(learnt, until).purchases[known.who].sum())
    total = float(thought.sum())
    if max(total, came) < FEW:
        return None
    noise = chance_spread(thought, Range(thought * 0.0, thought * 0.0))
    low, high = fit.spread.band(total, noise=noise, level=LEVEL)
    if low <= came <= high:
        return None
    return {"since": learnt, "until": until, "came": came, "thought": total,
            "low": low, "high": high}  # fmt: skip
