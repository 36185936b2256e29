"""What (M)BG/NBD says about a customer from now on: still one? how many orders? what chances?

Given that she is still a customer, λ ~ Gamma(R, A) and p ~ Beta(a, B) are independent, with
R = r+x, A = α+T and B = b+x+1 for MBG, b+x for BG. `tempo` multiplies the rate from now on
(season); the past was lived at tempo 1.
"""

import math

import numpy as np

from app.ltv.kernels import Floats, Ints, Longs, kernel, spread
from app.ltv.mbgnbd import Parameters
from app.ltv.rhythm import Rhythm
from app.ltv.special import beta_nodes

NODES = 24
TABLE = 4_000_000


def alive(rhythm: Rhythm, p: Parameters, *, early: bool) -> Floats:
    """P(still a customer) of each row, in [0, 1]; under BG one-time buyers always are."""
    out = np.empty(len(rhythm))
    log_t = np.log(p.alpha + rhythm.grid)

    def rows(start: int, stop: int) -> None:
        here = slice(start, stop)
        _alive(
            rhythm.x[here], rhythm.last[here], rhythm.age[here], log_t,
            p.r, p.a, p.b - (0.0 if early else 1.0), early, out[here],
        )  # fmt: skip

    spread(len(rhythm), rows)
    return out


@kernel
def _alive(
    x: Ints, last: Ints, age: Ints, log_t: Floats,
    r: float, a: float, shift: float, early: bool, out: Floats,  # noqa: FBT001
) -> None:  # fmt: skip
    log_a = math.log(a)
    for i in range(len(x)):
        if x[i] == 0 and not early:
            out[i] = 1.0
            continue
        odds = log_a - math.log(shift + x[i]) + (r + x[i]) * (log_t[age[i]] - log_t[last[i]])
        out[i] = 1.0 / (1.0 + math.exp(odds)) if odds < 700.0 else 0.0


def expected(
    rhythm: Rhythm, p: Parameters, horizons: Floats, shares: Floats, *,
    early: bool, chance: Floats, tempo: float = 1.0,
) -> Floats:  # fmt: skip
    """Σ shares_j · E[orders within horizons_j] of each row; `chance` is P(still a customer).

    E = chance · E_p[ (1 − (1 + p h/A)^−R) / p ], by Gauss–Jacobi over p (no hyp2f1), once for
    each pair of x and age that occurs.
    """
    xs = np.flatnonzero(rhythm.counts)
    place = np.zeros(len(rhythm.counts), np.int64)
    place[xs] = np.arange(len(xs))
    nodes, weights = beta_nodes(p.a, xs.astype(np.float64) + p.b + early, nodes=NODES)
    out = np.empty(len(rhythm))
    size = len(xs) * len(rhythm.grid)
    table = np.full(size if size <= max(TABLE, 2 * len(rhythm)) else 0, -1.0)

    def rows(start: int, stop: int) -> None:
        here = slice(start, stop)
        _expected(
            rhythm.x[here], rhythm.age[here], rhythm.grid, place, nodes, weights,
            p.r, p.alpha, np.asarray(horizons) * tempo, np.asarray(shares), table,
            chance[here], out[here],
        )  # fmt: skip

    spread(len(rhythm), rows)
    return out


@kernel
def _expected(
    x: Ints, age: Ints, grid: Floats, place: Longs, nodes: Floats, weights: Floats,
    r: float, alpha: float, horizons: Floats, shares: Floats, table: Floats,
    chance: Floats, out: Floats,
) -> None:  # fmt: skip
    # Two threads may fill the same cell: they write the same number.
    for i in range(len(x)):
        at = place[x[i]]
        cell = at * len(grid) + age[i]
        value = table[cell] if len(table) > 0 else -1.0
        if value < 0.0:
            A, R = alpha + grid[age[i]], r + x[i]
            value = 0.0
            for h in range(len(horizons)):
                part = 0.0
                for j in range(nodes.shape[1]):
                    q = nodes[at, j]
                    if q > 1e-290:
                        part -= (
                            weights[at, j] * math.expm1(-R * math.log1p(q * horizons[h] / A)) / q
                        )
                    else:
                        part += weights[at, j] * R * horizons[h] / A
                value += shares[h] * part
            if len(table) > 0:
                table[cell] = value
        out[i] = chance[i] * value


def newcomer(p: Parameters, horizons: Floats, *, early: bool) -> Floats:
    """E[repeat orders within each horizon] of somebody who has just bought for the first time."""
    one = Rhythm.of([0], [0], [0])
    stays = np.array([p.b / (p.a + p.b) if early else 1.0])
    # Just after the first order, before knowing whether she stays: Beta(a, b+1) if she did.
    each = [
        expected(one, p, np.array([h]), np.ones(1), early=early, chance=stays)[0] for h in horizons
    ]
    return np.array(each)


def tails(
    rhythm: Rhythm, p: Parameters, horizon: float, *,
    most: int, early: bool, chance: Floats, tempo: float = 1.0,
) -> Floats:  # fmt: skip
    """P(at least k orders within the horizon), k = 0…most: shape `(rows, most + 1)`.

    Exact: the k-th order needs k−1 stays, E[(1−p)^(k−1)], and time, a negative binomial tail.
    """
    out = np.empty((len(rhythm), most + 1))
    _tails(
        rhythm.x, rhythm.age, rhythm.grid, p.r, p.alpha, p.a, p.b + (1.0 if early else 0.0),
        horizon * tempo, chance, out,
    )  # fmt: skip
    return out


@kernel
def _tails(
    x: Ints, age: Ints, grid: Floats, r: float, alpha: float, a: float, b: float,
    horizon: float, chance: Floats, out: Floats,
) -> None:  # fmt: skip
    for i in range(len(x)):
        R, A, B = r + x[i], alpha + grid[age[i]], b + x[i]
        v = horizon / (A + horizon)
        mass = math.exp(-R * math.log1p(horizon / A))
        left, stays = 1.0, chance[i]
        out[i, 0] = 1.0
        for k in range(1, out.shape[1]):
            left = max(left - mass, 0.0)
            mass *= v * (R + k - 1.0) / k
            out[i, k] = stays * left
            stays *= (B + k - 1.0) / (a + B + k - 1.0)
