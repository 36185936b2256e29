"""Twenty ways in which other recommenders failed their shops, as stories about ours."""

from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import numpy as np
import pytest

from app.recommend.adviser import Adviser
from app.recommend.picks import Wish
from app.recommend.purchases import Purchase, Purchases
from app.recommend.rank import rising
from app.recommend.replay import clock
from app.recommend.sale import sold
from app.recommend.why import Why
from app.saleor.shapes import ForSale
from app.saleor.shapes.base import Money
from tests.support.corner import DAY, FIRST_DAY, Corner, made_up, rebuilt

GROCERIES = [f"thing {i}" for i in range(30)]


def busy_corner() -> Corner:
    """Thirty products, of which Ana, Ben and Cleo each had their own."""
    shop = Corner(*GROCERIES, category={name: i % 3 for i, name in enumerate(GROCERIES)})
    for day in range(8):
        shop.buys("Ana", GROCERIES[0], GROCERIES[1 + day], day=40 + day)
        shop.buys("Ben", GROCERIES[0], GROCERIES[2 + day], GROCERIES[12 + day], day=40 + day)
        shop.buys("Cleo", GROCERIES[5], GROCERIES[20 + day], day=40 + day)
        shop.buys(None, GROCERIES[0], GROCERIES[7], day=40 + day)
    return shop


def test_01_a_product_unpublished_a_moment_ago_is_in_no_list_and_every_list_is_still_full() -> None:
    shop = busy_corner()
    people = ("Ana", "Ben", "Cleo", None)
    before = {who: shop.every(who) for who in people}  # everything is warm now
    gone = GROCERIES[0]
    assert any(gone in names for lists in before.values() for names in lists)
    shop.shelf.sell(shop.numbers([gone]), sold=False)
    for who in people:
        for was, now in zip(before[who][1:], shop.every(who)[1:], strict=True):
            assert gone not in now
            assert len(now) == len(was) == 10
        assert gone not in shop.again(who)
    shop.shelf.sell(shop.numbers([gone]), sold=True)
    assert {who: shop.every(who) for who in people} == before


def test_02_what_is_out_of_stock_in_a_channel_is_not_cross_sold_there_but_elsewhere() -> None:
    shop = busy_corner()
    friend = shop.together(GROCERIES[0])[0]
    here, there = shop.channel(friend), shop.channel()
    assert friend not in shop.together(GROCERIES[0], shelf=here)
    assert shop.together(GROCERIES[0], shelf=there)[0] == friend
    assert len(shop.together(GROCERIES[0], shelf=here)) == 10


def test_03_shoppers_do_not_all_get_the_same_ten() -> None:
    adviser = rebuilt(made_up())
    shelf = adviser.shelf(range(200))
    for slot in (adviser.mixed, adviser.discover):
        lists = [{pick.product for pick in slot(who, shelf)} for who in range(60)]
        overlaps = [len(a & b) / 10 for a, b in combinations(lists, 2)]
        assert np.mean(overlaps) < 0.4
        assert len(set.union(*lists)) / 200 > 0.3


def test_04_bought_products_come_where_they_are_wanted_and_only_there() -> None:
    shop = busy_corner()
    had = {name for i, name in enumerate(GROCERIES[:9])}
    assert set(shop.again("Ana")) == had
    assert not had & set(shop.discover("Ana"))
    mixed = set(shop.mixed("Ana"))
    assert mixed & had
    assert mixed - had


def test_05_what_is_in_the_cart_or_on_the_page_already_is_left_out() -> None:
    shop = busy_corner()
    cart = shop.mixed("Ana", n=3)
    for names in shop.every("Ana", without=shop.numbers(cart)):
        assert not set(cart) & set(names)
    assert len(shop.mixed("Ana", without=shop.numbers(cart))) == 10
    assert not set(cart) & set(shop.together(*cart))


