"""How good was a forecast: per person, in total, in order, and in its honesty about doubt."""

import math

import numpy as np

from app.ltv.arrays import Floats


def mae(came: Floats, thought: Floats) -> float:
    return float(np.abs(came - thought).mean())


def rmse(came: Floats, thought: Floats) -> float:
    """What decides: a forecast is a mean, and a mean is what squared error asks for."""
    return math.sqrt(float(((came - thought) ** 2).mean()))


def bias(came: Floats, thought: Floats) -> float:
    """Total thought over total come, less one; infinite if something was thought and none came."""
    total = float(came.sum())
    return float(thought.sum()) / total - 1.0 if total > 0.0 else math.inf


def gini(came: Floats, thought: Floats) -> float:
    """Normalised Gini: how much of what came lies with those ranked first; 1 is perfect order,
    0 chance. Ties share their place."""
    best = _lift(came, came)
    return _lift(came, thought) / best if best > 0.0 else 0.0


def _lift(came: Floats, thought: Floats) -> float:
    order = np.argsort(-thought, kind="stable")
    _, group = np.unique(-thought[order], return_inverse=True)
    sizes = np.bincount(group)
    shared = (np.bincount(group, weights=came[order]) / sizes)[group]
    total = float(came.sum())
    if total <= 0.0:
        return 0.0
    n = len(came)
    return float(np.cumsum(shared).sum()) / total / n - 0.5 - 0.5 / n


def uneven(ranks: Floats) -> float:
    """Kolmogorov–Smirnov distance of PIT ranks from uniform: 0 is honest."""
    n = len(ranks)
    if n == 0:
        return 0.0
    line, rising = np.sort(ranks), np.arange(n)
    return float(max((line - rising / n).max(), ((rising + 1) / n - line).max()))


def kept(came: Floats, low: Floats, high: Floats) -> float:
    """Share of outcomes inside their range."""
    return float(((came >= low) & (came <= high)).mean())
