"""AB-4: for very small shops: how likely is an arm the best? Never called significant."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import betainc

PRIOR_PEOPLE = 20.0
"""The prior counts as much as this many people, who bought as often as usual in the shop."""
GRID = 4001


class Prior(NamedTuple):
    """Beta(a, b)."""

    a: float
    b: float


def prior(base: float) -> Prior:
    usual = min(max(base, 0.005), 0.995)
    return Prior(PRIOR_PEOPLE * usual, PRIOR_PEOPLE * (1 - usual))


def chances_best(bought: Sequence[int], people: Sequence[int], *, base: float) -> list[float]:
    """By arm: P(its conversion is the highest of all), from Beta posteriors, by quadrature over
    its own (Gelman et al., Bayesian Data Analysis, 3rd ed., §2.4 and §3.5). Of two arms that is
    how likely the one is better than the other.
    """
    a, b = prior(base)
    edges = np.linspace(0.0, 1.0, GRID)
    middle = (edges[1:] + edges[:-1]) / 2.0
    arms = [(a + y, b + n - y) for y, n in zip(bought, people, strict=True)]
    mass = np.array([np.diff(betainc(*arm, edges)) for arm in arms])
    below = np.array([betainc(*arm, middle) for arm in arms])
    return [
        float(np.clip((mass[at] * np.delete(below, at, axis=0).prod(axis=0)).sum(), 0.0, 1.0))
        for at in range(len(arms))
    ]
