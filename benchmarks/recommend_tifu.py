"""TIFU-KNN (Hu, He, Gao & Zhang, SIGIR 2020), an implementation of our own to measure against.

A customer's vector: each basket's items, faded by r_b a basket; m groups of baskets, faded by r_g
a group; the mean. A forecast: α × his own vector + (1 − α) × the mean of the k nearest others'.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from benchmarks.recommend_baskets import N, Rows, Split

AT_ONCE = 400  # customers


class Setting(NamedTuple):
    neighbours: int
    within: float  # r_b
    between: float  # r_g
    own: float  # α
    groups: int  # m


# As 'A Next Basket Recommendation Reality Check' (Li et al., TOIS 2023) publishes them.
TAFENG = Setting(300, 0.9, 0.7, 0.7, 7)
DUNNHUMBY = Setting(900, 0.9, 0.6, 0.2, 3)
INSTACART = Setting(900, 0.9, 0.7, 0.9, 3)


def weights(baskets: int, at: Setting) -> Rows:
    """What each of a customer's baskets, the oldest first, gives to his vector.

    Fewer baskets than groups are a group each; otherwise the later groups are larger by one where
    it doesn't divide. The fading by r_b runs through all baskets, as in the authors' code.
    """
    groups = min(baskets, at.groups)
    sizes = np.full(groups, baskets // groups)
    sizes[groups - baskets % groups :] += 1
    group = np.repeat(np.arange(groups), sizes)
    faded = at.within ** np.arange(baskets - 1, -1, -1)
    given: Rows = faded * at.between ** (groups - 1 - group) / sizes[group] / groups
    return given


def vectors(at: Split, setting: Setting) -> Any:  # noqa: ANN401  # SciPy's
    """Customers × items, sparse; guests are nobody's neighbours."""
    baskets = at.baskets
    known = at.train[baskets.user[at.train] >= 0]
    known = known[np.argsort(baskets.user[known], kind="stable")]
    counts = np.bincount(baskets.user[known], minlength=baskets.users)
    weight = np.concatenate([weights(int(n), setting) for n in counts if n])
    sizes = np.diff(baskets.first)[known]
    item = np.concatenate([baskets.of(int(b)) for b in known])
    cells = np.repeat(weight, sizes), (np.repeat(baskets.user[known], sizes), item)
    return sparse.csr_matrix(cells, shape=(baskets.users, baskets.items))


def lists(at: Split, setting: Setting) -> Rows:
    """Ten items for each customer of the split."""
    known = vectors(at, setting)
    norms = np.asarray(known.multiply(known).sum(1)).ravel()
    others = np.diff(known.indptr) > 0
    k = min(setting.neighbours, int(others.sum()) - 1)
    found: list[Rows] = []
    for start in range(0, len(at.users), AT_ONCE):
        mine = at.users[start : start + AT_ONCE]
        distance = norms - 2.0 * (known[mine] @ known.T).toarray()
        distance[:, ~others] = np.inf
        distance[np.arange(len(mine)), mine] = np.inf  # nobody is his own neighbour
        near = np.argpartition(distance, k - 1, axis=1)[:, :k]
        ends = np.arange(0, len(mine) * k + 1, k)
        shares = np.full(len(mine) * k, 1.0 / k)
        chosen = sparse.csr_matrix((shares, near.ravel(), ends), shape=distance.shape)
        odds = setting.own * known[mine] + (1.0 - setting.own) * (chosen @ known)
        found.append(_best(odds.toarray()))
    return np.concatenate(found)


def _best(odds: Rows) -> Rows:
    top = np.argpartition(-odds, N - 1, axis=1)[:, :N]
    value = np.take_along_axis(odds, top, axis=1)
    ranked = np.take_along_axis(top, np.argsort(-value, axis=1, kind="stable"), axis=1)
    return np.where(np.take_along_axis(odds, ranked, axis=1) > 0, ranked, -1)
