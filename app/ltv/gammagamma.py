"""Gamma-Gamma: what an order of a customer is worth on average (Fader & Hardie 2013).

Orders of a customer are Gamma(p, ν) with her own ν ~ Gamma(q, γ). From n orders of mean z̄ her
expected order value is p (γ + n z̄) / (p n + q − 1), a mean of hers and the shop's. p and q are
pure numbers, γ is money. Fitted on all orders, the first included: a one-time buyer then has a
value of her own.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.ltv.arrays import Floats, Ints
from app.ltv.kernels import kernel, spread
from app.ltv.newton import Prior, Summit, Surface, climb
from app.ltv.special import digamma, trigamma

LOW = np.array([-4.0, -4.0, -10.0])
HIGH = np.array([8.0, 8.0, 16.0])
# Weak: a fit to 500 customers moves by less than 1 %.
PRIOR = Prior(np.log([3.0, 4.0, 1.0]), np.array([3.5, 2.5, 5.0]))


@dataclass(frozen=True)
class Parameters:
    """p, q pure numbers, γ (`gamma`) money."""

    p: float
    q: float
    gamma: float

    def mean(self) -> float:
        """Expected order value of a customer nothing is known of; infinite for q ≤ 1."""
        return self.p * self.gamma / (self.q - 1.0) if self.q > 1.0 else math.inf

    def expected(self, n: ArrayLike, mean: ArrayLike) -> Floats:
        """Expected order value from n orders of this mean (n = 0: the shop's mean)."""
        n, mean = np.asarray(n, dtype=np.float64), np.asarray(mean, dtype=np.float64)
        below = self.p * n + self.q - 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            value = self.p * (self.gamma + n * np.where(n > 0, mean, 0.0)) / below
        return np.where(below > 0.0, value, mean)


@dataclass(frozen=True)
class GammaGamma:
    """A fit: parameters, log-likelihood, how many customers it saw, and whether it can be used."""

    parameters: Parameters
    log_likelihood: float
    customers: int
    usable: bool


def fit(n: ArrayLike, mean: ArrayLike, *, prior: Prior | None = PRIOR) -> GammaGamma:
    """From each customer's number of orders and mean order value; rows with n = 0 or mean ≤ 0
    say nothing and are left out. `prior=None` is maximum likelihood. Never raises: without
    spread between customers, or below 10 of them, `usable` is False and credibility takes over.
    """
    counts, means = np.asarray(n), np.asarray(mean, dtype=np.float64)
    say = (counts > 0) & (means > 0) & np.isfinite(means)
    counts, means = counts[say].astype(np.int32), means[say]
    scale = float(means.mean()) if len(means) else 1.0
    if len(means) < 10 or float(means.std()) < 1e-6 * scale:
        return GammaGamma(Parameters(3.0, 4.0, scale), math.nan, len(means), usable=False)
    f = surface(counts, means, scale=scale)
    f = f if prior is None else prior.added_to(f)
    top = climb(f, PRIOR.centre.copy(), low=LOW, high=HIGH)
    p, q, gamma = (float(v) for v in np.exp(top.at))
    found = Parameters(p, q, gamma * scale)
    value = surface(counts, means, scale=scale)(top.at)[0] - len(means) * math.log(scale)
    return GammaGamma(found, value, len(means), usable=_sane(found, top, scale))


def _sane(found: Parameters, top: Summit, scale: float) -> bool:
    inside = bool(np.all(top.at > LOW + 0.5) and np.all(top.at < HIGH - 0.5))
    return inside and found.q > 1.05 and 0.2 < found.mean() / scale < 5.0


def surface(n: Ints, mean: Floats, *, scale: float) -> Surface:
    """Log-likelihood with gradient and Hessian over log p, log q, log(γ/scale)."""
    money = mean / scale
    log_money = np.log(money)
    kinds, counts = np.unique(n, return_counts=True)

    def at(u: Floats) -> tuple[float, Floats, Floats]:
        p, q, g = (float(v) for v in np.exp(u))

        def rows(start: int, stop: int) -> Floats:
            return _rows(n[start:stop], money[start:stop], log_money[start:stop], p, q, g)

        sums = np.sum(spread(len(n), rows), axis=0)
        sums += _by_count(kinds.astype(np.float64), counts.astype(np.float64), p, q, g)
        slope, bend = sums[1:4], np.zeros((3, 3))
        bend[np.triu_indices(3)] = sums[4:]
        bend += np.triu(bend, 1).T
        values = np.array([p, q, g])
        logs = slope * values
        return float(sums[0]), logs, bend * np.outer(values, values) + np.diag(logs)

    return at


@kernel
def _rows(n: Ints, money: Floats, log_money: Floats, p: float, q: float, g: float) -> Floats:
    """Σ (pn − 1) log z̄ − (pn + q) log(γ + n z̄): value, gradient, upper Hessian over (p, q, γ)."""
    out = np.zeros(10)
    for i in range(len(n)):
        k = float(n[i])
        total = g + k * money[i]
        L, e = math.log(total), p * k + q
        out[0] += (p * k - 1.0) * log_money[i] - e * L
        out[1] += k * (log_money[i] - L)
        out[2] -= L
        out[3] -= e / total
        out[6] -= k / total
        out[8] -= 1.0 / total
        out[9] += e / (total * total)
    return out


@kernel
def _by_count(kinds: Floats, counts: Floats, p: float, q: float, g: float) -> Floats:
    """The factors that depend on n alone: Γ(pn+q) n^pn γ^q / (Γ(pn) Γ(q))."""
    out = np.zeros(10)
    for j in range(len(kinds)):
        k, c = kinds[j], counts[j]
        a = p * k
        d_all, t_all = digamma(a + q), trigamma(a + q)
        value = math.lgamma(a + q) - math.lgamma(a) - math.lgamma(q)
        out[0] += c * (value + q * math.log(g) + a * math.log(k))
        out[1] += c * k * (d_all - digamma(a) + math.log(k))
        out[2] += c * (d_all - digamma(q) + math.log(g))
        out[3] += c * q / g
        out[4] += c * k * k * (t_all - trigamma(a))
        out[5] += c * k * t_all
        out[7] += c * (t_all - trigamma(q))
        out[8] += c / g
        out[9] -= c * q / (g * g)
    return out