@pytest.mark.parametrize("n", [1, 9, 10, 29, 30])
def test_06_exactly_as_many_as_asked_for_if_there_are_so_many(n: int) -> None:
    shop = busy_corner()
    for who in ("Ana", "Ben", None):
        names = shop.mixed(who, n=n)
        assert len(names) == len(set(names)) == n
    assert len(shop.mixed("Ana", n=99)) == 30
    assert len(shop.discover("Ana", n=99)) == 30 - 9
    assert len(shop.together(GROCERIES[0], n=99)) == 29
    assert shop.mixed("Ana", n=0) == []


def test_07_five_begin_the_ten() -> None:
    shop = busy_corner()
    for who in ("Ana", "Ben", "Cleo", None):
        for n in (1, 5, 9):
            assert shop.every(who, n=n) == [names[:n] for names in shop.every(who)]


def test_08_a_category_holds_for_every_source_of_a_list_and_several_may_be_asked_for() -> None:
    shop = busy_corner()
    for who in ("Ana", "Ben", None):
        for names in shop.every(who, within=[1], pins=shop.numbers([GROCERIES[3]])):
            assert all(GROCERIES.index(name) % 3 == 1 for name in names)
        two = shop.mixed(who, within=[0, 2], n=30)
        assert len(two) == 20
        assert all(GROCERIES.index(name) % 3 != 1 for name in two)
    assert len(shop.mixed("Ana", within=[1], n=30)) == 10
    assert shop.mixed("Ana", within=[77]) == []


def test_09_guests_first_orders_new_products_and_an_empty_shop_get_sensible_lists() -> None:
    empty = Corner()
    assert [empty.mixed("Ana"), empty.again(None), empty.discover("Ana"), empty.popular()] == [
        [], [], [], [],
    ]  # fmt: skip
    opening_day = Corner("tea", "mug", "spoon")
    assert len(opening_day.mixed("Ana")) == len(opening_day.together("tea")) + 1 == 3
    shop = Corner(
        "tea", "mug", "rope", "nail", "new tea", "new nail",
        category={"tea": 0, "mug": 0, "new tea": 0, "rope": 1, "nail": 1, "new nail": 1},
        new=["new tea", "new nail"],
    )  # fmt: skip
    for day in range(6):
        shop.buys(f"drinker {day}", "tea", "mug", day=40 + day)
        shop.buys(f"sailor {day}", "rope", "nail", day=40 + day)
    shop.buys("Ana", "tea", day=60)
    found = shop.discover("Ana", n=5)
    assert found[0] == "mug"
    assert found.index("new tea") < found.index("new nail")
    assert set(shop.popular(n=4)) == {"tea", "mug", "rope", "nail"}
    sold_out = shop.channel("mug")  # still teaches what goes with tea
    assert shop.discover("Ana", sold_out)[0] != "mug"
    assert shop.discover("Ana")[0] == "mug"


def test_10_deliveries_that_come_twice_or_out_of_sequence_change_nothing() -> None:
    orders = made_up(60, 40)
    shuffled = np.random.default_rng(1).permutation(len(orders))
    late = Adviser()
    for i in [*shuffled, *shuffled[:50]]:
        late.book.put(orders[i])
    late.book.weigh(FIRST_DAY + 100 * DAY, 30.0)
    assert not late.book.put(orders[3])
    known = rebuilt(orders)
    for who in (*range(60), None):
        one, two = (a.mixed(who, a.shelf(range(40))) for a in (late, known))
        assert one == two


def test_11_staff_and_test_orders_leave_no_trace() -> None:
    shop = busy_corner()
    before = [shop.every(who) for who in ("Ana", "Ben", None)]
    tests = [
        shop.buys("a person of the staff", GROCERIES[0], GROCERIES[29], day=90 + i)
        for i in range(20)
    ]
    assert GROCERIES[29] in shop.together(GROCERIES[0], n=3)
    for order in tests:
        shop.cancels(order)
    assert [shop.every(who) for who in ("Ana", "Ben", None)] == before


