"""MBG/NBD and BG/NBD: buying at a Gamma rate, dropping out after an order with a Beta chance.

While a customer is one, orders come as a Poisson process of rate λ ~ Gamma(r, α). After each
order she leaves for good with probability p ~ Beta(a, b). MBG (Batislam, Denizel & Filiztekin
2007; Hoppe & Wagner 2007) lets her leave after the very first order too, BG (Fader, Hardie & Lee
2005) only after a repeat order. α is in units of time; r, a, b are pure numbers.

Likelihood of (x, t_x, T), with y = b+x for MBG and b+x−1 for BG:

    Γ(r+x)/Γ(r) α^r · ∏(b+k)/(a+b+k) · [ y (α+T)^−(r+x) + a (α+t_x)^−(r+x) ] / …

so a row costs one exponential: gamma functions of integer steps are sums of logarithms over
the histogram of x, and powers come from tables over the grid of times.
"""

import math
from dataclasses import dataclass

import numpy as np

from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.kernels import kernel, spread
from app.ltv.newton import Surface
from app.ltv.rhythm import Rhythm

LOW = np.array([-7.0, -12.0, -12.0, -5.0])
HIGH = np.array([9.0, 12.0, 8.0, 12.0])


@dataclass(frozen=True)
class Parameters:
    """r, α (units of time), a, b."""

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def at(cls, u: Floats, *, scale: float) -> "Parameters":
        r, alpha, ratio, size = (float(v) for v in np.exp(u))
        return cls(r, alpha * scale, size * ratio / (1.0 + ratio), size / (1.0 + ratio))

    def coordinates(self, *, scale: float) -> Floats:
        """log r, log(α / mean T), log(a/b), log(a+b): free of units, unbounded."""
        return np.log([self.r, self.alpha / scale, self.a / self.b, self.a + self.b])


def surface(rhythm: Rhythm, *, scale: float, early: bool) -> Surface:
    """Log-likelihood with gradient and Hessian over coordinates; `early` is MBG, else BG."""

    def at(u: Floats) -> tuple[float, Floats, Floats]:
        p = Parameters.at(u, scale=scale)
        value, slope, bend = evaluate(rhythm, p, early=early)
        return value, *_chain(p, slope, bend)

    return at


def evaluate(rhythm: Rhythm, p: Parameters, *, early: bool) -> tuple[float, Floats, Floats]:
    """Log-likelihood, gradient and Hessian over (r, α, a, b)."""
    log_t, inv_t = np.log(p.alpha + rhythm.grid), 1.0 / (p.alpha + rhythm.grid)

    def rows(start: int, stop: int) -> Floats:
        return _repeaters(
            rhythm.x[start:stop], rhythm.last[start:stop], rhythm.age[start:stop],
            log_t, inv_t, p.r, p.a, p.b - (0.0 if early else 1.0),
        )  # fmt: skip

    sums = np.sum(spread(len(rhythm), rows), axis=0)
    sums += (_once_early if early else _once_late)(rhythm.once, log_t, inv_t, p.r, p.a, p.b)
    sums += _by_count(rhythm.above, len(rhythm), p.r, p.a, p.b, early)
    n, r, alpha = len(rhythm), p.r, p.alpha
    sums[0] += n * r * math.log(alpha)
    sums[1] += n * math.log(alpha)
    sums[2] += n * r / alpha
    sums[6] += n / alpha
    sums[9] -= n * r / alpha**2
    return float(sums[0]), sums[1:5].copy(), _square(sums[5:])


@kernel
def _repeaters(  # noqa: PLR0915
    x: Ints, last: Ints, age: Ints, log_t: Floats, inv_t: Floats, r: float, a: float, shift: float
) -> Floats:
    """Σ log[y (α+T)^−R + a (α+t_x)^−R] over rows with x > 0, R = r+x, y = shift + x.

    Returns value, gradient (r, α, a, b) and upper Hessian, row by row. The logarithm is taken
    of products of 256 factors in (1, 2].
    """
    out = np.zeros(15)
    log_a, inv_a = math.log(a), 1.0 / a
    product, pending = 1.0, 0
    top = np.int64(0)
    for i in range(len(x)):
        top = max(top, np.int64(x[i]))
    size = min(top, np.int64(100_000)) + 1
    log_y = np.zeros(size)
    for k in range(1, size):
        log_y[k] = math.log(shift + k)
    v = s_r = s_al = s_a = s_b = 0.0
    h_rr = h_ra = h_rp = h_rq = h_aa = h_ap = h_aq = h_pp = h_pq = h_qq = 0.0
    for i in range(len(x)):
        k = x[i]
        if k == 0:
            continue
        R, y = r + k, shift + k
        ly = log_y[k] if k < size else math.log(y)
        lT, lt, iT, it = log_t[age[i]], log_t[last[i]], inv_t[age[i]], inv_t[last[i]]
        gap = lT - lt
        delta = log_a - ly + R * gap
        e = math.exp(-abs(delta))
        product *= 1.0 + e
        pending += 1
        if pending == 256:
            v += math.log(product)
            product, pending = 1.0, 0
        if delta > 0.0:
            v += log_a - R * lt
            w, q = e / (1.0 + e), 1.0 / (1.0 + e)
        else:
            v += ly - R * lT
            w, q = 1.0 / (1.0 + e), e / (1.0 + e)
        wq = w * q
        iy, di = 1.0 / y, iT - it
        wi = w * iT + q * it
        s_r -= w * lT + q * lt
        s_al -= R * wi
        s_a += q * inv_a
        s_b += w * iy
        h_rr += wq * gap * gap
        h_ra += wq * R * gap * di - wi
        h_rp += wq * gap * inv_a
        h_rq -= wq * gap * iy
        h_aa += R * (w * iT * iT + q * it * it) + wq * (R * di) ** 2
        h_ap += wq * R * di * inv_a
        h_aq -= wq * R * di * iy
        h_pp += (wq - q) * inv_a * inv_a
        h_pq -= wq * inv_a * iy
        h_qq += (wq - w) * iy * iy
    out[0] = v + math.log(product)
    out[1], out[2], out[3], out[4] = s_r, s_al, s_a, s_b
    out[5], out[6], out[7], out[8], out[9] = h_rr, h_ra, h_rp, h_rq, h_aa
    out[10], out[11], out[12], out[13], out[14] = h_ap, h_aq, h_pp, h_pq, h_qq
    return out


