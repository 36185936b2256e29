"""S6: what is likely to happen, and how often it did when as much was said in the shop's own past.

The chances are those of app.ltv's model. What is promised of them is not the model's word: at days
gone by everything is learnt from what was known then, the same people are picked, and it is
counted of how many it came true. The range reaches over the 80 % Wilson intervals of those days,
so that it is as wide as they differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.kit.shares import wilson
from app.ltv.backtest import BUYERS
from app.ltv.history import History, Outcome
from app.ltv.model import Outlook, learn
from app.ltv.scores import silent
from app.ltv.statistics import Statistics
from app.segments.crowd import Floats, Mask

LAPSES, BUYS, BEST = "lapses", "buys", "best"
QUIET, SOON = 180, 30
"""Days without an order that count as lapsed (CT-4), and days to come that are soon."""
LIKELY_LAPSE, LIKELY_BUY = 0.7, 0.5
TOP = 0.05
"""TI-0: the best are the top twentieth of the buyers of the window."""
FEWEST = 10
"""People picked at a day gone by: of fewer, nothing is said."""
Z80 = 1.2816
STEP = 0.05
"""Chances are kept in steps: who moves by less than one is not written anew."""
LEAST = 0.2
"""A chance below it is not kept: nobody asks for it."""


@dataclass(frozen=True)
class Then:
    """A day gone by: how many were picked, and of how many it came true."""

    days_ago: int
    picked: int
    came: int


@dataclass(frozen=True)
class Calibrated:
    """`low` and `high` are shares of one; None of them where no day could be tried."""

    thens: Sequence[Then]
    low: float | None
    high: float | None


def calibrate(
    history: History, *, today: int, window: int, traits: Sequence[str] = ()
) -> Mapping[str, Calibrated]:
    """Each question asked of days gone by. Costs about five fits."""
    asked: dict[str, list[Then]] = {LAPSES: [], BUYS: [], BEST: []}
    for ago in (QUIET, 2 * QUIET):
        if outlook := _learnt(history, today - ago, QUIET, traits):
            came = history.between(today - ago, today - ago + QUIET)
            asked[LAPSES].append(_lapse(outlook, came, ago))
            asked[BEST].append(_best(outlook, came, ago, window))
    for ago in (SOON, 2 * SOON, 3 * SOON):
        if outlook := _learnt(history, today - ago, SOON, traits):
            asked[BUYS].append(_buy(outlook, history.between(today - ago, today - ago + SOON), ago))
    return {question: _ranged(thens) for question, thens in asked.items()}


def _learnt(history: History, cut: int, horizon: int, traits: Sequence[str]) -> Outlook | None:
    """None where the past before that day is shorter than what is asked of it."""
    if cut - history.first_day < max(horizon, 90) or len(known := history.at(cut)) < BUYERS:
        return None
    return learn(history, today=cut, horizon=horizon, traits=traits).score(known)


def _lapse(outlook: Outlook, came: Outcome, ago: int) -> Then:
    known = outlook.statistics
    here = likely_to_lapse(known, silent(outlook, QUIET))
    gone = came.purchases[known.who] == 0
    return Then(ago, int(here.sum()), int((here & gone).sum()))


def likely_to_lapse(known: Statistics, quiet: Floats) -> Mask:
    """Who bought in the last half year, and will not in the next, as likely as that."""
    return np.asarray((quiet >= LIKELY_LAPSE) & (known.today - known.last < QUIET))


def _buy(outlook: Outlook, came: Outcome, ago: int) -> Then:
    here = 1.0 - silent(outlook, SOON) >= LIKELY_BUY
    bought = came.purchases[outlook.statistics.who] > 0
    return Then(ago, int(here.sum()), int((here & bought).sum()))


def _best(outlook: Outlook, came: Outcome, ago: int, window: int) -> Then:
    """Who was thought to be of the top twentieth, and was."""
    known = outlook.statistics
    active = known.today - known.last < window
    thought = np.where(active, outlook.orders(QUIET) * outlook.order_value(), -1.0)
    real = np.where(active, came.net[known.who].astype(np.float64), -1.0)
    most = max(round(TOP * int(active.sum())), 1)
    here, there = _first(thought, most), _first(real, most) & (real > 0)
    return Then(ago, int(here.sum()), int((here & there).sum()))


def _first(values: Floats, most: int) -> Mask:
    out = np.zeros(len(values), dtype=np.bool_)
    out[np.argsort(-values, kind="stable")[:most]] = True
    return out


def _ranged(thens: Sequence[Then]) -> Calibrated:
    good = [one for one in thens if one.picked >= FEWEST]
    if not good:
        return Calibrated(thens, None, None)
    ends = [wilson(one.came, one.picked, z=Z80) for one in good]
    return Calibrated(good, min(low for low, _ in ends), max(high for _, high in ends))


def soon(outlook: Outlook) -> Mapping[int, int]:
    """By row of the statistics: the chance of an order in 30 days, in whole percent, by steps."""
    chance = 1.0 - silent(outlook, SOON)
    steps = np.floor(chance / STEP + 1e-9).astype(np.int64) * round(STEP * 100)
    return {int(row): int(steps[row]) for row in np.flatnonzero(chance >= LEAST)}
