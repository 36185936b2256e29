"""How much more an arm brings a person than another, and how sure that is.

AB-5: CUPED (Deng, Xu, Kohavi, Walker: Improving the Sensitivity of Online Controlled Experiments by
Utilizing Pre-Experiment Data, WSDM 2013): from each outcome is taken what was to be expected of
that person before she was drawn. What is taken is the same in both arms on average, so nothing is
shifted; what people differed in before no longer makes noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.proof.sums import Floats, Sums

RIDGE = 1e-9


@dataclass(frozen=True)
class Difference:
    """Per person, treated less control. `n` is both arms together."""

    estimate: Floats
    error: Floats
    """Standard error."""
    n: Floats
    spared: Floats
    """Share of the variance that CUPED took away."""


def difference(control: Sums, treated: Sums, *, cuped: bool = True) -> Difference:
    """Welch's: each arm has its own variance."""
    plain = control.var / np.maximum(control.n, 1.0) + treated.var / np.maximum(treated.n, 1.0)
    estimate = treated.mean - control.mean
    both = control.n + treated.n
    if not cuped or control.x.shape[-1] == 0:
        return Difference(estimate, np.sqrt(plain), both, np.zeros_like(estimate))
    theta = _theta(control, treated)
    estimate = estimate - _dot(theta, treated.mean_x - control.mean_x)
    left = _left(control, theta) / np.maximum(control.n, 1.0)
    left = left + _left(treated, theta) / np.maximum(treated.n, 1.0)
    spared = 1.0 - np.divide(left, plain, out=np.ones_like(plain), where=plain > 0)
    return Difference(estimate, np.sqrt(left), both, spared)


def stratified(pairs: Sequence[tuple[Sums, Sums]]) -> Difference | None:
    """AB-1: where shares changed on the way, like is compared with like, and each part counts with
    its people. None where no part has two people in either arm."""
    parts = [
        difference(control, treated)
        for control, treated in pairs
        if control.n >= 2 and treated.n >= 2  # noqa: PLR2004  # a variance needs two
    ]
    if not parts:
        return None
    weights = np.array([float(part.n) for part in parts])
    weights /= weights.sum()
    return Difference(
        np.asarray(sum(w * p.estimate for w, p in zip(weights, parts, strict=True))),
        np.sqrt(np.asarray(sum((w * p.error) ** 2 for w, p in zip(weights, parts, strict=True)))),
        np.asarray(sum(p.n for p in parts)),
        np.asarray(sum(w * p.spared for w, p in zip(weights, parts, strict=True))),
    )


def _theta(control: Sums, treated: Sums) -> Floats:
    """Least squares within arms, both together: shape (…, k)."""
    a, b = np.maximum(control.n - 1.0, 0.0), np.maximum(treated.n - 1.0, 0.0)
    xx = a[..., None, None] * control.cov_xx + b[..., None, None] * treated.cov_xx
    xy = a[..., None] * control.cov_xy + b[..., None] * treated.cov_xy
    scale = np.sqrt(np.maximum(np.diagonal(xx, axis1=-2, axis2=-1), 0.0))
    safe = np.where(scale > 0, scale, 1.0)
    unit = xx / (safe[..., :, None] * safe[..., None, :])
    unit = unit + (RIDGE + (scale <= 0)[..., None]) * np.eye(xx.shape[-1])
    solved: Floats = np.linalg.solve(unit, (xy / safe)[..., None])[..., 0]
    return np.asarray(np.where(scale > 0, solved / safe, 0.0), dtype=np.float64)


def _left(arm: Sums, theta: Floats) -> Floats:
    """An arm's variance after what was to be expected is taken away."""
    quadratic = np.einsum("...i,...ij,...j->...", theta, arm.cov_xx, theta)
    return np.asarray(np.maximum(arm.var - 2.0 * _dot(theta, arm.cov_xy) + quadratic, 0.0))


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray((a * b).sum(axis=-1))
