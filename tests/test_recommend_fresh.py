"""What changes, counts at once: a book that took every change one by one, in any sequence, is the
same as one that read what is left of the orders today.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.recommend import near
from app.recommend.adviser import Adviser
from app.recommend.book import EPOCH, Book
from app.recommend.names import Names
from app.recommend.purchases import NOBODY, Purchase, Purchases
from tests.support.corner import DAY, FIRST_DAY, made_up, rebuilt

PRODUCTS = 60
SHORT = settings(max_examples=60, deadline=None)


class Told:
    """An engine and, beside it, a plain list of the orders that hold."""

    def __init__(self) -> None:
        self.adviser = Adviser()
        self.adviser.book.weigh(FIRST_DAY + 100 * DAY, 30.0)
        self.orders: dict[int, Purchase] = {}

    def order(self, order: int, customer: int, day: int, products: list[int]) -> None:
        owner = None if customer == 0 else customer
        purchase = Purchase(order, owner, FIRST_DAY + day * DAY, products)
        self.adviser.book.put(purchase)
        self.orders[order] = purchase
        if not products:
            del self.orders[order]

    def cancel(self, order: int, *_: object) -> None:
        assert self.adviser.book.drop(order) == (order in self.orders)
        self.orders.pop(order, None)

    def merge(self, source: int, target: int, *_: object) -> None:
        if source and target:
            self.adviser.book.merge(source, target)
            for order in self._of(source):
                self.orders[order] = replace(self.orders[order], customer=target)

    def erase(self, customer: int, *_: object) -> None:
        if customer:
            self.adviser.book.forget(customer)
            for order in self._of(customer):
                del self.orders[order]

    def look(self, customer: int, *_: object) -> None:
        """Somebody asks for a list in between: what was looked up must not stay."""
        self.adviser.discover(customer or None, self.adviser.shelf(range(PRODUCTS)))

    def tidy(self, *_: object) -> None:
        self.adviser.book.settle()

    def _of(self, customer: int) -> list[int]:
        return [key for key, order in self.orders.items() if order.customer == customer]


def counts(book: Book) -> dict[int, tuple[int, ...]]:
    """By product key: everything that is counted of it."""
    ledger = book.ledger
    return {
        int(book.products.keys[p]): (
            int(ledger.sales.size[p]), int(ledger.holders[p]), int(ledger.recent[p]),
            int(ledger.rebought[p]), int(ledger.chances[p]),
        )
        for p in range(book.products.count)
        if ledger.sales.size[p] or ledger.recent[p] or ledger.holders[p]
    }  # fmt: skip


CHANGE = st.one_of(
    st.tuples(
        st.just("order"), st.integers(0, 12), st.integers(0, 5), st.integers(0, 120),
        st.lists(st.integers(0, PRODUCTS - 1), max_size=6),
    ),
    st.tuples(st.sampled_from(["cancel", "erase", "look"]), st.integers(0, 12)),
    st.tuples(st.just("merge"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("tidy")),
)  # fmt: skip


@SHORT
@given(st.lists(CHANGE, max_size=40))
def test_any_tale_of_changes_ends_in_the_same_counts_and_the_same_lists(
    tale: list[tuple[object, ...]],
) -> None:
    told = Told()
    for word, *about in tale:
        getattr(told, str(word))(*about)
    fresh = rebuilt(told.orders.values())
    assert counts(told.adviser.book) == counts(fresh.book)
    assert told.adviser.book.ledger.totals.tolist() == fresh.book.ledger.totals.tolist()
    mine, theirs = (a.shelf(range(PRODUCTS)) for a in (told.adviser, fresh))
    for who in (*range(1, 6), None):
        assert told.adviser.mixed(who, mine) == fresh.mixed(who, theirs)
        assert told.adviser.discover(who, mine) == fresh.discover(who, theirs)
    for product in range(0, PRODUCTS, 7):
        one, two = told.adviser.together([product], mine), fresh.together([product], theirs)
        assert [pick.product for pick in one] == [pick.product for pick in two]


def test_a_season_of_orders_refunds_cancels_merges_and_erasures_equals_a_rebuild() -> None:
    told, chance = Told(), np.random.default_rng(8)
    orders = made_up(300, 200)
    shelf = told.adviser.shelf(range(200))
    for i, purchase in enumerate(orders):
        told.adviser.book.put(purchase)
        told.orders[purchase.order] = purchase
        some = int(chance.integers(1, i + 1)) if i else 0
        match i % 23:
            case 3:
                told.cancel(some)
            case 7 if some in told.orders:  # a part of it comes back
                old = told.orders[some]
                told.orders[some] = less = replace(old, products=old.products[:1])
                told.adviser.book.put(less)
            case 11 if i % 4 == 0:
                told.merge(some % 300 or 1, (some * 7) % 300 or 2)
            case 17 if i % 5 == 0:
                told.erase(some % 300)
            case _:
                told.adviser.mixed(some % 300, shelf)
    fresh = rebuilt(told.orders.values())
    theirs = fresh.shelf(range(200))
    alike = asked = 0
    for who in range(300):
        one, two = (
            {pick.product for pick in adviser.mixed(who, here)}
            for adviser, here in ((told.adviser, shelf), (fresh, theirs))
        )
        alike += len(one & two)
        asked += 10
    assert alike >= 0.95 * asked  # the promise; in truth all are alike
    assert alike == asked


def test_reading_and_putting_is_the_same() -> None:
    orders = made_up(80, 50)
    one, two = Book(), Book()
    one.read([Purchases.of(orders[:100]), Purchases.of(orders[50:])])
    for purchase in reversed(orders):
        two.put(purchase)
    assert counts(one) == counts(two)
    one.read([Purchases.of(orders)])
    assert counts(one) == counts(two)


def test_a_book_keeps_24_bytes_an_order_and_8_a_line() -> None:
    orders = made_up(4_000, 500, guests=0)
    book = rebuilt(orders).book
    ledger, lines = book.ledger, sum(len(order.products) for order in orders)
    held = ledger.line.nbytes + ledger.sales.data.nbytes + ledger.bought.data.nbytes
    held += sum(a.nbytes for a in (ledger.when, ledger.who, ledger.first, ledger.size))
    held += ledger.order_key.nbytes
    assert held <= 1.25 * (28 * len(orders) + 8 * lines)


@pytest.mark.parametrize("products", [1, 5_000, 100_000])
def test_a_pair_of_products_takes_8_bytes(products: int) -> None:
    pairs = near.rows(products)
    assert pairs.product.shape == pairs.strength.shape
    assert (pairs.product.nbytes + pairs.strength.nbytes) / pairs.product.size == 8
    assert 50 <= pairs.product.shape[1] <= 400


def test_an_erased_customer_is_nowhere_in_the_book() -> None:
    book = Book()
    book.put(Purchase(1, 77, FIRST_DAY, [123, 456]))
    book.put(Purchase(2, 88, FIRST_DAY, [123]))
    assert book.forget(77)
    assert 77 not in book.customers.keys
    assert 1 not in book.orders.keys
    assert book.history(77)[1] == -1
    assert not len(book.history(77)[0])
    assert FIRST_DAY - EPOCH in book.ledger.when[1:2]
    assert book.ledger.when[0] == 0
    assert book.ledger.line[:2].tolist() == [0, 0]


def test_names_find_each_of_many_keys_again_after_others_went() -> None:
    names, chance = Names(), np.random.default_rng(2)
    keys = np.unique(chance.integers(-(2**62), 2**62, 5_000))
    given_out = names.name_all(keys)
    assert given_out.tolist() == list(range(len(keys)))
    for key in keys[::3]:
        names.forget(int(key))
    left = np.delete(keys, np.s_[::3])
    assert (names.keys[names.numbers(left)] == left).all()
    assert (names.numbers(keys[::3]) == -1).all()
    assert names.name(int(keys[0])) == len(keys)
    assert (names.keys[names.nameless(3)] == NOBODY).all()
    assert names.number(10**18 + 1) == -1


def test_dates_beyond_what_four_bytes_hold_fall_on_the_nearest_end() -> None:
    book = Book()
    book.put(Purchase(1, 1, 10**11, [1]))
    book.put(Purchase(2, 1, -(10**11), [2]))
    assert book.time_of(1) < FIRST_DAY < book.time_of(0)
