"""Values the literature printed, and other implementations agree on, reproduced.

CDNOW and the donations come with the `lifetimes` package (read as files: importing its data
sets needs a module that newer setuptools dropped), so that a fresh checkout can prove them.
"""

import csv
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from app.ltv import bgbb, gammagamma, mbgnbd, mbgnbd_ahead, paretonbd, paretonbd_ahead
from app.ltv.arrays import Floats
from app.ltv.fits import EVERYBODY, Kind, Parameters, likeliest, row
from app.ltv.history import History, build
from app.ltv.rhythm import Rhythm


def data(name: str) -> Path:
    spec = find_spec("lifetimes")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "datasets" / name


def rows(name: str) -> list[dict[str, str]]:
    with data(name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def weekly() -> Rhythm:
    """The papers' tenth of CDNOW, in weeks of two decimals."""
    table = rows("cdnow_customers_summary.csv")
    return Rhythm.of(*([float(r[c]) for r in table] for c in ("frequency", "recency", "T")))


def cdnow(name: str, *, columns: tuple[int, int, int]) -> History:
    """All order rows of a CDNOW file: customer, yyyymmdd, dollars."""
    who, day, dollars = columns
    lines = [line.split() for line in data(name).read_text(encoding="utf-8").splitlines()]
    lines = [cells for cells in lines if cells and cells[0].isdigit()]
    names, code = np.unique([cells[who] for cells in lines], return_inverse=True)
    days = [date(int(d[:4]), int(d[4:6]), int(d[6:])).toordinal() for d in (c[day] for c in lines)]
    cents = [round(100 * float(cells[dollars])) for cells in lines]
    return build(code, days, cents, names=names)


def sample() -> History:
    return cdnow("CDNOW_sample.txt", columns=(1, 2, 4))


def everybody() -> History:
    return cdnow("CDNOW_master.txt", columns=(0, 1, 3))


CUT = date(1997, 9, 30).toordinal()


def found(p: Parameters) -> list[float]:
    return [float(v) for v in vars(p).values()]


def in_weeks(p: Parameters) -> list[float]:
    """Parameters learnt in days, told in weeks."""
    return [v / 7.0 if name in {"alpha", "beta"} else v for name, v in vars(p).items()]


@pytest.mark.parametrize(
    ("kind", "values", "log_likelihood", "tolerance"),
    [
        (Kind.BG, (0.24259, 4.4135, 0.7929, 2.4258), -9582.4256, 1e-3),
        (Kind.PARETO, (0.5533, 10.5776, 0.6062, 11.669), -9594.974, 2e-3),
        (Kind.MBG, (0.5248, 6.1830, 0.8914, 1.6140), -9582.133, 1e-3),
    ],
)
def test_the_papers_tenth_of_cdnow_gives_the_papers_parameters(
    kind: Kind, values: tuple[float, ...], log_likelihood: float, tolerance: float
) -> None:
    fit = likeliest(weekly(), kind=kind)
    assert found(fit.parameters) == pytest.approx(values, rel=tolerance)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.01)
    assert fit.converged


@pytest.mark.parametrize(
    ("kind", "values", "log_likelihood"),
    [
        (Kind.BG, (0.25162, 4.78895, 0.72343, 2.16109), -95368.444),
        (Kind.MBG, (0.63714, 7.31029, 0.80747, 1.22839), -95336.958),
        (Kind.PARETO, (0.59744, 11.586, 0.5222, 8.828), -95415.119),
    ],
)
def test_all_of_cdnow_gives_the_same_as_other_implementations(
    kind: Kind, values: tuple[float, ...], log_likelihood: float
) -> None:
    known = everybody().at(CUT)
    fit = likeliest(known.rhythm, kind=kind)
    assert in_weeks(fit.parameters) == pytest.approx(values, rel=1e-3)
    weeks = fit.log_likelihood + float(known.x.sum()) * np.log(7.0)
    assert weeks == pytest.approx(log_likelihood, abs=0.01)


def test_a_newcomer_under_bg_nbd_is_expected_to_buy_as_in_hardies_sheet() -> None:
    p = mbgnbd.Parameters(0.24259, 4.4135, 0.7929, 2.4258)
    weeks = np.array([0.1429, 1, 3, 31.8571, 32, 78])
    expected = mbgnbd_ahead.newcomer(row(p), weeks, early=False)
    assert expected == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], abs=5e-4)


def test_the_paper_s_customer_under_bg_nbd_buys_1_226_times() -> None:
    one = Rhythm.of([2], [30.43], [38.86])
    p = row(mbgnbd.Parameters(0.24259, 4.4135, 0.7929, 2.4258))
    chance = mbgnbd_ahead.alive(one, p, EVERYBODY, early=False)
    orders = mbgnbd_ahead.expected(
        one, p, EVERYBODY, np.array([39.0]), np.ones(1), early=False, chance=chance
    )
    assert orders == pytest.approx([1.226], abs=1e-3)


def test_gauss_jacobi_agrees_with_the_hypergeometric_function() -> None:
    from scipy.special import hyp2f1

    rhythm = weekly()
    p = mbgnbd.Parameters(0.24259, 4.4135, 0.7929, 2.4258)
    few = rhythm.only(np.flatnonzero(rhythm.x > 0))
    chance = mbgnbd_ahead.alive(few, row(p), EVERYBODY, early=False)
    ours = mbgnbd_ahead.expected(
        few, row(p), EVERYBODY, np.array([39.0]), np.ones(1), early=False, chance=chance
    )
    x, age = few.x, few.T
    z = 39.0 / (p.alpha + age + 39.0)
    series = hyp2f1(p.r + x, p.b + x, p.a + p.b + x - 1.0, z)
    left = (p.a + p.b + x - 1.0) / (p.a - 1.0)
    grown = 1.0 - ((p.alpha + age) / (p.alpha + age + 39.0)) ** (p.r + x) * series
    assert ours == pytest.approx(chance * left * grown, rel=1e-9)


