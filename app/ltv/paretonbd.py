"""Pareto/NBD: buying at a Gamma rate, dropping out after an exponential lifetime.

λ ~ Gamma(r, α), lifetime hazard μ ~ Gamma(s, β) (Schmittlein, Morrison & Colombo 1987). α and β
are in units of time. Likelihood of (x, t_x, T), with R = r+x:

    Γ(R)/Γ(r) α^r β^s { (α+T)^−R (β+T)^−s + s ∫ (α+t)^−R (β+t)^−(s+1) dt over t_x..T }

The integral, elsewhere a pair of hypergeometric functions that overflow (Fader & Hardie 2005), is
taken by Gauss–Legendre in log(c+t), c = min(α, β): there the integrand falls almost
exponentially, and only the part above 1e−16 of its top is looked at.
"""

import math
from dataclasses import dataclass

import numpy as np

from app.ltv.arrays import Floats, Ints
from app.ltv.kernels import kernel, spread
from app.ltv.newton import Surface
from app.ltv.rhythm import Rhythm
from app.ltv.special import legendre

NODES = 32
LOW = np.array([-7.0, -12.0, -12.0, -6.0])
HIGH = np.array([9.0, 12.0, 8.0, 8.0])


@dataclass(frozen=True)
class Parameters:
    """r, s pure numbers; α, β in units of time."""

    r: float
    alpha: float
    s: float
    beta: float

    @classmethod
    def at(cls, u: Floats, *, scale: float) -> "Parameters":
        r, alpha, hazard, s = (float(v) for v in np.exp(u))
        return cls(r, alpha * scale, s, s / hazard * scale)

    def coordinates(self, *, scale: float) -> Floats:
        """log r, log(α / mean T), log of mean hazard × mean T, log s: free of units."""
        return np.log([self.r, self.alpha / scale, self.s / self.beta * scale, self.s])


def surface(rhythm: Rhythm, *, scale: float) -> Surface:
    """Log-likelihood with gradient and Hessian over coordinates."""

    def at(u: Floats) -> tuple[float, Floats, Floats]:
        p = Parameters.at(u, scale=scale)
        value, slope, bend = evaluate(rhythm, p)
        return value, *_chain(p, slope, bend)

    return at


