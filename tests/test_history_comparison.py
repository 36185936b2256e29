"""LG-1, IN-4: every night our books beside Saleor's, to a difference of 0.00."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlmodel import select

from app.history import comparing, flows, queries, rules
from app.history.queries import Completeness
from app.history.rules import Entry, Sum
from app.history.tables import Misfit
from app.kit.house import House
from app.orders import flows as orders
from app.orders.tables import Order
from tests.support.history import OldShop
from tests.support.makers import JSON, channel, gid, line, order, product
from tests.support.past import Past

DAY = timedelta(days=1)


def days_ago(count: float, n: int, **other: object) -> JSON:
    lines = [line(each=10 + n % 7)]
    return order(no=n, created=-count * DAY, lines=lines, **other)


@pytest.fixture
def past() -> Past:
    """Two channels in two currencies, two orders a day for fifty days."""
    past = Past()
    past.products = [product("tee")]
    past.orders = [
        days_ago(n / 2, n, currency="PLN", channel=channel("pl", "PLN"))
        if n % 3 == 0
        else days_ago(n / 2, n, refunded=4 if n % 5 == 0 else 0)
        for n in range(1, 101)
    ]
    return past


@pytest.fixture
def shop(house: House, past: Past) -> Iterator[OldShop]:
    with OldShop(house, past) as shop:
        shop.imports()
        yield shop


def books(shop: OldShop) -> Completeness:
    with shop.look() as tx:
        return queries.completeness(tx)


def night(shop: OldShop) -> Completeness:
    """The clock goes on to the next comparison, and past what it mends."""
    shop.waits(hours=24)
    shop.lives(minutes=10)
    return books(shop)


def test_before_the_first_comparison_nothing_is_claimed(house: House) -> None:
    with OldShop(house, Past()) as shop:
        told = books(shop)
    assert (told.score, told.compared_at, told.channels) == (None, None, ())


def test_as_soon_as_the_past_is_in_the_books_are_laid_beside_each_other(
    shop: OldShop, past: Past
) -> None:
    told = books(shop)
    assert told.compared_at == shop.now
    assert told.score == 1
    assert told.complete
    first, today = shop.now.date() - 35 * DAY, shop.now.date()
    there = [o for o in past.orders if first <= date.fromisoformat(o["created"][:10]) < today]
    assert told.orders == told.equal_orders == len(there)
    assert [(c.channel, c.currency, c.difference) for c in told.channels] == [
        ("pl", "PLN", Decimal("0.00")),
        ("web", "EUR", Decimal("0.00")),
    ]
    for each in told.channels:
        mine = [o for o in there if o["channel"]["slug"] == each.channel]
        charged = sum(
            Decimal(str(o["total"]["gross"]["amount"] - o["totalRefunded"]["amount"])) for o in mine
        )
        assert (each.our_orders, each.ours) == (len(mine), charged)


def test_a_missing_order_is_found_at_night_and_mended_to_0_00(shop: OldShop, past: Past) -> None:
    """IN-4, LG-1."""
    gone = gid("Order", 11)
    with shop.work() as tx:
        orders.forget_orders(tx, [gone])
    assert gone not in shop.orders()
    told = night(shop)
    assert gone in shop.orders()
    assert told.complete
    assert all(each.equal for each in told.channels)


def test_an_order_with_other_sums_is_read_again(shop: OldShop, past: Past) -> None:
    """Saleor changed it and moved no `updatedAt`: no sweep would ever find it."""
    changed = past.orders[10]
    past.orders[10] = changed | {"totalRefunded": {"amount": 9.0, "currency": "EUR"}}
    told = night(shop)
    assert told.complete
    with shop.look() as tx:
        row = tx.exec(select(Order).where(Order.saleor_id == changed["id"])).one()
    assert row.refunded_minor == 900


def test_an_order_that_saleor_does_not_have_is_in_no_book_of_ours(
    shop: OldShop, past: Past
) -> None:
    gone = past.orders.pop(10)
    told = night(shop)
    assert gone["id"] not in shop.orders()
    assert told.complete


def test_an_order_that_saleor_lists_is_never_forgotten(shop: OldShop, past: Past) -> None:
    """Its list names the order and its answer about it is empty: only one of them can be right."""
    listed = past.orders[10]
    past.orders[10] = listed | {"totalRefunded": {"amount": 9.0, "currency": "EUR"}}
    past.hidden = {listed["id"]}
    told = night(shop)
    assert listed["id"] in shop.orders()
    assert not told.complete


def test_orders_of_other_days_are_not_counted_on_the_first_one(shop: OldShop, past: Past) -> None:
    """A Saleor that takes no notice of the days asked for."""
    past.heeds_days = False
    before = shop.orders()
    told = night(shop)
    assert shop.orders() == before
    assert told.complete


def test_what_cannot_be_mended_stands_as_a_difference_with_its_name(
    shop: OldShop, past: Past
) -> None:
    lost = past.orders[10]
    with shop.work() as tx:
        orders.forget_orders(tx, [lost["id"]])
    past.unreadable = {lost["id"]}
    told = night(shop)
    assert not told.complete
    assert told.score is not None
    assert told.score < 1
    assert told.equal_days == told.days - 1
    (web,) = [each for each in told.channels if each.channel == "web"]
    assert web.difference == -Decimal(str(lost["total"]["gross"]["amount"]))
    (misfit,) = shop.all(Misfit)
    assert (misfit.saleor_id, misfit.read) == (lost["id"], False)
    past.unreadable = set()
    assert night(shop).complete
    assert shop.all(Misfit) == []


def test_an_order_that_the_import_stepped_over_is_tried_again_by_night(
    house: House, past: Past
) -> None:
    old = past.orders[99]
    past.unreadable = {old["id"]}
    with OldShop(house, past) as shop:
        shop.imports()
        assert old["id"] not in shop.orders()
        past.unreadable = set()
        night(shop)
        assert old["id"] in shop.orders()
        assert shop.all(Misfit) == []


def test_nothing_is_compared_while_the_past_is_being_read(house: House, past: Past) -> None:
    past.never = {"Orders", "OrdersWithoutOrigin", "OrderNames"}
    with OldShop(house, past) as shop:
        shop.imports()
        with shop.work() as tx:
            tx.postpone(flows.Compare(), until=tx.now)
        shop.settles()
        assert "OrderBooks" not in past.names()
        assert books(shop).compared_at is None


def test_a_comparison_that_takes_long_goes_on_with_the_next_day(
    shop: OldShop, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "TURN", 0)
    past.asked.clear()
    told = night(shop)
    assert told.complete
    assert past.names().count("OrderBooks") >= 35


def test_a_saleor_that_is_away_by_night_is_asked_when_it_is_back(shop: OldShop, past: Past) -> None:
    before = books(shop).compared_at
    past.away = True
    shop.waits(hours=24)
    assert books(shop).compared_at == before
    past.away = False
    shop.lives(minutes=3)
    assert books(shop).compared_at == shop.now - timedelta(minutes=2)


def test_the_days_compared_are_the_whole_ones_before_today_in_utc() -> None:
    days = rules.days_compared(datetime(2026, 3, 2, 0, 30, tzinfo=UTC))
    assert (days[0], days[-1], len(days)) == (date(2026, 1, 26), date(2026, 3, 1), 35)


def test_books_differ_by_what_is_missing_other_or_too_much() -> None:
    a, b = Entry("web", "EUR", 100, "1"), Entry("web", "EUR", 200, "1")
    found = rules.difference({"1": a, "2": a, "4": a}, {"1": a, "2": b, "3": a})
    assert (found.missing, found.other, found.surplus) == ({"3"}, {"2"}, {"4"})
    assert found.all == ["2", "3", "4"]
    assert rules.totals([a, b, Entry("pl", "PLN", 5, "2")]) == {
        ("web", "EUR"): Sum(2, 300),
        ("pl", "PLN"): Sum(1, 5),
    }


@pytest.mark.parametrize(
    ("done", "total", "left"),
    [(0, 100, None), (50, 0, None), (25, 100, 180), (100, 100, 0), (120, 100, None)],
)
def test_how_long_it_will_take_is_told_by_how_long_it_took(
    done: int, total: int, left: int | None
) -> None:
    told = rules.remaining(done, total, timedelta(seconds=60))
    assert told == (None if left is None else timedelta(seconds=left))