def pareto(x: int, t_x: float, age: float, weeks: float, p: paretonbd.Parameters) -> Floats:
    one = Rhythm.of([x], [t_x], [age])
    chance = paretonbd_ahead.alive(one, row(p), EVERYBODY)
    return paretonbd_ahead.expected(
        one, row(p), EVERYBODY, np.array([weeks]), np.ones(1), chance=chance
    )


def test_pareto_nbd_agrees_with_r_s_btyd() -> None:
    p = paretonbd.Parameters(0.5533, 10.5776, 0.6062, 11.669)
    assert pareto(26, 30.86, 31.0, 52.0, p) == pytest.approx([25.46], abs=0.01)
    expected = paretonbd_ahead.newcomer(row(p), np.arange(10.0))
    printed = [0, 0.0508, 0.0992, 0.1454, 0.1898, 0.2325, 0.2736, 0.3134, 0.3518, 0.3891]
    assert expected == pytest.approx(printed, abs=0.01)


@pytest.mark.parametrize(("x", "orders"), [(132, 6.20605), (133, 6.25287)])
def test_t05_pareto_nbd_does_not_jump_where_hypergeometric_code_underflows(
    x: int, orders: float
) -> None:
    p = paretonbd.Parameters(0.55, 10.58, 0.61, 11.67)
    assert pareto(x, 200, 200, 10, p) == pytest.approx([orders], abs=1e-4)


def test_bg_bb_reproduces_the_donations() -> None:
    table = rows("donations.csv")
    x, t_x, n, weights = (
        np.array([float(r[c]) for r in table])
        for c in ("frequency", "recency", "periods", "weights")
    )
    fit = bgbb.fit(x, t_x, n, weights=weights)
    assert found_bgbb(fit.parameters) == pytest.approx(
        (1.2035, 0.74971, 0.65677, 2.78374), rel=1e-3
    )
    assert fit.log_likelihood == pytest.approx(-33225.581, abs=0.01)
    alive = bgbb.alive(fit.parameters, [0, 2, 6], [0, 4, 6], [6, 6, 6])
    assert alive == pytest.approx([0.11, 0.59, 0.93], abs=0.005)
    ahead = weights @ bgbb.expected(fit.parameters, x, t_x, n, ahead=5)
    assert ahead == pytest.approx(12884.2, abs=1.0)


def found_bgbb(p: bgbb.Parameters) -> tuple[float, ...]:
    return p.alpha, p.beta, p.gamma, p.delta


def test_bg_bb_expects_as_many_who_never_and_who_always_gave_as_the_paper() -> None:
    p = bgbb.Parameters(1.20352, 0.74972, 0.65671, 2.78341)
    never, always = 11104 * np.exp(bgbb.log_likelihood(p, [0, 6], [0, 6], [6, 6]))
    assert never == pytest.approx(3454.9, abs=1.0)
    assert always == pytest.approx(1253.1, abs=1.0)


def test_gamma_gamma_reproduces_the_note_on_946_repeat_buyers() -> None:
    known = sample().at(CUT)
    again = known.x > 0
    mean = (known.value - known.first_value)[again] / known.x[again] / 100.0
    fit = gammagamma.fit(known.x[again], mean, prior=None)
    assert fit.customers == 946
    p = fit.parameters
    assert (p.p, p.q, p.gamma) == pytest.approx((6.2496, 3.7442, 15.4435), rel=1e-3)
    assert fit.log_likelihood == pytest.approx(-4055.918, abs=0.01)
    assert p.mean() == pytest.approx(35.17, abs=0.02)


def test_gamma_gamma_gives_the_note_s_first_ten_customers() -> None:
    table = rows("cdnow_customers_summary_with_transactions.csv")
    x = np.array([int(float(r["x"])) for r in table])
    mean = np.array([float(r["zbar"]) for r in table])
    p = gammagamma.fit(x, mean, prior=None).parameters
    printed = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert p.expected(x[:10], mean[:10]) == pytest.approx(printed, abs=0.015)


def test_all_of_cdnow_gives_the_known_gamma_gamma() -> None:
    known = everybody().at(CUT)
    again = (known.x > 0) & (known.value > known.first_value)
    mean = (known.value - known.first_value)[again] / known.x[again] / 100.0
    fit = gammagamma.fit(known.x[again], mean, prior=None)
    p = fit.parameters
    assert (p.p, p.q, p.gamma) == pytest.approx((6.27536, 3.62445, 14.98369), rel=2e-3)


BG_BY_X = (0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157)
PARETO_BY_X = (0.138, 0.599, 1.196, 1.714, 2.398, 2.907, 3.819, 6.403)


@pytest.mark.parametrize(
    ("kind", "total", "by_x"),
    [
        (Kind.BG, 1653.41, BG_BY_X),
        (Kind.MBG, 1576.73, None),
        (Kind.PARETO, 1665.5, PARETO_BY_X),
    ],
)
def test_the_holdout_of_cdnow_is_forecast_as_everywhere(
    kind: Kind, total: float, by_x: tuple[float, ...] | None
) -> None:
    known = sample().at(CUT)
    came = sample().between(CUT, CUT + 273).purchases[known.who]
    assert came.sum() == 1882
    orders = likeliest(known.rhythm, kind=kind).expected(known.rhythm, 273)
    assert orders.sum() == pytest.approx(total, abs=0.1)
    if by_x is not None:
        groups = np.minimum(known.x, 7)
        means = np.bincount(groups, weights=orders) / np.bincount(groups)
        assert means == pytest.approx(by_x, abs=0.002)
