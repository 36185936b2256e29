"""One plain model on one set of customers, and what can honestly be said of the fit.

`learn` is the product's way: maximum a posteriori under weak priors that know no unit of time.
`likeliest` is plain maximum likelihood, for the papers' values. Neither ever raises on data that
a `Rhythm` accepts: where the data say nothing the priors (or the box) answer, and the status
says so.
"""

import math
from dataclasses import dataclass
from enum import Enum, StrEnum

import numpy as np

from app.ltv import mbgnbd, mbgnbd_ahead, paretonbd, paretonbd_ahead
from app.ltv.arrays import Floats, Ints
from app.ltv.newton import CLOSE, Prior, Summit, Surface, climb
from app.ltv.rhythm import Rhythm

Parameters = mbgnbd.Parameters | paretonbd.Parameters


class Kind(Enum):
    MBG = "MBG/NBD"
    BG = "BG/NBD"
    PARETO = "Pareto/NBD"


class Status(StrEnum):
    GOOD = "good"
    NOBODY = "nobody has bought yet"
    NO_REPEATS = "nobody has bought twice yet"
    FEW = "few customers: mostly what is usual elsewhere"
    NO_CHURN = "no churn detectable"
    NO_SIGNAL = "customers differ no more than chance would have it"


# Coordinates of .mbgnbd and .paretonbd; centres are middling values of eight public data sets,
# spreads let each of them end within one.
PRIORS = {
    Kind.MBG: Prior(np.log([0.7, 0.25, 0.3, 3.0]), np.array([1.4, 2.0, 2.0, 1.6])),
    Kind.BG: Prior(np.log([0.5, 0.25, 0.3, 3.0]), np.array([1.4, 2.0, 2.0, 1.6])),
    Kind.PARETO: Prior(np.log([0.7, 0.25, 0.7, 0.7]), np.array([1.4, 2.0, 2.0, 1.5])),
}
PLENTY = 100_000  # a start, a diagnosis or a grouped fit sees no more customers than this
FEW = 50
EVERYBODY = np.zeros(0, np.int32)  # no cells: all customers share the first parameters


@dataclass(frozen=True)
class Fit:
    """A fitted model. `errors` are standard errors of the parameters by name, from the Hessian
    (through the coordinates); log-likelihoods leave out the prior."""

    kind: Kind
    parameters: Parameters
    log_likelihood: float
    status: Status
    errors: dict[str, float]
    steps: int
    converged: bool

    def alive(self, rhythm: Rhythm) -> Floats:
        """P(still a customer) of each."""
        return alive(self.kind, row(self.parameters), EVERYBODY, rhythm)

    def expected(self, rhythm: Rhythm, horizon: float) -> Floats:
        """Orders of each customer within the horizon from now."""
        return self.predict(rhythm, horizon)[1]

    def predict(self, rhythm: Rhythm, horizon: float) -> tuple[Floats, Floats]:
        """P(still a customer) and expected orders within the horizon, of each."""
        chance = self.alive(rhythm)
        orders = expected(
            self.kind, row(self.parameters), EVERYBODY, rhythm, np.array([float(horizon)]),
            np.ones(1), chance=chance, tempo=1.0,
        )  # fmt: skip
        return chance, orders


def learn(rhythm: Rhythm, *, kind: Kind = Kind.MBG) -> Fit:
    """Maximum a posteriori."""
    return _fit(rhythm, kind, PRIORS[kind], HIGHEST[kind])


def likeliest(rhythm: Rhythm, *, kind: Kind = Kind.MBG) -> Fit:
    """Maximum likelihood, kept inside a wide box; `converged` is False at its walls."""
    return _fit(rhythm, kind, Prior.flat(4), HIGHEST[kind])


def alive(kind: Kind, p: Floats, cell: Ints, rhythm: Rhythm) -> Floats:
    """P(still a customer); `p` has a row of parameters per cell, see `mbgnbd_ahead.alive`."""
    if kind is Kind.PARETO:
        return paretonbd_ahead.alive(rhythm, p, cell)
    return mbgnbd_ahead.alive(rhythm, p, cell, early=kind is Kind.MBG)


def expected(
    kind: Kind, p: Floats, cell: Ints, rhythm: Rhythm,
    horizons: Floats, shares: Floats, *, chance: Floats, tempo: float,
) -> Floats:  # fmt: skip
    """Σ shares_j · E[orders within horizons_j]; `chance` is P(still a customer)."""
    if kind is Kind.PARETO:
        return paretonbd_ahead.expected(
            rhythm, p, cell, horizons, shares, chance=chance, tempo=tempo
        )
    return mbgnbd_ahead.expected(
        rhythm, p, cell, horizons, shares, early=kind is Kind.MBG, chance=chance, tempo=tempo
    )


