"""AB-4: intervals that may be looked at every day.

Asymptotic confidence sequences (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas: Time-uniform central
limit theory and asymptotic confidence sequences, Annals of Statistics 52(6), 2024, theorem 2.2), in
the form that GrowthBook publishes for its sequential engine; tuned to be tightest at the planned
number of people (equation 2.14 there).
"""

import numpy as np
from scipy.special import ndtr, ndtri

from app.proof.sums import Floats

ALPHA = 0.05


def rho(planned: float) -> float:
    """The tuning: the sequence is tightest once `planned` people are in."""
    spent = -2.0 * np.log(ALPHA)
    return float(np.sqrt((spent + np.log(spent + 1.0)) / planned))


def stretch(n: Floats | float, planned: float, alpha: float = ALPHA) -> Floats:
    """How many standard errors the interval reaches to either side after `n` people in all."""
    grown = np.asarray(n, dtype=float) * rho(planned) ** 2
    wide = 2.0 * (grown + 1.0) / grown * (0.5 * np.log(grown + 1.0) - np.log(alpha))
    return np.asarray(np.sqrt(wide))


def fixed(alpha: float = ALPHA) -> float:
    """The same for a look at one moment that was agreed before."""
    return float(ndtri(1.0 - alpha / 2.0))


def p_value(z: Floats | float, n: Floats | float, planned: float) -> Floats:
    """The smallest alpha whose sequence excludes nought now: as safe to look at as the interval."""
    grown = np.asarray(n, dtype=float) * rho(planned) ** 2
    tail = -0.5 * np.asarray(z, dtype=float) ** 2 * grown / (grown + 1.0)
    return np.asarray(np.minimum(1.0, np.exp(0.5 * np.log(grown + 1.0) + tail)))


def fixed_p_value(z: Floats | float) -> Floats:
    return np.asarray(2.0 * (1.0 - ndtr(np.abs(np.asarray(z, dtype=float)))))
