"""What other implementations were caught at, T1 to T25, as cases that ours must bear.

T5 (part) lies in test_ltv_papers.py, T7 (part) and T22 in test_ltv_statistics.py.
"""

import tracemalloc
import warnings

import numpy as np
import pytest

from app.ltv import (
    gammagamma,
    kernels,
    mbgnbd,
    mbgnbd_ahead,
    measures,
    model,
    paretonbd,
    paretonbd_ahead,
)
from app.ltv.backtest import judge
from app.ltv.fits import EVERYBODY, Kind, Status, learn, likeliest, row
from app.ltv.history import History, build
from app.ltv.lines import Costs, Line
from app.ltv.model import discounts
from app.ltv.rhythm import Rhythm
from app.ltv.spending import Spending
from app.ltv.taking import Layout
from app.ltv.worth import rates, to_date
from tests.support.booked import book_of

ALL = tuple(Kind)


def shop(
    people: int, *, seed: int = 1, days: int = 400, leave: float = 0.15, rate: float = 0.02
) -> History:
    """A made-up shop: gamma rates, a chance to leave after each order, gamma amounts."""
    chance = np.random.default_rng(seed)
    who, when, cents = [], [], []
    for person in range(people):
        pace, worth = chance.gamma(0.8, rate / 0.8), chance.gamma(4.0, 1000.0)
        day = float(chance.integers(0, days // 2))
        while day < days:
            who.append(person)
            when.append(int(day))
            cents.append(int(chance.gamma(4.0, worth / 4.0)) + 1)
            if chance.random() < leave:
                break
            day += 1.0 + chance.exponential(1.0 / max(pace, 1e-6))
    return build(who, when, cents)


def sane(rhythm: Rhythm, *, horizon: float = 180.0) -> None:
    for kind in ALL:
        for fit in (learn(rhythm, kind=kind), likeliest(rhythm, kind=kind)):
            chance, orders = fit.predict(rhythm, horizon)
            assert isinstance(fit.status, Status)
            assert np.isfinite(fit.log_likelihood)
            assert all(np.isfinite(v) and v > 0 for v in vars(fit.parameters).values())
            assert np.isfinite(orders).all()
            assert (orders >= 0).all()
            assert ((chance >= 0) & (chance <= 1)).all()


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("units", [24.0, 1 / 7, 12 / 365.25])
def test_t01_hours_days_weeks_and_months_tell_the_same(kind: Kind, units: float) -> None:
    days = shop(400).at(400).rhythm
    other = Rhythm.of(days.x, days.t_x * units, days.T * units)
    one, two = learn(days, kind=kind), learn(other, kind=kind)
    assert two.predict(other, 90 * units)[1] == pytest.approx(one.predict(days, 90)[1], rel=1e-6)
    assert vars(two.parameters)["alpha"] == pytest.approx(
        vars(one.parameters)["alpha"] * units, rel=1e-6
    )
    assert vars(two.parameters)["r"] == pytest.approx(vars(one.parameters)["r"], rel=1e-6)


@pytest.mark.parametrize("leave", [0.0, 0.15, 0.9])
def test_t02_sixty_shops_of_fifty_customers_all_get_a_usable_fit(leave: float) -> None:
    chance = np.random.default_rng(7)
    whole = shop(2000, leave=leave).at(400)
    for _ in range(20):
        sane(whole.only(chance.choice(len(whole), 50, replace=False)).rhythm)


@pytest.mark.parametrize("people", [0, 1, 2])
def test_t02_a_shop_of_hardly_anybody_gets_one_too(people: int) -> None:
    sane(shop(20).at(400).only(np.arange(people)).rhythm)


def test_t03_one_order_and_a_plus_b_below_one_is_no_nan() -> None:
    one = Rhythm.of([0], [0], [38])
    p = row(mbgnbd.Parameters(0.25, 4.0, 0.3, 0.5))
    for early in (True, False):
        chance = mbgnbd_ahead.alive(one, p, EVERYBODY, early=early)
        orders = mbgnbd_ahead.expected(
            one, p, EVERYBODY, np.array([39.0]), np.ones(1), early=early, chance=chance
        )
        assert np.isfinite(orders).all()
        assert 0 < orders[0] < 39


@pytest.mark.parametrize("x", [0, 1, 50, 1000, 100_000])
def test_t04_the_chance_to_be_a_customer_neither_overflows_nor_leaves_its_bounds(x: int) -> None:
    last = 1 if x else 0
    one = Rhythm.of([x], [last], [3000])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for early in (True, False):
            p = row(mbgnbd.Parameters(0.25, 4.0, 0.8, 2.5))
            assert 0 <= mbgnbd_ahead.alive(one, p, EVERYBODY, early=early)[0] <= 1
        p = row(paretonbd.Parameters(0.5, 10.0, 0.6, 11.0))
        assert 0 <= paretonbd_ahead.alive(one, p, EVERYBODY)[0] <= 1
        sane(Rhythm.of([x, 0, 2], [last, 0, 5], [3000, 10, 10]))


@pytest.mark.parametrize("kind", ALL)
def test_t05_more_time_never_means_fewer_orders(kind: Kind) -> None:
    rhythm = Rhythm.of([0, 1, 5, 130, 5000], [0, 9, 80, 199, 1999], [200, 10, 90, 200, 2000])
    fit = learn(rhythm, kind=kind)
    orders = np.array([fit.expected(rhythm, h) for h in (1, 10, 100, 1000, 10_000)])
    assert np.isfinite(orders).all()
    assert (np.diff(orders, axis=0) >= 0).all()


@pytest.mark.parametrize("yearly", [0.001, 0.1, 1.0, 50.0])
def test_t06_any_discount_gives_a_finite_value_even_for_customers_who_never_leave(
    yearly: float,
) -> None:
    one = Rhythm.of([8], [300], [310])
    p = row(paretonbd.Parameters(0.5, 30.0, 0.6, 1e9))
    chance = paretonbd_ahead.alive(one, p, EVERYBODY)
    days, shares = discounts(730.0, yearly=yearly)
    worth = paretonbd_ahead.expected(one, p, EVERYBODY, days, shares, chance=chance)
    plain = paretonbd_ahead.expected(
        one, p, EVERYBODY, np.array([730.0]), np.ones(1), chance=chance
    )
    assert 0 < worth[0] < plain[0]


def test_t06_the_discount_is_what_a_sum_over_days_gives() -> None:
    outlook = scored(shop(60))
    days = np.arange(0.0, 366.0)
    each = np.diff([outlook.orders(d) if d else np.zeros(60) for d in days], axis=0)
    by_hand = (each * (1.1 ** (-(days[:-1] + 0.5) / 365))[:, None]).sum(axis=0)
    assert outlook.discounted(365.0, yearly=0.1) == pytest.approx(by_hand, rel=1e-4)


def scored(history: History, *, today: int = 400) -> model.Outlook:
    known = history.at(today)
    return model.learn_statistics(known).score(known)


def test_t07_two_orders_of_one_day_do_not_make_more_orders_than_time() -> None:
    rhythm = build([0, 0, 1, 1], [5, 5, 3, 9], [100, 100, 100, 100]).at(10).rhythm
    assert rhythm.x.tolist() == [0, 1]
    sane(rhythm)


DATES = ("2024-01-31", "2024-01-31T10:15:00", "2024-01-31 23:59:59", "20240131")


@pytest.mark.parametrize("text", DATES)
def test_t08_dates_and_datetimes_as_text_lose_no_order(text: str) -> None:
    book = book_of(f"customer_id,date,amount\n1,{text},5\n1,2024-03-01,5\n")
    assert book.rows == 2
    assert book.history.day.tolist() == [19753, 19783]


def test_t08_another_format_must_be_named_and_then_gives_the_same() -> None:
    rows = "customer_id,date,amount\n1,31/01/2024,5\n1,01/03/2024,5\n"
    with pytest.raises(ValueError, match=r"line 2: the date '31/01/2024'.*--date-format"):
        book_of(rows)
    book = book_of(rows, layout=Layout(date_format="%d/%m/%Y"))
    assert book.history.day.tolist() == [19753, 19783]


@pytest.mark.parametrize("length", [30.4375, 365.25])
def test_t09_months_and_years_work_from_end_to_end(length: float) -> None:
    days = shop(300).at(400).rhythm
    long = Rhythm.of(days.x, days.t_x / length, days.T / length)
    fit = learn(long)
    assert fit.expected(long, 365.25 / length) == pytest.approx(
        learn(days).expected(days, 365.25), rel=1e-6
    )


@pytest.mark.parametrize("kind", ["int8", "uint16", "int32", "int64", "float32", "float64", "O"])
def test_t10_any_type_of_number_gives_the_same(kind: str) -> None:
    x, t_x, age = [0, 2, 5], [0, 30, 90], [100, 100, 100]
    other = Rhythm.of(*(np.array(c, dtype=kind) for c in (x, t_x, age)))
    plain = Rhythm.of(x, t_x, age)
    assert learn(other).expected(other, 30) == pytest.approx(learn(plain).expected(plain, 30))


def test_t11_a_prediction_is_a_row_a_customer_and_100_bytes_at_most() -> None:
    few = shop(500).at(400).rhythm
    many = few.only(np.tile(np.arange(500), 100))
    fit = learn(few)
    fit.predict(many, 90)
    tracemalloc.start()
    chance, orders = fit.predict(many, 90)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert chance.shape == orders.shape == (50_000,)
    assert peak < 100 * len(many)


def test_t12_discounted_value_asks_for_nothing_per_customer_and_month() -> None:
    days, shares = discounts(730.0, yearly=0.1)
    assert len(days) == len(shares) == 9  # quadrature points, however long the horizon


def test_t13_refunds_and_customers_below_nought_are_worth_what_they_are() -> None:
    known = build([0, 0, 1, 1, 2], [1, 9, 2, 5, 3], [1000, 500, 800, -900, 700]).at(10)
    assert known.net.tolist() == [1500, -100, 700]
    worth = to_date(known, Costs(fees=0.0))
    assert worth.net.tolist() == [1500.0, -100.0, 700.0]
    assert worth.lines[Line.REFUNDS].tolist() == [0.0, -900.0, 0.0]
    outlook = scored(build([0, 0, 1, 1, 2], [1, 9, 2, 5, 3], [1000, 500, 800, -900, 700]))
    assert (outlook.order_value() >= 0).all()
    assert ((rates(known).refund >= 0) & (rates(known).refund <= 1)).all()


def test_t14_one_time_buyers_and_orders_of_nought_are_no_logarithm_of_nought() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p = gammagamma.fit([0, 1, 2, 3] * 20, [0.0, 20.0, 30.0, 25.0] * 20).parameters
        values = p.expected([0, 1, 5], [0.0, 10.0, 90.0])
        assert np.isfinite(values).all()
        free = scored(build([0, 1, 2], [1, 2, 3], [0, 0, 500]))
        assert np.isfinite(free.order_value()).all()


def test_t15_where_those_who_buy_often_spend_more_it_is_told_and_no_fifth_is_far_off() -> None:
    chance = np.random.default_rng(3)
    n = 1 + chance.poisson(chance.gamma(0.7, 4.0, 20_000))
    own = 3000.0 * n**0.25 * chance.gamma(6.0, 1 / 6.0, 20_000)
    each = np.repeat(own, n) * chance.gamma(5.0, 1 / 5.0, n.sum())
    day = np.concatenate([np.arange(k) for k in n])
    known = build(np.repeat(np.arange(20_000), n), day, each.astype(int)).at(400)
    spending = Spending.learn(known)
    assert spending.tilt == pytest.approx(0.25, abs=0.04)
    thought = spending.expected(known)
    for rows in np.array_split(np.argsort(n, kind="stable"), 5):
        assert thought[rows].mean() / own[rows].mean() == pytest.approx(1.0, abs=0.05)


def test_t16_one_time_buyers_are_not_surely_customers_but_under_bg_nbd_as_by_its_making() -> None:
    once = Rhythm.of([0, 1, 3], [0, 20, 90], [300, 300, 300])
    assert learn(once, kind=Kind.MBG).alive(once)[0] < 1
    assert learn(once, kind=Kind.PARETO).alive(once)[0] < 1
    assert learn(once, kind=Kind.BG).alive(once)[0] == 1


def test_t17_who_buys_once_a_year_and_is_not_due_yet_is_not_predicted_nought() -> None:
    yearly = [(person, 365 * year + person % 30) for person in range(200) for year in range(5)]
    history = build([p for p, _ in yearly], [d for _, d in yearly], [1000] * len(yearly))
    outlook = scored(history, today=365 * 4 + 300)
    assert (outlook.orders(365.0) > 0.6).all()


def test_t17_a_busy_season_a_year_ago_raises_the_coming_one() -> None:
    chance = np.random.default_rng(9)
    days = chance.integers(0, 700, 9000)
    season = (days % 365 > 180) & (days % 365 < 270)
    keep = season | (chance.random(9000) < 0.4)
    history = build(chance.integers(0, 600, 9000)[keep], days[keep], np.full(keep.sum(), 100))
    busy = model.learn(history, today=365 + 180, horizon=90.0)
    quiet = model.learn(history, today=365 + 275, horizon=90.0)
    assert busy.tempo > 1.0 > quiet.tempo
    assert 0.8 <= quiet.tempo <= busy.tempo <= 1.25


def test_t18_unknown_arguments_are_refused() -> None:
    rhythm = Rhythm.of([1], [3], [9])
    with pytest.raises(TypeError):
        learn(rhythm, fit_method="map")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        likeliest(rhythm, method="mcmc")  # type: ignore[call-arg]


def test_t19_a_shop_that_nobody_leaves_is_called_so() -> None:
    chance = np.random.default_rng(4)
    pace = chance.gamma(5.0, 0.01, 1500)
    gaps = [np.cumsum(1 + chance.exponential(1 / p, 200)) for p in pace]
    rows = [(i, int(t)) for i, ts in enumerate(gaps) for t in (0, *ts[ts < 300])]
    rhythm = build([i for i, _ in rows], [t for _, t in rows], [100] * len(rows)).at(300).rhythm
    fit = learn(rhythm)
    assert fit.status is Status.NO_CHURN
    assert fit.alive(rhythm).mean() > 0.95


def test_t19_customers_alike_but_for_chance_are_called_so() -> None:
    chance = np.random.default_rng(5)
    rows = [
        (i, int(t)) for i in range(1500) for t in (0, *chance.integers(1, 300, chance.poisson(1)))
    ]
    rhythm = build([i for i, _ in rows], [t for _, t in rows], [100] * len(rows)).at(300).rhythm
    assert learn(rhythm).status is Status.NO_SIGNAL
    sane(rhythm)


def test_t19_gamma_gamma_without_differences_hands_over_to_credibility() -> None:
    chance = np.random.default_rng(6)
    mean = chance.gamma(50.0, 1.0, 400)
    assert not gammagamma.fit(np.full(400, 1), np.full(400, 20.0)).usable
    same = build(np.arange(400), np.zeros(400, int), np.full(400, 2000))
    assert scored(same, today=90).order_value() == pytest.approx(np.full(400, 2000.0), rel=0.02)
    assert np.isfinite(list(vars(gammagamma.fit(np.full(400, 3), mean).parameters).values())).all()


def test_t20_the_prior_hardly_moves_gamma_gamma_with_500_customers() -> None:
    chance = np.random.default_rng(8)
    n = 1 + chance.poisson(2.0, 500)
    mean = chance.gamma(6.0 * n, 1.0 / (6.0 * n)) * 15.0 * 6.0 / chance.gamma(3.7, 1.0, 500)
    weak = gammagamma.fit(n, mean).parameters
    none = gammagamma.fit(n, mean, prior=None).parameters
    assert list(vars(weak).values()) == pytest.approx(list(vars(none).values()), rel=0.02)


def test_t21_small_shops_are_fitted_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def pool(*_: object) -> None:
        pytest.fail("threads were started")

    monkeypatch.setattr(kernels, "ThreadPoolExecutor", pool)
    rhythm = shop(200).at(400).rhythm
    learn(rhythm).predict(rhythm, 90)


def test_t21_many_rows_on_more_threads_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rhythm = shop(400).at(400).rhythm
    alone = learn(rhythm).predict(rhythm, 90)
    monkeypatch.setattr(kernels, "MANY", 10)
    monkeypatch.setattr(kernels, "cores", lambda: 3)
    again = Rhythm(rhythm.x, rhythm.last, rhythm.age, rhythm.grid)
    together = learn(again).predict(again, 90)
    assert together[1] == pytest.approx(alone[1], rel=1e-9)


def test_t22_two_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="line 3: is in EUR, earlier ones in PLN"):
        book_of("customer,date,amount,currency\n1,2024-01-01,5,PLN\n1,2024-01-02,5,EUR\n")


def test_t22_a_row_told_twice_counts_once() -> None:
    book = book_of("customer,date,amount,order_id\n1,2024-01-01,5,A\n1,2024-01-01,5,A\n")
    assert book.repeats == 1
    assert book.history.sums[:, 0].tolist() == [500]


def test_t23_the_backtest_learns_nothing_from_what_came_later() -> None:
    history = shop(400, days=700)
    cut = 520
    later = history.day > cut
    changed = History(history.start, history.day, history.sums.copy(), history.names)
    changed.sums[later, 0] *= 50
    one = model.learn(history, today=cut, horizon=180.0)
    two = model.learn(changed, today=cut, horizon=180.0)
    known = history.at(cut)
    assert one.score(known).orders(180) == pytest.approx(two.score(known).orders(180), rel=1e-12)
    trial = judge(history, today=700, cuts=(180,)).trials[0]
    assert trial.cut == cut
    assert trial.mae == pytest.approx(
        measures.mae(history.between(cut, 700).purchases[known.who], one.score(known).orders(180))
    )


def test_t24_arrays_lists_series_and_arrow_are_all_columns() -> None:
    import pandas as pd
    import pyarrow as pa

    x, t_x, age = [0, 2, 5], [0, 30, 90], [100, 100, 100]
    plain = Rhythm.of(x, t_x, age)
    mixed = Rhythm.of(pd.Series(x, index=[9, 4, 7]), np.array(t_x), pa.array(age))
    fit = learn(plain, kind=Kind.PARETO)
    assert fit.expected(mixed, 30).tolist() == fit.expected(plain, 30).tolist()


def test_t25_at_the_walls_of_the_box_the_likelihood_is_that_of_the_parameters() -> None:
    chance = np.random.default_rng(5)
    rows = [
        (i, int(t)) for i in range(800) for t in (0, *chance.integers(1, 300, chance.poisson(1)))
    ]
    rhythm = build([i for i, _ in rows], [t for _, t in rows], [100] * len(rows)).at(300).rhythm
    orders, days = float(rhythm.x.sum()), float(rhythm.T.sum())
    alike = orders * np.log(orders / days) - orders
    for kind in ALL:
        fit = likeliest(rhythm, kind=kind)
        assert alike - 5.0 < fit.log_likelihood < alike + 50.0
        thought = fit.expected(rhythm, 300).sum()
        assert 0.5 * orders < thought < 1.5 * orders
