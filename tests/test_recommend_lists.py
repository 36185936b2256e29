"""What every list keeps to, whatever the shop, the shelf and the wish; and true reasons."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.recommend.adviser import Adviser
from app.recommend.arrays import Longs
from app.recommend.fame import BEST, BEST_OF_SHOP
from app.recommend.notes import AGAIN, FREQUENT, LEARNT, MIXED, NEW, POPULAR
from app.recommend.picks import Pick, Wish
from app.recommend.purchases import Purchase
from app.recommend.sequence import sequence
from app.recommend.shelf import Shelf
from app.recommend.why import Why
from tests.support.corner import made_up, rebuilt

PRODUCTS, CATEGORIES, FAMILIES = 60, 5, 12
ORDERS = made_up(80, PRODUCTS - 10)  # the last ten were never sold
SHOP = rebuilt(ORDERS)
SHOP.book.know(range(PRODUCTS))
HAD: dict[int | None, Counter[int]] = {}
for order in ORDERS:
    HAD.setdefault(order.customer, Counter()).update(order.products)

numbers = st.integers(0, PRODUCTS - 1)
some = st.lists(numbers, max_size=12)
categories = st.lists(st.integers(0, CATEGORIES - 1), max_size=3)
Slot = Callable[[int | None, Shelf, Wish], list[Pick]]


def shelf_of(sold: Sequence[bool], family: Sequence[int], new: Sequence[int] = ()) -> Shelf:
    return SHOP.shelf(
        range(PRODUCTS), sold=sold, family=family,
        category=[i % CATEGORIES for i in range(PRODUCTS)], new=[i in new for i in range(PRODUCTS)],
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    slot=st.sampled_from([AGAIN, NEW, MIXED]),
    method=st.sampled_from([LEARNT, FREQUENT, POPULAR]),
    who=st.sampled_from([None, 999, *range(12)]),
    sold=st.lists(st.booleans(), min_size=PRODUCTS, max_size=PRODUCTS),
    family=st.lists(st.integers(-1, FAMILIES - 1), min_size=PRODUCTS, max_size=PRODUCTS),
    n=st.integers(0, PRODUCTS + 5), pins=some, without=some, within=categories,
)  # fmt: skip
def test_a_list_has_all_that_was_asked_for_and_nothing_else(
    slot: int, method: int, who: int | None, sold: list[bool], family: list[int], n: int,
    pins: list[int], without: list[int], within: list[int],
) -> None:  # fmt: skip
    shelf = shelf_of(sold, family)
    SHOP.methods[slot] = method
    made: Slot = {AGAIN: SHOP.again, NEW: SHOP.discover, MIXED: SHOP.mixed}[slot]
    wish = Wish(n, pins, without, within)
    found = [pick.product for pick in made(who, shelf, wish)]
    shorter = [pick.product for pick in made(who, shelf, Wish(n // 2, pins, without, within))]
    SHOP.methods[slot] = LEARNT
    had = HAD.get(who, Counter()) if who is not None else Counter()
    here = {
        p for p in range(PRODUCTS)
        if sold[p] and p not in without and (not within or p % CATEGORIES in within)
    }  # fmt: skip
    pinned = [p for p in dict.fromkeys(pins) if p in here][:n]
    wanted = here & had.keys() if slot == AGAIN else here - had.keys() if slot == NEW else here
    assert len(found) == len(set(found)) == min(n, len(wanted | set(pinned)))
    assert found[: len(pinned)] == pinned
    assert set(found[len(pinned) :]) <= wanted
    assert shorter == found[: n // 2]
    third_of_a_family(found, family, len(pinned), wanted)


def third_of_a_family(found: list[int], family: list[int], pinned: int, wanted: set[int]) -> None:
    """A third product of a family means that all that other families had to give is there."""
    seen: Counter[int] = Counter()
    for place, product in enumerate(found):
        seen[family[product]] += family[product] >= 0
        if place >= pinned and family[product] >= 0 and seen[family[product]] > 2:
            listed = Counter(family[p] for p in found[:place])
            for other in wanted - set(found[:place]):
                assert family[other] >= 0
                assert listed[family[other]] >= 2
            return


@settings(max_examples=60, deadline=None)
@given(
    who=st.sampled_from([None, *range(30)]),
    sold=st.lists(st.booleans(), min_size=PRODUCTS, max_size=PRODUCTS),
    new=st.sets(numbers),
    asked=st.lists(numbers, min_size=1, max_size=3),
    method=st.sampled_from([LEARNT, FREQUENT, POPULAR]),
)
def test_every_reason_is_true(
    who: int | None, sold: list[bool], new: set[int], asked: list[int], method: int
) -> None:
    shelf = shelf_of(sold, [-1] * PRODUCTS, sorted(new))
    had = Counter() if who is None else HAD[who]
    for slot, made in ((AGAIN, SHOP.again), (NEW, SHOP.discover), (MIXED, SHOP.mixed)):
        SHOP.methods[slot] = method
        found = made(who, shelf, Wish(30))
        SHOP.methods[slot] = LEARNT
        for pick in found:
            truth(pick, sold, new, had)
            if pick.why is Why.OFTEN_WITH:
                assert pick.other in had
                assert both_hold(pick.product, pick.other, other_than=who) >= 2
            if (slot, method) != (MIXED, POPULAR):  # that one is the same for all
                assert (pick.why is Why.BOUGHT) == (pick.product in had)
    for pick in SHOP.together(asked, shelf, Wish(30)):
        truth(pick, sold, new, Counter())
        if pick.why is Why.OFTEN_WITH:
            assert pick.other in asked
            assert sum({pick.product, pick.other} <= set(o.products) for o in ORDERS) >= 2


def truth(pick: Pick, sold: list[bool], new: set[int], had: Counter[int]) -> None:
    recent = SHOP.book.ledger.recent
    better = [p for p in range(PRODUCTS) if sold[p] and recent[p] > recent[pick.product]]
    kin = [p for p in better if p % CATEGORIES == pick.product % CATEGORIES]
    match pick.why:
        case Why.BOUGHT:
            assert pick.times == had[pick.product] > 0
        case Why.POPULAR_IN:
            assert pick.category == pick.product % CATEGORIES
            assert len(kin) < BEST
            assert recent[pick.product] > 0
        case Why.POPULAR:
            assert len(better) < BEST_OF_SHOP
            assert recent[pick.product] > 0
        case Why.NEW_IN:
            assert pick.product in new
        case Why.LIKES:
            assert any(p % CATEGORIES == pick.category for p in had)
        case Why.PINNED:
            raise AssertionError("nothing was pinned")


def both_hold(one: int, two: int | None, *, other_than: int | None) -> int:
    """Others who have both; a guest is his basket."""
    people = sum({one, two} <= had.keys() for w, had in HAD.items() if w not in {None, other_than})
    return people + sum({one, two} <= set(o.products) for o in ORDERS if o.customer is None)


def test_a_last_look_may_refuse_and_what_it_refuses_is_replaced() -> None:
    shelf = SHOP.shelf(range(PRODUCTS))
    asked: list[list[int]] = []

    def still_sold(products: Longs) -> list[bool]:
        asked.append(products.tolist())
        return [p % 3 != 0 for p in products.tolist()]

    for slot in (SHOP.discover, SHOP.mixed):
        found = [pick.product for pick in slot(3, shelf, Wish(10, check=still_sold))]
        plain = [pick.product for pick in slot(3, shelf, Wish(40)) if pick.product % 3]
        assert found == plain[:10]
    assert [p.product % 3 for p in SHOP.together([4], shelf, Wish(10, check=still_sold))].count(
        0
    ) == 0
    assert SHOP.mixed(3, shelf, Wish(10, check=lambda keys: [False] * len(keys))) == []
    assert all(asked)


def test_lists_of_all_are_the_lists_of_each() -> None:
    shelf = shelf_of([True] * 40 + [False] * 20, [i // 3 for i in range(PRODUCTS)][:PRODUCTS])
    shelf.family[:] = -1
    for slot, one in ((MIXED, SHOP.mixed), (NEW, SHOP.discover), (AGAIN, SHOP.again)):
        for picks in SHOP.every(shelf, Wish(7), slot=slot):
            keys = SHOP.book.products.keys
            assert len(picks.customer) == 80
            for row in range(len(picks.customer)):
                assert picks.row(row, keys) == one(int(picks.customer[row]), shelf, Wish(7))


def test_a_shelf_of_thousands_gives_the_same_list_from_its_top_as_from_all_of_it() -> None:
    """Only the most popular are kept sorted; a wish that needs more looks at all of them."""
    adviser = rebuilt(made_up(200, 3_000))
    family = [i % 2 for i in range(3_000)]
    shelf = adviser.shelf(range(3_000), family=family, category=[i % 3 for i in range(3_000)])
    for who in (None, 1, 2):
        picks = adviser.mixed(who, shelf, Wish(3_000))
        assert len({pick.product for pick in picks}) == 3_000
        assert adviser.mixed(who, shelf, Wish(12)) == picks[:12]
    few = adviser.shelf(range(3_000), sold=[i in {2_990, 2_995} for i in range(3_000)])
    assert len(adviser.mixed(5, few)) == len(adviser.discover(None, few)) == 2
    assert len(adviser.together([0, 1], few)) == 2
    assert [p.product for p in adviser.together([2_990], few)] == [2_995]


def test_products_that_come_later_find_their_place() -> None:
    adviser = Adviser()
    adviser.book.put(Purchase(1, 1, 1_700_000_000, [1]))
    first = adviser.shelf([1])
    assert [pick.product for pick in adviser.mixed(1, first)] == [1]
    for order in range(2, 600):
        adviser.book.put(Purchase(order, order % 40, 1_700_000_000 + order, [order, order + 1, 1]))
    assert [pick.product for pick in adviser.mixed(1, first)] == [1]  # the old shelf has no more
    assert len(adviser.mixed(1, adviser.shelf(range(1, 600)))) == 10
    first.sell([599, 12_345], sold=True)  # unknown to that shelf: nothing happens
    assert [pick.product for pick in adviser.mixed(1, first)] == [1]


def test_columns_of_a_shelf_must_be_as_long_as_its_products() -> None:
    with pytest.raises(ValueError, match="1 cells for 2 products"):
        SHOP.shelf([1, 2], sold=[True])


def test_what_may_stand_in_a_list_is_kept_in_one_sequence() -> None:
    scores = np.array([0.5, 0.7, 0.5, 0.7, 0.1])
    products = np.arange(5, dtype=np.int32)
    key = np.array([9, 8, 7, 6, 5])
    places = np.zeros(5, dtype=np.int32)
    assert sequence(products, scores, 5, key, 9, places) == 5
    whole = places.tolist()
    assert whole == [3, 1, 2, 0, 4]
    for deep in range(1, 5):
        assert sequence(products, scores, 5, key, deep, places) == deep
        assert places[:deep].tolist() == whole[:deep]
