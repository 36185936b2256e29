"""AB-4: for very small shops: how likely is B better? Never called significant."""

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


def chance_better(bought: tuple[int, int], people: tuple[int, int], *, base: float) -> float:
    """P(conversion of the second > of the first), from Beta posteriors, by quadrature over the
    first (Gelman et al., Bayesian Data Analysis, 3rd ed., §2.4 and §3.5)."""
    a, b = prior(base)
    a1, b1 = a + bought[0], b + people[0] - bought[0]
    a2, b2 = a + bought[1], b + people[1] - bought[1]
    edges = np.linspace(0.0, 1.0, GRID)
    middle = (edges[1:] + edges[:-1]) / 2.0
    mass = np.diff(betainc(a1, b1, edges))
    return float(np.clip((mass * (1.0 - betainc(a2, b2, middle))).sum(), 0.0, 1.0))
