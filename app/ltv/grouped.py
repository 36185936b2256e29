"""One model for all groups at once: a shop's parameters, and what moves a group from them.

Partial pooling: the effects have normal priors (neighbouring cohorts are alike, levels of a trait
differ a little), so a group of ten moves hardly and a group of ten thousand as far as it must.
Fitted jointly, by Newton with the exact Hessian.
"""

from dataclasses import dataclass

import numpy as np

from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.fits import HIGHEST, PLENTY, PRIORS, Kind, alive, expected, surface, tails
from app.ltv.groups import Groups
from app.ltv.newton import Surface, climb
from app.ltv.rhythm import Rhythm
from app.ltv.statistics import Statistics

COHORT_SPREAD = 0.2  # of log α, from the first cohort to the last
BASKET_SPREAD = 0.3  # of the slope of log r on a standard deviation of the basket
LEVEL_SPREAD = 0.3  # of log α and of log a/b between levels of a trait


@dataclass(frozen=True)
class Grouped:
    """A fit: the shop's coordinates (see `mbgnbd.Parameters`), and the effects of `Groups`.

    The log-likelihood, without the prior, is that of `customers` (at most `PLENTY`)."""

    kind: Kind
    scale: float
    shop: Floats
    effects: Floats
    log_likelihood: float
    customers: int

    def parameters(self, groups: Groups, cells: Longs) -> Floats:
        """A row of the model's parameters per cell."""
        coordinates = self.shop + groups.design(cells) @ self.effects
        table = np.exp(coordinates)
        if self.kind is Kind.PARETO:
            r, alpha, hazard, s = table.T
            return np.column_stack((r, alpha * self.scale, s, s / hazard * self.scale))
        r, alpha, ratio, size = table.T
        return np.column_stack(
            (r, alpha * self.scale, size * ratio / (1.0 + ratio), size / (1.0 + ratio))
        )


@dataclass(frozen=True)
class Scored:
    """A grouped fit brought to customers: everything asked of the future starts here."""

    kind: Kind
    table: Floats
    cell: Ints
    rhythm: Rhythm
    chance: Floats

    @classmethod
    def of(cls, fit: Grouped, groups: Groups, statistics: Statistics, worth: Floats) -> "Scored":
        cell, cells = groups.place(statistics, worth)
        table = fit.parameters(groups, cells) if len(cells) else np.ones((1, 4))
        chance = alive(fit.kind, table, cell, statistics.rhythm)
        return cls(fit.kind, table, cell, statistics.rhythm, chance)

    def expected(self, horizons: Floats, shares: Floats, *, tempo: float) -> Floats:
        """Σ shares_j · E[orders within horizons_j] of each customer."""
        return expected(
            self.kind, self.table, self.cell, self.rhythm, horizons, shares,
            chance=self.chance, tempo=tempo,
        )  # fmt: skip

    def tails(self, horizon: float, *, rows: Longs, most: int, tempo: float) -> Floats:
        """P(at least k orders within the horizon), k = 0…most, of some customers."""
        return tails(
            self.kind, self.table, self.cell[rows], self.rhythm.only(rows), horizon,
            most=most, chance=self.chance[rows], tempo=tempo,
        )  # fmt: skip


def learn(statistics: Statistics, groups: Groups, worth: Floats, *, kind: Kind) -> Grouped:
    """Maximum a posteriori over the shop's coordinates and all effects; never raises."""
    if len(statistics) > PLENTY:
        step = len(statistics) // PLENTY
        place = np.arange(PLENTY, dtype=np.int64)
        some = place * step + place * 7919 % step
        statistics, worth = statistics.only(some), worth[some]
    rhythm, (cell, cells) = statistics.rhythm, groups.place(statistics, worth)
    scale = rhythm.scale
    prior, (low, high) = PRIORS[kind], HIGHEST[kind]
    plain = climb(
        prior.added_to(surface(kind, rhythm, scale=scale)), prior.centre.copy(), low=low, high=high
    )
    if groups.effects == 1 and groups.spread == 0.0:
        value = surface(kind, rhythm, scale=scale)(plain.at)[0]
        return Grouped(kind, scale, plain.at, np.zeros(1), value, len(rhythm))
    parts = [
        surface(kind, rhythm.only(np.flatnonzero(cell == g)), scale=scale)
        for g in range(len(cells))
    ]
    joint = _joint(parts, groups.design(cells))
    tight, centre = _precision(groups, kind)

    def posterior(theta: Floats) -> tuple[float, Floats, Floats]:
        value, slope, bend = joint(theta)
        pull = tight @ (theta - centre)
        return value - 0.5 * float((theta - centre) @ pull), slope - pull, bend - tight

    free = np.full(groups.effects, 4.0)
    top = climb(
        posterior, np.append(plain.at, np.zeros(groups.effects)),
        low=np.append(low, -free), high=np.append(high, free),
    )  # fmt: skip
    return Grouped(kind, scale, top.at[:4], top.at[4:], joint(top.at)[0], len(rhythm))


def _joint(parts: list[Surface], design: Floats) -> Surface:
    """Sum over cells; a cell's coordinates are the shop's plus its row of the design."""
    cells, _, effects = design.shape
    whole = np.concatenate((np.broadcast_to(np.eye(4), (cells, 4, 4)), design), axis=2)

    def at(theta: Floats) -> tuple[float, Floats, Floats]:
        value, slope = 0.0, np.zeros(4 + effects)
        bend = np.zeros((4 + effects, 4 + effects))
        for part, rows in zip(parts, whole, strict=True):
            v, s, h = part(rows @ theta)
            value += v
            slope += rows.T @ s
            bend += rows.T @ h @ rows
        return value, slope, bend

    return at


def _precision(groups: Groups, kind: Kind) -> tuple[Floats, Floats]:
    """Prior precision and centre of the shop's coordinates and the effects."""
    size = 4 + groups.effects
    tight = np.zeros((size, size))
    tight[range(4), range(4)] = 1.0 / PRIORS[kind].spread ** 2
    cohorts = len(groups.cohorts)
    here = slice(4, 4 + cohorts)
    steps = np.diff(np.eye(cohorts), axis=0)
    tight[here, here] = steps.T @ steps * cohorts / COHORT_SPREAD**2
    tight[here, here] += 400.0 / cohorts**2  # their mean is nought: the shop's own coordinate
    at = 4 + cohorts
    tight[at, at] = 1.0 / BASKET_SPREAD**2
    rest = range(at + 1, size)
    tight[rest, rest] = 1.0 / LEVEL_SPREAD**2
    return tight, np.append(PRIORS[kind].centre, np.zeros(groups.effects))
