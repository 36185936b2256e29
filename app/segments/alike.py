"""S7: look-alikes: who of the others buys as the members of a segment do, and can that be told?

A ridge logistic regression on the columns of app.segments.crowd, with squares of rhythm and basket
(a segment may be of a middle). Whether members can be told apart is judged on customers it has not
learnt from: the area under the ROC curve over five folds, with the 95 % range of Hanley and McNeil
(1982).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.segments.crowd import BASKET, RHYTHM, Floats, Longs, Mask
from app.segments.rules import FEWEST_MEMBERS

FLOOR = 0.6
"""The low end of the range of the AUC; 0.5 is the toss of a coin."""
FOLDS = 5
ENOUGH = 10_000
"""Members, and others, that weights are learnt from: more of them change nothing."""
RIDGE = 1.0
STEPS, CLOSE = 30, 1e-4
STEEPEST = 30.0
SIZES = (20, 50, 100, 300, 1_000, 3_000, 10_000)
"""Of the most alike: what a shop may choose of."""
CURVED = frozenset((*RHYTHM, *BASKET))
REASONS = 2


@dataclass(frozen=True)
class Alike:
    """The others, the most alike first, as rows of the table; `reasons` are columns of it for each
    of them, what speaks for her most first. `cuts` says of a size which share of the customers at
    least as alike as the last of them are members."""

    members: int
    others: int
    auc: float
    low: float
    high: float
    rows: Longs
    scores: Floats
    reasons: Sequence[Sequence[int]]
    cuts: Mapping[int, float]

    @property
    def told_apart(self) -> bool:
        return self.low >= FLOOR


def find(table: Floats, names: Sequence[str], inside: Mask, *, seed: int) -> Alike | None:
    """None where there are too few members, or too few others."""
    members, others = int(inside.sum()), int((~inside).sum())
    if min(members, others) < FEWEST_MEMBERS or table.shape[1] == 0:
        return None
    wide, owner = widened(table, names)
    unseen = _unseen(wide, inside, np.random.default_rng(seed))
    area = auc(unseen, inside)
    spread = 1.96 * hanley_mcneil(area, members, others)
    weights = learn(wide, inside)
    scores = wide @ weights[1:] + weights[0]
    outside = np.flatnonzero(~inside)
    rows = outside[np.argsort(-scores[outside], kind="stable")][: SIZES[-1]]
    speaks = (wide[rows] - wide[~inside].mean(axis=0)) * weights[1:]
    sums = np.zeros((len(rows), table.shape[1]))
    np.add.at(sums.T, owner, speaks.T)
    return Alike(
        members=members,
        others=others,
        auc=area,
        low=max(area - spread, 0.0),
        high=min(area + spread, 1.0),
        rows=rows,
        scores=scores[rows],
        reasons=[_most(one) for one in sums],
        cuts=_cuts(unseen, inside),
    )


def _most(speaks: Floats) -> list[int]:
    order = np.argsort(-speaks, kind="stable")[:REASONS]
    return [int(at) for at in order if speaks[at] > 0.0]


def _cuts(unseen: Floats, inside: Mask) -> dict[int, float]:
    """Of each size: the share of members among all who are at least as alike."""
    others = np.sort(unseen[~inside])[::-1]
    sizes = [size for size in SIZES if size <= len(others)]
    return {size: float(inside[unseen >= others[size - 1]].mean()) for size in sizes}


def widened(table: Floats, names: Sequence[str]) -> tuple[Floats, Longs]:
    """With squares, and whose square each column is."""
    curved = [at for at, name in enumerate(names) if name in CURVED]
    owner = np.array([*range(table.shape[1]), *curved], dtype=np.int64)
    return np.hstack([table, table[:, curved] ** 2]), owner


def learn(table: Floats, inside: Mask) -> Floats:
    """Intercept and weights by Newton's method; the intercept is not held back."""
    some = _some(inside)
    x = np.hstack([np.ones((len(some), 1)), table[some]])
    y = inside[some].astype(np.float64)
    hold = np.diag([0.0] + [RIDGE] * table.shape[1])
    weights = np.zeros(x.shape[1])
    share = y.mean()
    weights[0] = np.log(share / (1.0 - share))
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -STEEPEST, STEEPEST)))
        slope = x.T @ (y - chance) - hold @ weights
        curve = (x * (chance * (1.0 - chance))[:, None]).T @ x + hold
        curve[0, 0] += 1e-9
        step = np.linalg.solve(curve, slope)
        # far from the top Newton leaps: a bounded step gets there too
        weights += step / max(1.0, float(np.abs(step).max()) / 5.0)
        if float(np.abs(step).max()) < CLOSE:
            break
    return weights


def _some(inside: Mask) -> Longs:
    """Rows to learn from: enough of either, evenly over the table. Who is more alike than whom is
    the same; only the intercept would be another."""
    parts = [np.flatnonzero(inside), np.flatnonzero(~inside)]
    return np.concatenate([part[:: -(-len(part) // ENOUGH)] for part in parts])


def _unseen(table: Floats, inside: Mask, chance: np.random.Generator) -> Floats:
    """What is said of each by a learning that has not seen her."""
    fold = np.empty(len(table), np.int64)
    for part in (np.flatnonzero(inside), np.flatnonzero(~inside)):
        fold[part] = chance.permutation(len(part)) % FOLDS
    out = np.empty(len(table))
    for one in range(FOLDS):
        here = fold == one
        weights = learn(table[~here], inside[~here])
        out[here] = table[here] @ weights[1:] + weights[0]
    return out


def auc(scores: Floats, inside: Mask) -> float:
    """The chance that a member has the higher score than another customer; ties count half."""
    order = np.sort(scores[~inside])
    below = np.searchsorted(order, scores[inside], side="left")
    upto = np.searchsorted(order, scores[inside], side="right")
    return float((below + upto).mean() / 2.0 / len(order))


def hanley_mcneil(area: float, members: int, others: int) -> float:
    """Standard error of an AUC."""
    one, two = area / (2.0 - area), 2.0 * area**2 / (1.0 + area)
    spread = area * (1 - area) + (members - 1) * (one - area**2) + (others - 1) * (two - area**2)
    return float(np.sqrt(max(spread, 0.0) / (members * others)))
