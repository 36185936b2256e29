"""What (M)BG/NBD says about a customer from now on: still one? how many orders? what chances?

Given that she is still a customer, λ ~ Gamma(R, A) and p ~ Beta(a, B) are independent, with
R = r+x, A = α+T and B = b+x+1 for MBG, b+x for BG. `tempo` multiplies the rate from now on
(season); the past was lived at tempo 1.
"""

import math

import numpy as np

from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.kernels import kernel, spread
from app.ltv.rhythm import Rhythm
from app.ltv.special import beta_nodes

NODES = 24
TABLE = 4_000_000


def alive(rhythm: Rhythm, p: Floats, cell: Ints, *, early: bool) -> Floats:
    """P(still a customer) of each row, in [0, 1]; under BG one-time buyers always are.

    `p` has a row (r, α, a, b) per cell, `cell` the cell of each customer (empty: all the first).
    """
    out = np.empty(len(rhythm))
    logs = np.log(p[0, 1] + rhythm.grid) if len(p) == 1 else np.zeros(0)

    def rows(start: int, stop: int) -> None:
        here = slice(start, stop)
        _alive(
            rhythm.x[here], rhythm.last[here], rhythm.age[here], rhythm.grid, logs, cell[here], p,
            early, out[here],
        )  # fmt: skip

    spread(len(rhythm), rows)
    return out


@kernel
def _alive(
    x: Ints, last: Ints, age: Ints, grid: Floats, logs: Floats, cell: Ints, p: Floats,
    early: bool, out: Floats,  # noqa: FBT001
) -> None:  # fmt: skip
    for i in range(len(x)):
        if x[i] == 0 and not early:
            out[i] = 1.0
            continue
        r, alpha, a, b = p[cell[i] if len(cell) > 0 else 0]
        y = b + x[i] - (0.0 if early else 1.0)
        if len(logs) > 0:
            longer = logs[age[i]] - logs[last[i]]
        else:
            longer = math.log((alpha + grid[age[i]]) / (alpha + grid[last[i]]))
        odds = (r + x[i]) * longer
        out[i] = y / (y + a * math.exp(odds)) if odds < 600.0 else 0.0


def expected(
    rhythm: Rhythm, p: Floats, cell: Ints, horizons: Floats, shares: Floats, *,
    early: bool, chance: Floats, tempo: float = 1.0,
) -> Floats:  # fmt: skip
    """Σ shares_j · E[orders within horizons_j] of each row; `chance` is P(still a customer).

    E = chance · E_p[ (1 − (1 + p h/A)^−R) / p ], by Gauss–Jacobi over p (no hyp2f1). With one
    cell, once for each pair of x and age that occurs.
    """
    out = np.empty(len(rhythm))
    churns, which = np.unique(p[:, 2:], axis=0, return_inverse=True)
    for g, (a, b) in enumerate(churns):
        mine = slice(None) if len(churns) == 1 else np.flatnonzero(which.ravel()[cell] == g)
        few = rhythm if len(churns) == 1 else rhythm.only(mine)
        out[mine] = chance[mine] * _if_alive(
            few, p, cell[mine], horizons * tempo, shares, a=float(a), b=float(b) + early
        )
    return out


def _if_alive(
    rhythm: Rhythm, p: Floats, cell: Ints, horizons: Floats, shares: Floats, *, a: float, b: float
) -> Floats:
    xs = np.flatnonzero(rhythm.counts)
    place = np.zeros(len(rhythm.counts), np.int64)
    place[xs] = np.arange(len(xs))
    nodes, weights = beta_nodes(a, b + xs.astype(np.float64), nodes=NODES)
    out = np.empty(len(rhythm))
    size = len(xs) * len(rhythm.grid) if len(p) == 1 else 0
    table = np.full(size if size <= max(TABLE, 2 * len(rhythm)) else 0, -1.0)

    def rows(start: int, stop: int) -> None:
        here = slice(start, stop)
        _sum_nodes(
            rhythm.x[here], rhythm.age[here], rhythm.grid, cell[here], p,
            place, nodes, weights, horizons, shares, table, out[here],
        )  # fmt: skip

    spread(len(rhythm), rows)
    return out


@kernel
def _sum_nodes(
    x: Ints, age: Ints, grid: Floats, cell: Ints, p: Floats,
    place: Longs, nodes: Floats, weights: Floats, horizons: Floats, shares: Floats,
    table: Floats, out: Floats,
) -> None:  # fmt: skip
    # Two threads may fill the same place of the table: they write the same number.
    for i in range(len(x)):
        at = place[x[i]]
        kept = at * len(grid) + age[i]
        value = table[kept] if len(table) > 0 else -1.0
        if value < 0.0:
            c = cell[i] if len(cell) > 0 else 0
            A, R = p[c, 1] + grid[age[i]], p[c, 0] + x[i]
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
                table[kept] = value
        out[i] = value


def newcomer(p: Floats, horizons: Floats, *, early: bool) -> Floats:
    """E[repeat orders within each horizon] of somebody who has just bought for the first time."""
    just = Rhythm.of([0], [0], [0])
    stays = np.array([p[0, 3] / (p[0, 2] + p[0, 3]) if early else 1.0])
    one, nobody = np.ones(1), np.zeros(0, np.int32)
    each = [
        expected(just, p, nobody, np.array([h]), one, early=early, chance=stays)[0]
        for h in horizons
    ]
    return np.array(each)


def tails(
    rhythm: Rhythm, p: Floats, cell: Ints, horizon: float, *,
    most: int, early: bool, chance: Floats, tempo: float = 1.0,
) -> Floats:  # fmt: skip
    """P(at least k orders within the horizon), k = 0…most: shape `(rows, most + 1)`.

    Exact: the k-th order needs k−1 stays, E[(1−p)^(k−1)], and time, a negative binomial tail.
    """
    out = np.empty((len(rhythm), most + 1))
    extra = 1.0 if early else 0.0
    _tails(rhythm.x, rhythm.age, rhythm.grid, cell, p, extra, horizon * tempo, chance, out)
    return out


@kernel
def _tails(
    x: Ints, age: Ints, grid: Floats, cell: Ints, p: Floats, extra: float,
    horizon: float, chance: Floats, out: Floats,
) -> None:  # fmt: skip
    for i in range(len(x)):
        r, alpha, a, b = p[cell[i] if len(cell) > 0 else 0]
        R, A, B = r + x[i], alpha + grid[age[i]], b + extra + x[i]
        v = horizon / (A + horizon)
        mass = math.exp(-R * math.log1p(horizon / A))
        left, stays = 1.0, chance[i]
        out[i, 0] = 1.0
        for k in range(1, out.shape[1]):
            left = max(left - mass, 0.0)
            mass *= v * (R + k - 1.0) / k
            out[i, k] = stays * left
            stays *= (B + k - 1.0) / (a + B + k - 1.0)
