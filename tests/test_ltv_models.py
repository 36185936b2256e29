"""Kernels and fits: exact derivatives, chances that add up, parameters found again."""

import numpy as np
import pytest
from scipy.special import digamma as scipy_digamma
from scipy.special import polygamma

from app.ltv import fits, gammagamma, mbgnbd, paretonbd
from app.ltv.arrays import Floats
from app.ltv.fits import EVERYBODY, PRIORS, Kind, learn, likeliest
from app.ltv.newton import Surface
from app.ltv.rhythm import Rhythm
from app.ltv.special import beta_nodes, digamma, trigamma


def some(people: int = 400, *, seed: int = 2) -> Rhythm:
    chance = np.random.default_rng(seed)
    x = chance.poisson(chance.gamma(0.7, 3.0, people))
    age = chance.integers(30, 400, people)
    last = np.where(x > 0, np.maximum(1, (age * chance.beta(2.0, 1.0, people)).astype(int)), 0)
    return Rhythm.of(x, last, age)


def steep(surface: Surface, u: Floats) -> tuple[Floats, Floats]:
    """Gradient and Hessian by small differences."""
    nudges = np.eye(len(u)) * 1e-5
    slope = np.array([(surface(u + e)[0] - surface(u - e)[0]) / 2e-5 for e in nudges])
    bend = np.array([(surface(u + e)[1] - surface(u - e)[1]) / 2e-5 for e in nudges])
    return slope, bend


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("nudge", [0.0, -0.7, 0.9])
def test_gradient_and_hessian_are_those_of_the_likelihood(kind: Kind, nudge: float) -> None:
    rhythm = some()
    surface = fits.surface(kind, rhythm, scale=rhythm.scale)
    u = PRIORS[kind].centre + nudge
    _, slope, bend = surface(u)
    near_slope, near_bend = steep(surface, u)
    assert slope == pytest.approx(near_slope, rel=1e-5, abs=1e-3)
    assert bend == pytest.approx(near_bend, rel=1e-5, abs=1e-3)


def test_gamma_gamma_climbs_by_its_true_slope_and_curvature() -> None:
    chance = np.random.default_rng(3)
    n = chance.integers(1, 9, 300).astype(np.int32)
    surface = gammagamma.surface(n, chance.gamma(3.0, 10.0, 300), scale=30.0)
    u = np.log([4.0, 3.0, 1.2])
    _, slope, bend = surface(u)
    near_slope, near_bend = steep(surface, u)
    assert slope == pytest.approx(near_slope, rel=1e-5, abs=1e-3)
    assert bend == pytest.approx(near_bend, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("tempo", [1.0, 0.8])
def test_chances_of_k_orders_add_up_to_the_expected_number(kind: Kind, tempo: float) -> None:
    rhythm = some(120)
    table = np.array([list(vars(learn(rhythm, kind=kind).parameters).values())])
    chance = fits.alive(kind, table, EVERYBODY, rhythm)
    expected = fits.expected(
        kind, table, EVERYBODY, rhythm, np.array([150.0]), np.ones(1), chance=chance, tempo=tempo
    )
    tails = fits.tails(kind, table, EVERYBODY, rhythm, 150.0, most=400, chance=chance, tempo=tempo)
    assert tails[:, 1:].sum(axis=1) == pytest.approx(expected, rel=1e-5)
    assert (np.diff(tails, axis=1) <= 1e-12).all()


def test_pareto_chances_are_those_of_simulated_customers() -> None:
    p = paretonbd.Parameters(0.55, 10.6, 0.6, 11.7)
    chance, people = np.random.default_rng(4), 300_000
    rate = chance.gamma(p.r + 3, 1 / (p.alpha + 40.0), people)
    life = chance.exponential(1 / chance.gamma(p.s, 1 / (p.beta + 40.0), people))
    orders = chance.poisson(rate * np.minimum(life, 60.0))
    one = Rhythm.of([3], [30.0], [40.0])
    tails = fits.tails(
        Kind.PARETO, fits.row(p), EVERYBODY, one, 60.0, most=6, chance=np.ones(1), tempo=1.0
    )
    met = [(orders >= k).mean() for k in range(7)]
    assert tails[0] == pytest.approx(met, abs=0.004)


def bought(people: int, p: mbgnbd.Parameters, *, seed: int = 5) -> Rhythm:
    """Customers who live an MBG/NBD for 100 to 600 units of time."""
    chance = np.random.default_rng(seed)
    x, last, age = [], [], []
    for _ in range(people):
        rate, leave = chance.gamma(p.r, 1 / p.alpha), chance.beta(p.a, p.b)
        end, t, k = chance.uniform(100, 600), 0.0, 0
        while chance.random() >= leave:
            gap = chance.exponential(1 / rate)
            if t + gap > end:
                break
            t, k = t + gap, k + 1
        x.append(k)
        last.append(t)
        age.append(end)
    return Rhythm.of(x, last, age)


def test_parameters_are_found_again_within_their_standard_errors() -> None:
    true = mbgnbd.Parameters(0.9, 40.0, 0.8, 2.0)
    fit = learn(bought(6000, true))
    for name, value in vars(true).items():
        error = fit.errors[name]
        assert 0 < error < 0.3 * value
        assert abs(vars(fit.parameters)[name] - value) < 3.5 * error


def test_a_prior_matters_to_fifty_customers_and_not_to_five_thousand() -> None:
    many = bought(5000, mbgnbd.Parameters(0.9, 40.0, 0.8, 2.0))
    weak, none = learn(many), likeliest(many)
    assert vars(weak.parameters)["r"] == pytest.approx(vars(none.parameters)["r"], rel=0.02)
    assert weak.log_likelihood <= none.log_likelihood + 1e-6
    assert weak.expected(many, 100) == pytest.approx(none.expected(many, 100), rel=0.02, abs=1e-3)


def test_a_big_shop_starts_from_a_sample_and_ends_at_the_same_top(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = bought(3000, mbgnbd.Parameters(0.9, 40.0, 0.8, 2.0))
    whole = learn(many)
    monkeypatch.setattr(fits.thinned, "__defaults__", (500,))
    sampled = learn(Rhythm(many.x, many.last, many.age, many.grid))
    assert sampled.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-3)
    assert vars(sampled.parameters) == pytest.approx(vars(whole.parameters), rel=1e-3)


def test_nodes_integrate_polynomials_over_beta_exactly() -> None:
    a, b = 0.8, np.array([0.5, 2.5, 100.0, 1e6])
    nodes, weights = beta_nodes(a, b, nodes=24)
    assert weights.sum(axis=1) == pytest.approx(np.ones(4))
    moment = np.ones(4)
    for k in range(5):
        assert (weights * nodes**k).sum(axis=1) == pytest.approx(moment, rel=1e-7)
        moment = moment * (a + k) / (a + b + k)


@pytest.mark.parametrize("x", [1e-3, 0.4, 1.0, 9.9, 1e5])
def test_digamma_and_trigamma_are_scipy_s(x: float) -> None:
    assert digamma(x) == pytest.approx(scipy_digamma(x), rel=1e-11, abs=1e-11)
    assert trigamma(x) == pytest.approx(float(polygamma(1, x)), rel=1e-11)
