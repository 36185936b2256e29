"""Lists for a storefront: fresh after every order, and of nothing that cannot be bought."""

from collections.abc import Iterator

import pytest

from app.kit.house import House
from app.recommend import flows
from app.recommend.sale import Sale
from app.recommend.stall import Stall, stalls_of
from tests.support.market import Market, Opens

ANA = "ana@example.com"


def ana_comes(market: Market) -> None:
    market.sandbox.customer(ANA, "br")
    market.settles()


@pytest.fixture
def market(markets: Opens) -> Iterator[Market]:
    with markets(after=ana_comes) as market:
        yield market


def by_slug(market: Market, slug: str) -> str:
    products = market.sandbox.store.products.values()
    return next(one.id for one in products if one.slug == slug)


def buys(market: Market, email: str, *slugs: str) -> str:
    """A paid order, of which everybody has heard. Its id."""
    shopper = market.sandbox.customer(email, "br")
    order = shopper.fills_cart(dict.fromkeys(slugs, 1)).pays()
    market.settles()
    return order.id


def hers(market: Market, **query: object) -> list[dict[str, object]]:
    token = {"authorization": f"Bearer {market.shopper(ANA)}"}
    answer = market.asks(token, **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["products"]
    return found


def test_a_guest_sees_what_sells_and_every_reason_is_told(market: Market) -> None:
    answer = market.asks(slot="for_you", limit=5)
    products = answer.json()["products"]
    assert len(products) == 5
    assert all(one["reason"]["code"] in {"popular", "popular_in"} for one in products)
    assert answer.json()["personal"] is False
    assert market.errors() == []


def test_what_she_bought_comes_back_with_how_often(market: Market) -> None:
    for _ in range(2):
        market.waits(days=9)
        buys(market, ANA, "earl-grey")
    again = hers(market, slot="again")
    assert [one["id"] for one in again] == [by_slug(market, "earl-grey")]
    assert again[0]["reason"] == {"code": "bought", "times": 2}


def test_a_refunded_or_cancelled_order_was_never_bought(market: Market) -> None:
    first, second = buys(market, ANA, "earl-grey"), buys(market, ANA, "matcha-ceremonial")
    orders, staff = market.sandbox.store.orders, market.sandbox.staff
    staff.refunds(orders[first])
    staff.cancels(orders[second])
    market.settles()
    assert hers(market, slot="again") == []


def test_a_product_hidden_a_moment_ago_is_in_no_list(market: Market) -> None:
    buys(market, ANA, "earl-grey")
    tea = by_slug(market, "earl-grey")
    assert tea in [one["id"] for one in hers(market, limit=50)]
    market.lists(tea, "br", isPublished=False)
    for slot in ("for_you", "again", "popular", "discover"):
        assert tea not in [one["id"] for one in hers(market, slot=slot, limit=50)]
    other = by_slug(market, "matcha-ceremonial")
    assert tea not in market.ids(slot="together", product=other, limit=50)
    assert tea in market.ids(slot="popular", channel="pl", limit=50), "another channel sells it"


@pytest.mark.parametrize("hidden", ["visibleInListings", "isAvailableForPurchase"])
def test_what_is_hidden_or_not_for_sale_is_in_no_list(market: Market, hidden: str) -> None:
    first = market.ids(slot="popular", limit=1)[0]
    market.lists(first, "br", **{hidden: False})
    rest = market.ids(slot="popular", limit=50)
    assert first not in rest
    assert len(rest) == 50, "its place is taken"


def test_what_nobody_has_in_stock_is_in_no_list(market: Market) -> None:
    first = market.ids(slot="popular", limit=1)[0]
    for variant in market.sandbox.store.products[first].variants:
        variant.stock = 0
    assert first not in market.ids(slot="popular", limit=50)


def test_the_merchants_word_counts_first(market: Market) -> None:
    best = market.ids(slot="popular", limit=1)[0]
    teapot = by_slug(market, "cast-iron-teapot")
    rows = market.stall.by_saleor
    with market.work() as tx:
        flows.block(tx, rows[best], by=None)
        flows.pin(tx, rows[teapot], by=None)
    answer = market.asks(slot="for_you", limit=10).json()["products"]
    assert answer[0]["id"] == teapot
    assert answer[0]["reason"] == {"code": "pinned"}
    assert best not in [one["id"] for one in answer]


def test_the_top_five_are_the_first_of_the_top_ten(market: Market) -> None:
    assert market.ids(slot="popular", limit=5) == market.ids(slot="popular", limit=10)[:5]


def test_what_was_heard_one_by_one_is_what_a_fresh_start_finds(market: Market) -> None:
    """RC: incremental equals rebuild."""
    for n, slug in enumerate(["earl-grey", "matcha-ceremonial", "moka-pot"]):
        buys(market, ANA, slug)
        buys(market, f"new{n}@example.com", slug, "camomile")
    market.sandbox.staff.refunds(market.sandbox.store.orders[buys(market, ANA, "camomile")])
    market.settles()
    with market.look() as tx:
        market.stall.refresh(tx)
        fresh = Stall(tx)
    kept, new = market.stall.adviser.book, fresh.adviser.book
    assert sorted(_all(kept)) == sorted(_all(new))


def _all(book: object) -> list[tuple[int, int, tuple[int, ...]]]:
    """Every order of a book: its row, its customer, its products."""
    found = []
    for number, order in enumerate(book.orders.keys[: book.orders.count]):  # type: ignore[attr-defined]
        who = int(book.ledger.who[number])  # type: ignore[attr-defined]
        if who >= 0:
            guest = bool(book.ledger.guest[who])  # type: ignore[attr-defined]
            customer = -1 if guest else int(book.customers.keys[who])  # type: ignore[attr-defined]
            keys = book.products.keys[book.products_of(number)]  # type: ignore[attr-defined]
            found.append((int(order), customer, tuple(sorted(map(int, keys)))))
    return found


def test_another_process_knows_of_an_order_before_its_next_list(market: Market) -> None:
    other = House.of(market.house.settings, clock=market.house.clock)
    theirs = stalls_of(other).of(market.id)
    assert theirs is not market.stall
    buys(market, ANA, "earl-grey", "camomile")
    market.sandbox.staff.refunds(market.sandbox.store.orders[buys(market, ANA, "moka-pot")])
    market.settles()
    for house, stall in ((market.house, market.stall), (other, theirs)):
        with house.look(market.id) as tx:
            stall.refresh(tx)
    assert sorted(_all(theirs.adviser.book)) == sorted(_all(market.stall.adviser.book))
    other.engine.dispose()


def test_what_was_sold_out_comes_back_with_the_next_reading_of_the_channel(market: Market) -> None:
    first = market.ids(slot="popular", limit=1)[0]
    market.lists(first, "br", isPublished=False)
    assert first not in market.ids(slot="popular", limit=50)
    market.lists(first, "br", isPublished=True)
    assert first not in market.ids(slot="popular", limit=50), "nobody has said so yet"
    market.waits(hours=1)
    assert first in market.ids(slot="popular", limit=50)


def test_an_answer_of_saleors_is_used_for_ten_seconds_and_renewed_before() -> None:
    now = [100.0]
    seen = Sale(clock=lambda: now[0])
    seen.keep("br", {1: True, 2: False})
    now[0] += 6
    assert seen.known("br", [1, 2, 3]) == {1: True, 2: False}
    assert seen.known("pl", [1]) == {}, "another channel is another question"
    assert seen.fading("br", [1, 2]) == [1, 2]
    assert seen.fading("br", [1, 2]) == [], "somebody is at it"
    seen.give_up("br", [1])
    assert seen.fading("br", [1, 2]) == [1]
    now[0] += 5
    assert seen.known("br", [1, 2]) == {}
    seen.keep("br", {1: True})
    seen.forget([1])
    assert seen.known("br", [1]) == {}


def test_who_is_forgotten_is_in_no_statistic_by_name(market: Market) -> None:
    """PR-3."""
    buys(market, ANA, "earl-grey")
    user = market.sandbox.store.users_by_email[ANA]
    token = {"authorization": f"Bearer {market.shopper(ANA)}"}
    assert market.asks(token, slot="again").json()["personal"] is True
    rows = [who for _, who, _ in _all(market.stall.adviser.book)]
    market.sandbox.staff.deletes(user)
    market.settles()
    answer = market.asks(token, slot="again")
    assert answer.json()["products"] == []
    assert answer.json()["personal"] is False
    left = [who for _, who, _ in _all(market.stall.adviser.book)]
    assert len(set(rows) - set(left)) == 1