def evaluate(rhythm: Rhythm, p: Parameters) -> tuple[float, Floats, Floats]:
    """Log-likelihood, gradient and Hessian over (r, α, s, β)."""
    nodes, weights = legendre(NODES)

    def rows(start: int, stop: int) -> Floats:
        return _sum_rows(
            rhythm.x[start:stop], rhythm.last[start:stop], rhythm.age[start:stop], rhythm.grid,
            nodes, weights, p.r, p.alpha, p.s, p.beta,
        )  # fmt: skip

    sums = np.sum(spread(20 * len(rhythm), lambda i, j: rows(i // 20, j // 20)), axis=0)
    n, above = float(len(rhythm)), rhythm.above
    k = np.arange(len(above), dtype=np.float64)
    sums[0] += above @ np.log(p.r + k) + n * (p.r * math.log(p.alpha) + p.s * math.log(p.beta))
    sums[1] += above @ (1.0 / (p.r + k)) + n * math.log(p.alpha)
    sums[2] += n * p.r / p.alpha
    sums[3] += n * math.log(p.beta)
    sums[4] += n * p.s / p.beta
    bend = np.zeros((4, 4))
    bend[np.triu_indices(4)] = sums[5:]
    bend += np.triu(bend, 1).T
    bend[0, 0] -= above @ (1.0 / (p.r + k) ** 2)
    bend[1, 1] -= n * p.r / p.alpha**2
    bend[3, 3] -= n * p.s / p.beta**2
    bend[[0, 1], [1, 0]] += n / p.alpha
    bend[[2, 3], [3, 2]] += n / p.beta
    return float(sums[0]), sums[1:5].copy(), bend


@kernel
def _reach(R: float, c: float, t: float, T: float, alpha: float, s: float, beta: float) -> float:
    """How far in log(c+t) to integrate: to T, or to where the integrand has fallen by e^−38."""
    full = math.log((c + T) / (c + t))
    rate = R * (c + t) / (alpha + t) + (s + 1.0) * (c + t) / (beta + t) - 1.0
    return min(full, 38.0 / rate) if rate > 0.0 else full


@kernel
def _sum_rows(
    x: Ints, last: Ints, age: Ints, grid: Floats, nodes: Floats, weights: Floats,
    r: float, alpha: float, s: float, beta: float,
) -> Floats:  # fmt: skip
    """Σ log{…}: value, gradient and upper Hessian over (r, α, s, β).

    A row is a sum of exponentials (the customer who stayed, and the nodes), so its derivatives
    are weighted means, and its Hessian the mean second derivative plus a covariance.
    """
    out = np.zeros(15)
    c = min(alpha, beta)
    n = len(nodes)
    g = np.zeros(4)
    h = np.zeros(10)
    level = np.zeros(n + 1)
    la, lb = np.zeros(n + 1), np.zeros(n + 1)
    ia, ib = np.zeros(n + 1), np.zeros(n + 1)
    for i in range(len(x)):
        R, t0, T = r + x[i], grid[last[i]], grid[age[i]]
        width = _reach(R, c, t0, T, alpha, s, beta)
        la[n], lb[n], ia[n], ib[n] = (
            math.log(alpha + T), math.log(beta + T), 1.0 / (alpha + T), 1.0 / (beta + T)
        )  # fmt: skip
        level[n] = -R * la[n] - s * lb[n]
        top = level[n]
        for j in range(n if width > 0.0 else 0):
            ct = (c + t0) * math.exp(width * nodes[j])
            t = ct - c
            la[j], lb[j] = math.log(alpha + t), math.log(beta + t)
            ia[j], ib[j] = 1.0 / (alpha + t), 1.0 / (beta + t)
            level[j] = math.log(s * width * weights[j] * ct) - R * la[j] - (s + 1.0) * lb[j]
            top = max(top, level[j])
        total = 0.0
        g[:] = 0.0
        h[:] = 0.0
        for j in range(0 if width > 0.0 else n, n + 1):
            m = math.exp(level[j] - top)
            total += m
            e = s if j == n else s + 1.0
            d = 0.0 if j == n else 1.0 / s
            g0, g1, g2, g3 = -la[j], -R * ia[j], d - lb[j], -e * ib[j]
            g[0] += m * g0
            g[1] += m * g1
            g[2] += m * g2
            g[3] += m * g3
            h[0] += m * g0 * g0
            h[1] += m * (g0 * g1 - ia[j])
            h[2] += m * g0 * g2
            h[3] += m * g0 * g3
            h[4] += m * (g1 * g1 + R * ia[j] * ia[j])
            h[5] += m * g1 * g2
            h[6] += m * g1 * g3
            h[7] += m * (g2 * g2 - d * d)
            h[8] += m * (g2 * g3 - ib[j])
            h[9] += m * (g3 * g3 + e * ib[j] * ib[j])
        out[0] += top + math.log(total)
        at = 0
        for j in range(4):
            g[j] /= total
            out[1 + j] += g[j]
        for j in range(4):
            for k in range(j, 4):
                out[5 + at] += h[at] / total - g[j] * g[k]
                at += 1
    return out


def _chain(p: Parameters, slope: Floats, bend: Floats) -> tuple[Floats, Floats]:
    """From derivatives over (r, α, s, β) to the coordinates."""
    values = np.array([p.r, p.alpha, p.s, p.beta])
    logs = slope * values
    curved = bend * np.outer(values, values) + np.diag(logs)
    M = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, -1, 1]], dtype=np.float64)
    return M.T @ logs, M.T @ curved @ M
