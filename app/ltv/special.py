"""Special functions inside kernels, and the nodes of Gauss quadratures."""

import math
from functools import lru_cache

import numpy as np

from app.ltv.arrays import Floats
from app.ltv.kernels import kernel


@kernel
def digamma(x: float) -> float:
    """ψ(x) for x > 0 (Abramowitz & Stegun 6.3.5, 6.3.18), absolute error < 1e-13."""
    shift = 0.0
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    f = 1.0 / (x * x)
    tail = f * (1 / 12 - f * (1 / 120 - f * (1 / 252 - f * (1 / 240 - f * (1 / 132)))))
    return shift + math.log(x) - 0.5 / x - tail


@kernel
def trigamma(x: float) -> float:
    """ψ′(x) for x > 0 (Abramowitz & Stegun 6.4.6, 6.4.12)."""
    shift = 0.0
    while x < 10.0:
        shift += 1.0 / (x * x)
        x += 1.0
    f = 1.0 / (x * x)
    tail = f * (1 / 6 - f * (1 / 30 - f * (1 / 42 - f * (1 / 30 - f * (5 / 66)))))
    return shift + (1.0 + tail) / x + 0.5 * f


@lru_cache(maxsize=32)
def legendre(nodes: int) -> tuple[Floats, Floats]:
    """Gauss–Legendre nodes and weights on [0, 1]."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    return (x + 1.0) / 2.0, w / 2.0


def beta_nodes(a: float, b: Floats, *, nodes: int) -> tuple[Floats, Floats]:
    """Nodes and weights (each of shape `(len(b), nodes)`) that integrate over Beta(a, b_i).

    Golub–Welsch: the nodes are eigenvalues of the Jacobi matrix of shifted Jacobi polynomials,
    all b at once. Weights of a row sum to one.
    """
    n = np.arange(nodes, dtype=np.float64)
    A, B = b[:, None] - 1.0, a - 1.0  # weight (1 − p)^A p^B
    total = 2.0 * n + A + B
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = 0.5 * (1.0 + (B * B - A * A) / (total * (total + 2.0)))
        side = n * (n + A) * (n + B) * (n + A + B) / (total**2 * (total + 1.0) * (total - 1.0))
    middle[:, 0] = a / (a + b)
    if nodes > 1:
        side[:, 1] = a * b / ((a + b) ** 2 * (a + b + 1.0))
    matrix = np.zeros((len(b), nodes, nodes))
    rows = np.arange(nodes)
    matrix[:, rows, rows] = middle
    matrix[:, rows[1:], rows[:-1]] = np.sqrt(side[:, 1:])
    values, vectors = np.linalg.eigh(matrix)
    return np.clip(values, 0.0, 1.0), vectors[:, 0, :] ** 2