def test_12_number_0_is_a_product_a_customer_and_an_order_like_any_other() -> None:
    shop = Corner("zero", "one", "two")
    shop.buys("zeroth", "zero", "one")
    shop.buys("first", "one", "two")
    shop.buys("second", "zero", "one")
    assert shop.person("zeroth") == 0
    assert set(shop.again("zeroth")) == {"zero", "one"}
    assert "zero" in shop.discover("first")
    assert "zero" in shop.together("one")
    assert "zero" in shop.popular()
    shop.cancels(0)
    assert shop.again("zeroth") == []


def test_13_the_merchants_pins_come_first_where_they_can_be_bought_and_blocks_never() -> None:
    shop = busy_corner()
    pins = shop.numbers([GROCERIES[25], GROCERIES[3], GROCERIES[25]])
    for names in shop.every("Ana", pins=pins)[1:]:
        assert names[:2] == [GROCERIES[25], GROCERIES[3]]
        assert len(names) == len(set(names)) == 10
    blocked = shop.channel(GROCERIES[25])
    assert shop.mixed("Ana", blocked, pins=pins)[0] == GROCERIES[3]
    assert GROCERIES[25] not in shop.mixed("Ana", blocked, pins=pins, n=30)
    shown_above = shop.mixed("Ana", pins=pins, without=pins[:1])
    assert GROCERIES[25] not in shown_above
    assert [pick.why for pick in shop.adviser.mixed(0, shop.shelf, Wish(3, pins=pins))][:2] == [
        Why.PINNED,
        Why.PINNED,
    ]
    assert shop.adviser.popular(shop.shelf, Wish(3, pins=[999]))[0].why is not Why.PINNED


def test_14_only_listings_of_the_channel_and_in_its_currency() -> None:
    price = Money(amount=Decimal(10), currency="EUR")
    assert sold(ForSale(id="tea", is_available=True, price=price), "EUR")
    assert not sold(ForSale(id="tea", is_available=True, price=price), "PLN")
    assert not sold(ForSale(id="tea", is_available=True), "EUR")
    assert not sold(ForSale(id="tea", is_available=False, price=price), "EUR")
    shop = busy_corner()
    euros, zlotys = shop.channel(*GROCERIES[15:]), shop.channel(*GROCERIES[:15])
    for who in ("Ana", "Cleo", None):
        assert set(shop.mixed(who, euros, n=30)) == set(GROCERIES[:15])
        assert set(shop.mixed(who, zlotys, n=30)) == set(GROCERIES[15:])


def test_15_each_product_says_why_and_it_is_true() -> None:
    shop = Corner("tea", "mug", "pot", "rope", category={"tea": 0, "mug": 0, "pot": 0, "rope": 1})
    for day in range(4):
        shop.buys("Ana", "tea", day=day)
    for who in ("Ben", "Cleo"):
        shop.buys(who, "tea", "mug", day=5)
    shop.buys("Dan", "rope", day=6)
    picks = {shop.products[p.product]: p for p in shop.adviser.mixed(0, shop.shelf)}
    assert (picks["tea"].why, picks["tea"].times) == (Why.BOUGHT, 4)
    assert (picks["mug"].why, picks["mug"].other) == (Why.OFTEN_WITH, 0)
    assert (picks["rope"].why, picks["rope"].category) == (Why.POPULAR_IN, 1)
    assert (picks["pot"].why, picks["pot"].category) == (Why.LIKES, 0)
    assert shop.adviser.mixed(3, shop.shelf)[0].why is Why.BOUGHT


def test_16_refund_cancel_erasure_and_merge_count_at_once() -> None:
    shop = Corner("tea", "mug", "pot", "jam")
    kept, whole = shop.buys("Ana", "tea", "mug", day=1), shop.buys("Ana", "pot", day=2)
    shop.buys("Ben", "jam", day=3)
    shop.adviser.book.put(replace(shop.orders[kept], products=shop.numbers(["tea"])))
    assert set(shop.again("Ana")) == {"tea", "pot"}
    shop.cancels(whole)
    assert shop.again("Ana") == ["tea"]
    guest = shop.person("Ana as a guest")
    shop.buys("Ana as a guest", "mug", day=4)
    assert shop.adviser.book.merge(guest, shop.person("Ana"))
    assert not shop.adviser.book.merge(guest, shop.person("Ana"))
    assert set(shop.again("Ana")) == {"tea", "mug"}
    assert shop.again("Ana as a guest") == []
    assert shop.adviser.book.forget(shop.person("Ana"))
    assert not shop.adviser.book.forget(shop.person("Ana"))
    assert shop.again("Ana") == []
    assert shop.popular(n=1) == ["jam"]
    shop.adviser.book.settle()
    ledger = shop.adviser.book.ledger
    assert len(ledger.line) == 1  # what Ben bought; nothing of Ana is left


