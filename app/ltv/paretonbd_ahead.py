"""What Pareto/NBD says about a customer from now on: still one? how many orders? what chances?

Given that she is still a customer, λ ~ Gamma(R, A) and μ ~ Gamma(s, B) with R = r+x, A = α+T,
B = β+T. `tempo` multiplies the buying rate from now on (season).
"""

import math

import numpy as np

from app.ltv.arrays import Floats, Ints
from app.ltv.kernels import kernel, spread
from app.ltv.paretonbd import NODES, _reach
from app.ltv.rhythm import Rhythm
from app.ltv.special import legendre

LIVES = 16


def alive(rhythm: Rhythm, p: Floats, cell: Ints) -> Floats:
    """P(still a customer) of each row, in [0, 1].

    `p` has a row (r, α, s, β) per cell, `cell` the cell of each customer (empty: all the first).
    """
    nodes, weights = legendre(NODES)
    out = np.empty(len(rhythm))

    def rows(start: int, stop: int) -> None:
        here = slice(start // 20, stop // 20)
        _alive(
            rhythm.x[here], rhythm.last[here], rhythm.age[here], rhythm.grid, cell[here], p,
            nodes, weights, out[here],
        )  # fmt: skip

    spread(20 * len(rhythm), rows)
    return out


@kernel
def _alive(
    x: Ints, last: Ints, age: Ints, grid: Floats, cell: Ints, p: Floats,
    nodes: Floats, weights: Floats, out: Floats,
) -> None:  # fmt: skip
    for i in range(len(x)):
        r, alpha, s, beta = p[cell[i] if len(cell) > 0 else 0]
        c = min(alpha, beta)
        R, t0, T = r + x[i], grid[last[i]], grid[age[i]]
        width = _reach(R, c, t0, T, alpha, s, beta)
        odds = 0.0
        if width > 0.0:
            stayed = R * math.log(alpha + T) + s * math.log(beta + T)
            for j in range(len(nodes)):
                ct = (c + t0) * math.exp(width * nodes[j])
                t = ct - c
                level = stayed - R * math.log(alpha + t) - (s + 1.0) * math.log(beta + t)
                odds += weights[j] * ct * math.exp(min(level, 700.0))
            odds *= s * width
        out[i] = 1.0 / (1.0 + odds)


def expected(
    rhythm: Rhythm, p: Floats, cell: Ints, horizons: Floats, shares: Floats, *,
    chance: Floats, tempo: float = 1.0,
) -> Floats:  # fmt: skip
    """Σ shares_j · E[orders within horizons_j] of each row; `chance` is P(still a customer)."""
    out = np.empty(len(rhythm))

    def rows(start: int, stop: int) -> None:
        here = slice(start, stop)
        _expected(
            rhythm.x[here], rhythm.age[here], rhythm.grid, cell[here], p, horizons, shares,
            chance[here], tempo, out[here],
        )  # fmt: skip

    spread(len(rhythm), rows)
    return out


@kernel
def _expected(
    x: Ints, age: Ints, grid: Floats, cell: Ints, p: Floats, horizons: Floats, shares: Floats,
    chance: Floats, tempo: float, out: Floats,
) -> None:  # fmt: skip
    for i in range(len(x)):
        r, alpha, s, beta = p[cell[i] if len(cell) > 0 else 0]
        A, B = alpha + grid[age[i]], beta + grid[age[i]]
        total = 0.0
        for h in range(len(horizons)):
            total += shares[h] * _spent(math.log1p(horizons[h] / B), s - 1.0)
        out[i] = chance[i] * tempo * (r + x[i]) * B / A * total


def newcomer(p: Floats, horizons: Floats) -> Floats:
    """E[repeat orders within each horizon] of somebody who has just bought for the first time."""
    r, alpha, s, beta = (float(v) for v in p[0])
    return np.array([r * beta / alpha * _spent(math.log1p(h / beta), s - 1.0) for h in horizons])


@kernel
def _spent(y: float, e: float) -> float:
    """(1 − exp(−e y)) / e, also at e = 0."""
    return y if abs(e) < 1e-12 else -math.expm1(-e * y) / e


def tails(
    rhythm: Rhythm, p: Floats, cell: Ints, horizon: float, *,
    most: int, chance: Floats, tempo: float = 1.0,
) -> Floats:  # fmt: skip
    """P(at least k orders within the horizon), k = 0…most: shape `(rows, most + 1)`.

    Averaged over quantiles of the remaining lifetime: to live t is to have a negative binomial
    number of orders within t, and to outlive the horizon is to have all of it.
    """
    nodes, weights = legendre(LIVES)
    out = np.empty((len(rhythm), most + 1))
    _tails(rhythm.x, rhythm.age, rhythm.grid, cell, p, nodes, weights, horizon, tempo, chance, out)
    return out


@kernel
def _tails(
    x: Ints, age: Ints, grid: Floats, cell: Ints, p: Floats, nodes: Floats, weights: Floats,
    horizon: float, tempo: float, chance: Floats, out: Floats,
) -> None:  # fmt: skip
    for i in range(len(x)):
        r, alpha, s, beta = p[cell[i] if len(cell) > 0 else 0]
        R, A, B = r + x[i], alpha + grid[age[i]], beta + grid[age[i]]
        outlives = math.exp(-s * math.log1p(horizon / B))
        out[i, 0] = 1.0
        out[i, 1:] = 0.0
        for j in range(len(nodes) + 1):
            if j < len(nodes):
                share = weights[j] * (1.0 - outlives)
                u = outlives + (1.0 - outlives) * nodes[j]
                t = B * math.expm1(-math.log(u) / s) if -math.log(u) / s < 700.0 else horizon
                t = min(t, horizon)
            else:
                share, t = outlives, horizon
            t *= tempo
            v, mass, left = t / (A + t), math.exp(-R * math.log1p(t / A)), 1.0
            for k in range(1, out.shape[1]):
                left -= mass
                if left < 1e-12:
                    break
                mass *= v * (R + k - 1.0) / k
                out[i, k] += share * chance[i] * left
