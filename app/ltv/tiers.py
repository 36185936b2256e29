"""Value tiers A to D: by rank of net value among active buyers, internal, never promised (TI-0)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.ltv.arrays import Floats

TIERS = "ABCD"
SHARES = (0.05, 0.15, 0.30)  # A, B, C; the rest is D
SLACK = 0.1  # of a boundary's share: how far beyond it one must be to move


def tiers(
    net: Floats, active: NDArray[np.bool_], *,
    shares: Sequence[float] = SHARES, before: NDArray[np.str_] | None = None,
) -> NDArray[np.str_]:  # fmt: skip
    """A letter a customer, "" for who is not active. With the letters of `before` (or "") nobody
    moves until she is clearly across a boundary: rank by a tenth of the boundary's share."""
    out = np.full(len(net), "", dtype="<U1")
    rows = np.flatnonzero(active)
    if len(rows) == 0:
        return out
    rank = np.empty(len(rows))
    rank[np.argsort(-net[rows], kind="stable")] = (np.arange(len(rows)) + 0.5) / len(rows)
    out[rows] = letters(rank, shares=shares, before=None if before is None else before[rows])
    return out


def letters(
    rank: Floats, *, shares: Sequence[float] = SHARES, before: NDArray[np.str_] | None = None
) -> NDArray[np.str_]:
    """The same from ranks among active buyers, 0 the best and 1 the last."""
    edges = np.cumsum(shares)
    now = np.searchsorted(edges, rank, side="left")
    if before is not None:
        for i, letter in enumerate(before):
            if letter:
                now[i] = _settled(TIERS.index(letter), int(now[i]), float(rank[i]), edges)
    return np.array(list(TIERS))[now]


def _settled(was: int, now: int, rank: float, edges: Floats) -> int:
    if now < was:  # rises past the edge above the tier that she had
        edge = float(edges[was - 1])
        return now if rank < edge * (1.0 - SLACK) else was
    if now > was:
        edge = float(edges[was])
        return now if rank > edge * (1.0 + SLACK) else was
    return was
