"""The nightly lesson: the shop's own last orders, foretold; what is learnt from them and served."""

import numpy as np
import pytest

from app.recommend import chances
from app.recommend.adviser import Adviser
from app.recommend.book import Book
from app.recommend.learn import Examples, fitted
from app.recommend.notes import FREQUENT, LEARNT, MIXED, NEW, POPULAR
from app.recommend.purchases import Purchase
from app.recommend.quality import NOTHING, Score, best, evaluate, score, tune
from app.recommend.replay import clock, sample, without_last_orders
from tests.support.corner import DAY, FIRST_DAY, made_up, rebuilt


def scored(recalls: list[float]) -> Score:
    return Score(0.0, float(np.mean(recalls)), 0.0, np.array(recalls))


def test_the_last_orders_are_out_for_a_while_and_back_afterwards() -> None:
    adviser = rebuilt(made_up(50, 40))
    before = {who: adviser.book.history(who)[0].tolist() for who in range(50)}
    counts = adviser.book.ledger.totals.tolist()
    with without_last_orders(adviser.book) as taken:
        assert set(taken.customers) == {who for who, had in before.items() if len(had) > 1}
        for customer, purchase in zip(taken.customers, taken.purchases, strict=True):
            left = adviser.book.history(int(customer))[0]
            assert len(left) == len(before[int(customer)]) - 1
            assert all(adviser.book.time_of(int(o)) <= purchase.when for o in left)
    assert {who: len(adviser.book.history(who)[0]) for who in range(50)} == {
        who: len(had) for who, had in before.items()
    }
    assert adviser.book.ledger.totals.tolist() == counts


def test_they_come_back_even_if_the_night_goes_wrong() -> None:
    adviser = rebuilt(made_up(50, 40))
    counts = adviser.book.ledger.totals.tolist()
    with pytest.raises(ZeroDivisionError), without_last_orders(adviser.book):
        raise ZeroDivisionError
    assert adviser.book.ledger.totals.tolist() == counts


def test_a_sample_is_the_same_each_night_and_no_guest_is_in_it() -> None:
    book = rebuilt(made_up(200, 40)).book
    assert sample(book, 30).tolist() == sample(book, 30).tolist()
    assert len(sample(book, 30)) == 30
    assert set(sample(book, 10**6)) <= set(range(200))


def test_people_of_taste_are_served_what_was_learnt() -> None:
    adviser = rebuilt(made_up(600, 200))
    found = tune(adviser)
    assert found.methods[NEW] == found.methods[MIXED] == LEARNT
    new = found.scores[NEW]
    assert new[LEARNT].recall > 1.5 * new[POPULAR].recall
    assert found.scores[MIXED][LEARNT].coverage > 0.3
    assert adviser.methods == dict(found.methods)


def test_where_all_is_chance_the_simplest_list_is_served() -> None:
    """Everybody buys anything: no list can know more than another."""
    chance = np.random.default_rng(3)
    adviser = rebuilt(
        Purchase(
            i, i % 400, FIRST_DAY + int(chance.integers(90 * DAY)),
            chance.choice(3_000, 3, replace=False).tolist(),
        )
        for i in range(2_000)
    )  # fmt: skip
    assert tune(adviser).methods[NEW] == POPULAR
    shelf = adviser.shelf(range(3_000))
    one, two = (adviser.discover(who, shelf) for who in (1, 2))
    alike = {pick.product for pick in one} & {pick.product for pick in two}
    assert len(alike) >= 8  # the popular, less what each of them had


def test_the_simplest_that_no_other_beats_is_the_best() -> None:
    half, more = [0.0, 1.0] * 150, [1.0] * 300
    assert best({LEARNT: scored(half), FREQUENT: scored(half), POPULAR: scored(half)}) == POPULAR
    assert best({LEARNT: scored(more), FREQUENT: scored(more), POPULAR: scored(half)}) == FREQUENT
    assert best({LEARNT: scored(more), FREQUENT: scored(half)}) == LEARNT
    assert best({LEARNT: scored(half[:299]), POPULAR: scored(more[:299])}) == LEARNT  # too few


def test_scores_are_means_over_customers_with_something_to_foretell() -> None:
    rows = np.full((3, 10), NOTHING)
    rows[0, :2], rows[1, 0], rows[2, 0] = [1, 2], 3, 4
    found = score(rows, [{1, 9}, {8}, set()], 8)
    assert found.recalls.tolist() == [0.5, 0.0]
    assert (found.hit_rate, found.recall, found.coverage) == (0.5, 0.25, 0.5)


def test_what_an_evaluation_learns_knows_nothing_of_the_orders_that_it_foretells() -> None:
    """Lists come out as if those orders had never been heard of."""
    orders = made_up(300, 100)
    adviser = rebuilt(orders)
    last = {order.customer: order for order in sorted(orders, key=lambda o: (o.when, o.order))}
    times = [order.customer for order in orders]
    gone = {o.order for who, o in last.items() if who is not None and times.count(who) > 1}
    blind = rebuilt(order for order in orders if order.order not in gone)
    found = evaluate(adviser)
    tune(blind)
    assert found.customers == len(gone)
    assert np.allclose(adviser.weights.again, blind.weights.again)
    assert np.allclose(adviser.weights.new, blind.weights.new)


@pytest.mark.parametrize("orders", [0, 1, 2])
def test_a_shop_that_has_just_opened_can_be_tuned(orders: int) -> None:
    adviser = Adviser()
    for i in range(orders):
        adviser.book.put(Purchase(i, 1, FIRST_DAY + i, [i]))
    found = tune(adviser)
    assert found.customers == (orders == 2)
    assert set(found.methods.values()) == {LEARNT}
    assert np.isfinite(adviser.weights.again).all()
    assert len(adviser.mixed(1, adviser.shelf(range(5)))) == 5


def test_without_examples_the_prior_stays() -> None:
    nothing = Examples(np.empty((0, 5)), np.zeros(0, np.uint8), np.zeros(0, np.int64))
    assert fitted(chances.DEFAULT.new, nothing).tolist() == chances.DEFAULT.new.tolist()


def test_weights_that_made_the_world_are_found_again() -> None:
    chance, truth = np.random.default_rng(4), np.array([1.0, -2.0, 0.5])
    rows = np.column_stack((chance.normal(size=(40_000, 2)), np.ones(40_000)))
    came = chance.random(40_000) < 1.0 / (1.0 + np.exp(-(rows @ truth)))
    told = Examples(rows, came.astype(np.uint8), np.arange(40_000))
    assert fitted(np.zeros(3), told) == pytest.approx(truth, abs=0.06)


def test_the_clock_needs_no_more_than_thirty_days_where_there_are_many_orders() -> None:
    orders = made_up(600, 50)
    assert clock(rebuilt(orders).book).half_life == pytest.approx(50, abs=21)
    few = rebuilt(orders[:40])
    assert clock(few.book).half_life > 60
    assert clock(Book(), 123).now == 123
    assert clock(few.book, FIRST_DAY + 500 * DAY).now == FIRST_DAY + 500 * DAY
