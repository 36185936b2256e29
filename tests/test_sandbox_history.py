"""Two years of the sandbox shop: exactly as many as asked, always the same, and believable."""

from collections import Counter
from datetime import timedelta
from statistics import median

import pytest

from sandbox import Sandbox
from sandbox.cast import ANA, CLEO, remember


@pytest.fixture(scope="module")
def shop() -> Sandbox:
    return Sandbox(seed=11, customers=500, orders=2000)


def test_there_are_exactly_as_many_people_and_orders_as_asked(shop: Sandbox) -> None:
    assert len(shop.store.orders) == 2000
    assert len({order.user_email for order in shop.store.orders.values()}) == 500


def test_a_seed_gives_the_same_shop_and_another_another() -> None:
    def told(seed: int) -> list[tuple[str, str, object]]:
        orders = Sandbox(seed=seed, customers=40, orders=120).store.orders.values()
        return [(one.id, one.user_email, one.total_amount) for one in orders]

    assert told(3) == told(3)
    assert told(3) != told(4)


def test_orders_lie_in_the_past_two_years_and_their_numbers_rise(shop: Sandbox) -> None:
    orders, now = list(shop.store.orders.values()), shop.clock.now()
    assert all(now - timedelta(days=731) < one.created <= one.updated_at <= now for one in orders)
    assert [one.created for one in orders] == sorted(one.created for one in orders)
    assert [int(one.number) for one in orders] == list(range(1, 2001))


def test_about_six_in_a_hundred_are_refunded_and_some_go_wrong(shop: Sandbox) -> None:
    orders = list(shop.store.orders.values())
    kept = [one for one in orders if one.status not in ("CANCELED", "EXPIRED")]
    refunded = sum(bool(one.refunded) for one in kept) / len(kept)
    assert 0.045 < refunded < 0.075
    statuses = Counter(one.status for one in orders)
    assert statuses["FULFILLED"] > 1700
    assert statuses["CANCELED"] > 10
    assert statuses["EXPIRED"] > 10
    assert any(one.user is None for one in orders)


def test_money_adds_up_on_every_order(shop: Sandbox) -> None:
    for order in shop.store.orders.values():
        lines = sum(line.total_gross for line in order.lines)
        assert order.total.gross.amount == order.total_amount == lines + order.shipping_gross
        assert order.total.net.amount + order.total.tax.amount == order.total.gross.amount
        off = sum(one.total.amount for one in order.discounts)
        assert order.undiscounted_total.gross.amount - off == order.total_amount
        assert order.charged + order.refunded in (0, order.total_amount)


def test_some_come_once_and_some_come_often_and_they_buy_the_same_again(shop: Sandbox) -> None:
    visits: dict[str, list[set[str]]] = {}
    for order in shop.store.orders.values():
        wanted = {line.product_sku or "" for line in order.lines}
        visits.setdefault(order.user_email, []).append(wanted)
    counts = [len(one) for one in visits.values()]
    assert sum(count == 1 for count in counts) > 100
    assert max(counts) > 25
    assert median(counts) < sum(counts) / len(counts)
    loyal = [one for one in visits.values() if len(one) >= 5]
    again = [len(set.union(*one[:-1]) & one[-1]) / len(one[-1]) for one in loyal]
    assert sum(again) / len(again) > 0.4


def test_december_is_busier_than_july(shop: Sandbox) -> None:
    months = Counter(order.created.month for order in shop.store.orders.values())
    assert months[12] > 1.4 * months[7]


def test_three_markets_in_three_currencies(shop: Sandbox) -> None:
    books = shop.books()
    assert {book.currency for book in books.values()} == {"BRL", "EUR", "PLN"}
    assert all(book.orders > 200 for book in books.values())
    assert sum(book.orders for book in books.values()) == 2000
    charged = sum(one.charged for one in shop.store.orders.values() if one.channel.slug == "pl")
    assert books["pl"].charged == charged


def test_the_cast_has_a_past() -> None:
    sandbox = Sandbox(seed=2, customers=10, orders=20)
    remember(sandbox.store)
    ana, cleo = (sandbox.store.user_by_email(one) for one in (ANA, CLEO))
    assert ana is not None
    assert cleo is not None
    assert len(ana.order_ids) == 2
    assert len(cleo.order_ids) == 20


def test_some_carts_of_the_last_weeks_stand_open(shop: Sandbox) -> None:
    carts, now = list(shop.store.checkouts.values()), shop.clock.now()
    assert len(carts) == 20
    assert all(now - timedelta(days=29) < one.created < one.updated_at < now for one in carts)
    assert any(one.user for one in carts)
    assert all(one.lines for one in carts)