def _once_early(
    counts: Longs, log_t: Floats, inv_t: Floats, r: float, a: float, b: float
) -> Floats:
    """MBG customers with one order: log[b (α+T)^−r + a α^−r], by age (t_x = 0, x = 0)."""
    here = np.flatnonzero(counts)
    c = counts[here].astype(np.float64)
    lT, lt, iT, it = log_t[here], log_t[0], inv_t[here], inv_t[0]
    first, second = math.log(b) - r * lT, math.log(a) - r * lt
    value = np.logaddexp(first, second)
    w = np.exp(first - value)
    q = np.exp(second - value)
    wq, gap, di = w * q, lT - lt, iT - it
    wi = w * iT + q * it
    rows = (
        value, -(w * lT + q * lt), -r * wi, q / a, w / b,
        wq * gap**2, wq * r * gap * di - wi, wq * gap / a, -wq * gap / b,
        r * (w * iT**2 + q * it**2) + wq * (r * di) ** 2, wq * r * di / a, -wq * r * di / b,
        (wq - q) / a**2, -wq / (a * b), (wq - w) / b**2,
    )  # fmt: skip
    return np.array([float(c @ row) for row in rows])


def _once_late(counts: Longs, log_t: Floats, inv_t: Floats, r: float, a: float, b: float) -> Floats:
    """BG customers with one order cannot have left: −r log(α+T)."""
    del a, b
    c = counts.astype(np.float64)
    out = np.zeros(15)
    out[0] = -r * (c @ log_t)
    out[1] = -(c @ log_t)
    out[2] = -r * (c @ inv_t)
    out[6] = -(c @ inv_t)
    out[9] = r * (c @ inv_t**2)
    return out


def _by_count(above: Longs, n: int, r: float, a: float, b: float, early: bool) -> Floats:  # noqa: FBT001
    """The factors that depend on x alone, as sums over k = 0, 1, … of customers with x > k."""
    out = np.zeros(15)
    c = above.astype(np.float64)
    k = np.arange(len(c), dtype=np.float64)
    stay = c if early else np.append(c[1:], 0.0)[: len(c)]
    seen = np.append(float(n), c) if early else c
    j = np.arange(len(seen), dtype=np.float64)
    out[0] = c @ np.log(r + k) + stay @ np.log(b + k) - seen @ np.log(a + b + j)
    both, both2 = seen @ (1.0 / (a + b + j)), seen @ (1.0 / (a + b + j) ** 2)
    out[1] = c @ (1.0 / (r + k))
    out[3] = -both
    out[4] = stay @ (1.0 / (b + k)) - both
    out[5] = -(c @ (1.0 / (r + k) ** 2))
    out[12] = out[13] = both2
    out[14] = both2 - stay @ (1.0 / (b + k) ** 2)
    return out


def _square(upper: Floats) -> Floats:
    full = np.zeros((4, 4))
    full[np.triu_indices(4)] = upper
    return full + np.triu(full, 1).T


def _chain(p: Parameters, slope: Floats, bend: Floats) -> tuple[Floats, Floats]:
    """From derivatives over (r, α, a, b) to the coordinates."""
    size = p.a + p.b
    c, tilt = p.a * p.b / size, (p.b - p.a) / size
    J = np.array(
        [[p.r, 0, 0, 0], [0, p.alpha, 0, 0], [0, 0, c, p.a], [0, 0, -c, p.b]], dtype=np.float64
    )
    new = J.T @ bend @ J
    new[0, 0] += slope[0] * p.r
    new[1, 1] += slope[1] * p.alpha
    new[2, 2] += (slope[2] - slope[3]) * c * tilt
    new[2, 3] += (slope[2] - slope[3]) * c
    new[3, 2] = new[2, 3]
    new[3, 3] += slope[2] * p.a + slope[3] * p.b
    return J.T @ slope, new
