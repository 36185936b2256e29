"""Climb to the top of a log-likelihood, or of a posterior, with exact second derivatives."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.ltv.arrays import Floats

Surface = Callable[[Floats], tuple[float, Floats, Floats]]
"""Point → value, gradient, Hessian."""

CLOSE = 1e-6  # log-likelihood left to gain when a last step needs no check
LONGEST = 1.5  # no step multiplies a parameter by more than e^1.5
PATIENCE = 60


@dataclass(frozen=True)
class Prior:
    """Independent normal priors on the coordinates; an infinite spread is no prior at all."""

    centre: Floats
    spread: Floats

    @classmethod
    def flat(cls, size: int) -> "Prior":
        return cls(np.zeros(size), np.full(size, np.inf))

    def added_to(self, surface: Surface) -> Surface:
        tight = 1.0 / self.spread**2

        def posterior(u: Floats) -> tuple[float, Floats, Floats]:
            value, slope, bend = surface(u)
            off = u - self.centre
            return value - 0.5 * float(tight @ off**2), slope - tight * off, bend - np.diag(tight)

        return posterior


@dataclass(frozen=True)
class Summit:
    """Where the climb ended; `converged` is False when it ran into the box or out of patience."""

    at: Floats
    value: float
    bend: Floats
    steps: int
    converged: bool

    def covariance(self) -> Floats:
        """Covariance of the coordinates (inverse of minus the Hessian), positive by force."""
        values, vectors = np.linalg.eigh(-self.bend)
        values = np.maximum(values, 1e-8 * max(1.0, float(values.max(initial=0.0))))
        return np.asarray((vectors / values) @ vectors.T)


def climb(
    surface: Surface, start: Floats, *, low: Floats, high: Floats, close: float = CLOSE
) -> Summit:
    """Newton's method made safe: curvature forced downhill-free, steps bounded and halved."""
    u = np.clip(start, low, high)
    value, slope, bend = surface(u)
    for steps in range(1, PATIENCE + 1):
        step = _ascent(slope, bend)
        inside = np.clip(u + step, low, high)
        gain = 0.5 * float(slope @ (inside - u))
        if gain < close:
            at_wall = bool(np.any(inside != u + step))
            return Summit(inside, value + max(gain, 0.0), bend, steps, not at_wall)
        better = _first_better(surface, u, inside, value)
        if better is None:
            return Summit(u, value, bend, steps, gain < 1e-3)
        u, value, slope, bend = better
    return Summit(u, value, bend, PATIENCE, converged=False)


def _ascent(slope: Floats, bend: Floats) -> Floats:
    values, vectors = np.linalg.eigh(-bend)
    floor = 1e-7 * max(1e-3, float(np.abs(values).max()))
    step = vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), floor))
    return np.asarray(step * min(1.0, LONGEST / max(LONGEST, float(np.abs(step).max()))))


def _first_better(
    surface: Surface, u: Floats, goal: Floats, value: float
) -> tuple[Floats, float, Floats, Floats] | None:
    for halving in range(30):
        trial = u + (goal - u) * 0.5**halving
        new, slope, bend = surface(trial)
        if new > value - 1e-12 * abs(value) and np.isfinite(bend).all():
            return trial, new, slope, bend
    return None