def tails(
    kind: Kind, p: Floats, cell: Ints, rhythm: Rhythm, horizon: float,
    *, most: int, chance: Floats, tempo: float,
) -> Floats:  # fmt: skip
    """P(at least k orders within the horizon), k = 0…most: shape `(rows, most + 1)`."""
    if kind is Kind.PARETO:
        return paretonbd_ahead.tails(
            rhythm, p, cell, horizon, most=most, chance=chance, tempo=tempo
        )
    early = kind is Kind.MBG
    return mbgnbd_ahead.tails(
        rhythm, p, cell, horizon, most=most, early=early, chance=chance, tempo=tempo
    )


def row(p: Parameters) -> Floats:
    """Parameters as the one row of a table of cells."""
    return np.array([list(vars(p).values())])


def surface(kind: Kind, rhythm: Rhythm, *, scale: float) -> Surface:
    if kind is Kind.PARETO:
        return paretonbd.surface(rhythm, scale=scale)
    return mbgnbd.surface(rhythm, scale=scale, early=kind is Kind.MBG)


def parameters_at(kind: Kind, u: Floats, *, scale: float) -> Parameters:
    maker = paretonbd.Parameters if kind is Kind.PARETO else mbgnbd.Parameters
    return maker.at(u, scale=scale)


HIGHEST = {
    Kind.MBG: (mbgnbd.LOW, mbgnbd.HIGH),
    Kind.BG: (mbgnbd.LOW, mbgnbd.HIGH),
    Kind.PARETO: (paretonbd.LOW, paretonbd.HIGH),
}


def thinned(rhythm: Rhythm, most: int = PLENTY) -> Rhythm:
    """At most so many customers, spread evenly over the rows, always the same ones."""
    step = len(rhythm) // most
    if step < 2:
        return rhythm
    place = np.arange(most, dtype=np.int64)
    return rhythm.only(place * step + place * 7919 % step)


def _fit(rhythm: Rhythm, kind: Kind, prior: Prior, box: tuple[Floats, Floats]) -> Fit:
    low, high = box
    small, scale = thinned(rhythm), rhythm.scale
    start = PRIORS[kind].centre.copy()
    if small is not rhythm:
        few = prior.added_to(surface(kind, small, scale=scale))
        start = climb(few, start, low=low, high=high).at
    everybody = surface(kind, rhythm, scale=scale)
    close = min(max(1e-9 * len(rhythm), CLOSE), 1e-2)
    top = climb(prior.added_to(everybody), start, low=low, high=high, close=close)
    off = (top.at - prior.centre) / prior.spread
    return Fit(
        kind=kind,
        parameters=parameters_at(kind, top.at, scale=scale),
        log_likelihood=top.value + 0.5 * float(off @ off),
        status=diagnose(small, kind, top.at, scale=scale),
        errors=_errors(kind, top, scale=scale),
        steps=top.steps,
        converged=top.converged,
    )


def _errors(kind: Kind, top: Summit, *, scale: float) -> dict[str, float]:
    """Delta method: the coordinates' covariance through the Jacobian of the parameters."""
    names = list(vars(parameters_at(kind, top.at, scale=scale)))
    nudges = np.eye(4) * 1e-6
    columns = [
        np.subtract(
            list(vars(parameters_at(kind, top.at + nudge, scale=scale)).values()),
            list(vars(parameters_at(kind, top.at - nudge, scale=scale)).values()),
        )
        / 2e-6
        for nudge in nudges
    ]
    J = np.column_stack(columns)
    variance = np.diag(J @ top.covariance() @ J.T)
    return {n: math.sqrt(max(v, 0.0)) for n, v in zip(names, variance, strict=True)}


def diagnose(rhythm: Rhythm, kind: Kind, u: Floats, *, scale: float) -> Status:
    """What the data can carry, by likelihood ratios against two simpler worlds: everybody alike
    (Poisson), and nobody ever leaving (NBD). Either within 2 is not told apart from it."""
    if len(rhythm) == 0:
        return Status.NOBODY
    if int(rhythm.above.sum()) == 0:
        return Status.NO_REPEATS
    if len(rhythm) < FEW:
        return Status.FEW
    stay = _never_leaving(rhythm, u, scale=scale)
    if stay < _all_alike(rhythm) + 2.0:
        return Status.NO_SIGNAL
    if surface(kind, rhythm, scale=scale)(u)[0] < stay + 2.0:
        return Status.NO_CHURN
    return Status.GOOD


def _never_leaving(rhythm: Rhythm, u: Floats, *, scale: float) -> float:
    """Best log-likelihood of an NBD: BG/NBD with the chance to leave held at e^−12."""
    low, high = mbgnbd.LOW.copy(), mbgnbd.HIGH.copy()
    low[2:] = high[2:] = (-12.0, 0.0)
    start = np.clip(u, low, high)
    return climb(surface(Kind.BG, rhythm, scale=scale), start, low=low, high=high).value


def _all_alike(rhythm: Rhythm) -> float:
    orders, time = float(rhythm.above.sum()), float(rhythm.T.sum())
    return orders * math.log(orders / time) - orders if orders and time else 0.0
