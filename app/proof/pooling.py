"""HO-7: effects of similar automations help each other; the raw ones stay visible.

A random-effects model (DerSimonian, Laird: Meta-analysis in clinical trials, Controlled Clinical
Trials 7, 1986), and each effect drawn to the common one by how little it knows itself (Efron,
Morris: Data analysis using Stein's estimator, JASA 70, 1975).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pooled:
    estimate: float
    error: float


def pooled(estimates: Sequence[float], errors: Sequence[float]) -> list[Pooled]:
    """Needs two at least; alone an effect stays as it is."""
    d, v = np.array(estimates, dtype=float), np.array(errors, dtype=float) ** 2
    if len(d) < 2 or (v <= 0).any():  # noqa: PLR2004
        return [Pooled(float(a), float(b)) for a, b in zip(estimates, errors, strict=True)]
    weights = 1.0 / v
    common = float((weights * d).sum() / weights.sum())
    scatter = float((weights * (d - common) ** 2).sum())
    spare = weights.sum() - (weights**2).sum() / weights.sum()
    between = max(0.0, (scatter - (len(d) - 1)) / float(spare))
    total = 1.0 / (v + between)
    centre = float((total * d).sum() / total.sum())
    own = between / (between + v)
    shrunk = own * d + (1.0 - own) * centre
    error = np.sqrt(own * v + (1.0 - own) ** 2 / total.sum())
    return [Pooled(float(a), float(b)) for a, b in zip(shrunk, error, strict=True)]