def test_17_variants_are_one_product() -> None:
    book = Adviser().book
    book.put(Purchase(1, 1, FIRST_DAY, [1, 1]))  # two variants of one product
    assert len(book.products_of(0)) == 1


def test_18_at_most_two_of_a_family_while_there_are_others() -> None:
    names = [f"shirt {i}" for i in range(12)] + [f"sock {i}" for i in range(12)] + ["hat", "tie"]
    shop = Corner(*names, family={name: name.startswith("shirt") * 1 for name in names[:24]})
    for day in range(5):
        for i in range(10):
            shop.buys("Ana", f"shirt {i}", day=day)
            shop.buys(f"person {i}", f"shirt {i}", f"shirt {i + 1}", day=day)
    for who in ("Ana", "person 3", None):
        first = shop.mixed(who, n=6)
        assert sum(name.startswith("shirt") for name in first) == 2
        assert sum(name.startswith("sock") for name in first) == 2
        assert {"hat", "tie"} < set(first)
        assert len(shop.mixed(who, n=26)) == 26  # and the rest of them rather than nothing
    assert sum(name.startswith("shirt") for name in shop.mixed("Ana", pins=[0, 1, 2], n=7)) == 3


def test_19_imports_with_one_timestamp_and_dates_ahead_spoil_nothing() -> None:
    orders = made_up()
    honest = rebuilt(orders)
    lump = rebuilt([replace(order, when=FIRST_DAY) for order in orders])
    time = clock(lump.book)
    lump.book.weigh(time.now, time.half_life)
    assert all(abs(rising(lump.book.ledger, product)) < 1e-9 for product in range(200))
    shelf = lump.shelf(range(200))
    assert all(len(lump.mixed(who, shelf)) == 10 for who in (*range(20), None))
    ahead = rebuilt([*orders, Purchase(10**6, 5, FIRST_DAY + 9_999 * DAY, [3])])
    assert clock(ahead.book).now < FIRST_DAY + 91 * DAY
    ahead.book.weigh(clock(ahead.book).now, 30.0)
    popular = [[p.product for p in a.popular(a.shelf(range(200)))] for a in (honest, ahead)]
    assert len(set(popular[0]) & set(popular[1])) >= 9


def test_20_one_order_of_five_thousand_lines_distorts_no_neighbours() -> None:
    orders = made_up()
    honest, heavy = rebuilt(orders), rebuilt(orders)
    for adviser in (honest, heavy):
        adviser.book.know(range(5_000))
    wholesale = Purchase(10**6, 10**6, FIRST_DAY + 89 * DAY, range(5_000))
    heavy.book.put(wholesale)
    heavy.book.put(replace(wholesale, order=10**6 + 1, customer=None))
    shelves = [adviser.shelf(range(200)) for adviser in (honest, heavy)]
    alike = 0
    for who in range(50):
        one, two = (
            {pick.product for pick in adviser.discover(who, shelf)}
            for adviser, shelf in zip((honest, heavy), shelves, strict=True)
        )
        alike += len(one & two)
    assert alike >= 0.95 * 500
    for product in range(20):
        before, after = (
            {pick.product for pick in adviser.together([product], shelf, Wish(5))}
            for adviser, shelf in zip((honest, heavy), shelves, strict=True)
        )
        assert len(before & after) >= 4
    assert len(heavy.mixed(10**6, shelves[1])) == 10
    batch = Purchases.of([wholesale])
    assert len(batch.product) == 5_000
