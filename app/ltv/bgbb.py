"""BG/BB: customers who can buy once in each period, and may leave before one.

p ~ Beta(α, β) is the chance of a transaction in a period, θ ~ Beta(γ, δ) of having left at its
beginning (Fader, Hardie & Shang 2010): donations, events, editions. A customer is (x, t_x, n):
periods with a transaction, the last of them, and periods seen. All four parameters are pure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import betaln, logsumexp

from app.ltv.arrays import Floats


@dataclass(frozen=True)
class Parameters:
    alpha: float
    beta: float
    gamma: float
    delta: float


@dataclass(frozen=True)
class BgBb:
    parameters: Parameters
    log_likelihood: float
    converged: bool


def log_likelihood(p: Parameters, x: ArrayLike, t_x: ArrayLike, n: ArrayLike) -> Floats:
    """Of each row; sums over the period after which she left, from t_x to n (still one)."""
    x, t_x, n = (np.asarray(c, dtype=np.float64) for c in (x, t_x, n))
    buys = betaln(p.alpha, p.beta)
    leaves = betaln(p.gamma, p.delta)
    stayed = betaln(p.alpha + x, p.beta + n - x) - buys + betaln(p.gamma, p.delta + n) - leaves
    parts = [stayed]
    for i in range(int((n - t_x).max(initial=0))):
        t = t_x + i
        left = betaln(p.alpha + x, p.beta + t - x) + betaln(p.gamma + 1.0, p.delta + t)
        parts.append(np.where(t < n, left - buys - leaves, -np.inf))
    return np.asarray(logsumexp(np.array(parts), axis=0))


def fit(x: ArrayLike, t_x: ArrayLike, n: ArrayLike, *, weights: ArrayLike | None = None) -> BgBb:
    """By maximum likelihood; `weights` says how many customers a row stands for."""
    w = np.ones(len(np.asarray(x))) if weights is None else np.asarray(weights, dtype=np.float64)

    def loss(u: Floats) -> float:
        return -float(w @ log_likelihood(Parameters(*np.exp(u)), x, t_x, n)) / float(w.sum())

    best = minimize(loss, np.zeros(4), method="L-BFGS-B", bounds=[(-7.0, 9.0)] * 4,
                    options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500})  # fmt: skip
    inside = bool(np.all(np.abs(best.x) < 6.9))
    return BgBb(Parameters(*np.exp(best.x)), -best.fun * float(w.sum()), inside)


def alive(p: Parameters, x: ArrayLike, t_x: ArrayLike, n: ArrayLike) -> Floats:
    """P(still a customer at the beginning of period n + 1)."""
    x, n = np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64)
    stays = (
        betaln(p.alpha + x, p.beta + n - x) - betaln(p.alpha, p.beta)
        + betaln(p.gamma, p.delta + n + 1.0) - betaln(p.gamma, p.delta)
    )  # fmt: skip
    return np.asarray(np.exp(stays - log_likelihood(p, x, t_x, n)))


def expected(p: Parameters, x: ArrayLike, t_x: ArrayLike, n: ArrayLike, *, ahead: int) -> Floats:
    """Expected transactions in the next `ahead` periods."""
    x, n = np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64)
    buy = betaln(p.alpha + x + 1.0, p.beta + n - x) - betaln(p.alpha, p.beta)
    periods = np.arange(1, ahead + 1, dtype=np.float64)[:, None]
    stays = logsumexp(betaln(p.gamma, p.delta + n + periods), axis=0) - betaln(p.gamma, p.delta)
    return np.asarray(np.exp(buy + stays - log_likelihood(p, x, t_x, n)))
