"""The import: everything of a shop's past, once, whatever happens on the way."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from app.carts.tables import Cart, State
from app.history import flows, importing, queries, walking
from app.history.sources import Stretch
from app.history.tables import Misfit, Passage
from app.kit.house import House
from app.kit.promises import Promise
from app.loyalty.tables import Act, TierChange
from app.orders.tables import Order
from tests.support.history import OldShop
from tests.support.makers import (
    JSON,
    checkout,
    customer,
    event,
    gid,
    line,
    order,
    price,
    product,
    user,
)
from tests.support.past import Past

PAGE, PEOPLE, ORDERS = 25, 33, 63
"""Two pages and three, as a shop of 130 people has of a hundred."""


def days(count: float) -> timedelta:
    return timedelta(days=count)


def someone(n: int) -> str:
    return f"p{n:03}"


def an_order(n: int, **other: object) -> JSON:
    """Older ones first, a guest's now and then, and some given back."""
    ago = days(n - ORDERS)
    told: JSON = {
        "no": f"{n:04}", "created": ago, "updated": ago + days(0.5),
        "refunded": 5 if n % 7 == 0 else 0, "lines": [line(f"tee{n % 5}", quantity=1 + n % 3)],
    } | other  # fmt: skip
    buyer = f"{someone(n % PEOPLE)}@example.com" if n % 9 == 0 else user(someone(n % PEOPLE))
    return order(buyer, **told)


@pytest.fixture
def past() -> Past:
    past = Past()
    past.customers = [
        customer(someone(n), updated=days(n - PEOPLE), confirmed=n % 3 > 0) for n in range(PEOPLE)
    ]
    past.products = [product(f"tee{n}") for n in range(5)]
    past.orders = [an_order(n) for n in range(ORDERS)]
    past.checkouts = [
        checkout(user(someone(n)), no=f"C{n:03}", updated=days(-n)) for n in range(12)
    ]
    return past


@pytest.fixture
def shop(house: House, past: Past, monkeypatch: pytest.MonkeyPatch) -> Iterator[OldShop]:
    monkeypatch.setattr(walking, "FULL", PAGE)
    with OldShop(house, past) as shop:
        yield shop


def ids(things: list[JSON]) -> set[str]:
    return {thing["id"] for thing in things}


def test_everything_of_the_past_is_read_and_its_progress_told(shop: OldShop, past: Past) -> None:
    assert not shop.progress().done
    shop.imports()
    progress = shop.progress()
    assert progress.done
    assert [(part.name, part.done, part.total) for part in progress.parts] == [
        ("customers", PEOPLE, PEOPLE),
        ("products", 5, 5),
        ("orders", ORDERS, ORDERS),
        ("checkouts", 12, 12),
    ]
    assert shop.orders() == ids(past.orders)
    assert len(shop.rows()["Cart"]) == 12
    assert shop.errors() == []


def test_what_is_reckoned_from_the_past_waits_until_all_of_it_is_in(
    shop: OldShop, past: Past
) -> None:
    past.on_ask = lambda *_: check()

    def check() -> None:
        assert shop.read == 0

    shop.begins()
    shop.settles()
    assert shop.read == 1


def test_the_past_sets_nothing_in_motion(shop: OldShop) -> None:
    """IN-5. What the import leaves behind is its own watch, and clocks of carts."""
    shop.imports()
    kinds = {kind for kind in shop.promises() if not kind.startswith("history.")}
    reckoning = {kind for kind in kinds if kind.startswith(("value.", "segments.", "recommend."))}
    assert kinds - reckoning <= {"cart.goes_quiet", "shop.daily"}
    assert "segments.place" not in kinds
    assert shop.all(TierChange) == []
    assert shop.all(Act) == []
    old = [row for row in shop.all(Order) if row.created_at < shop.now - days(7)]
    assert old
    assert all(row.history for row in old)


def test_reading_it_again_changes_nothing(shop: OldShop) -> None:
    shop.imports()
    before = shop.rows()
    shop.sleeps(minutes=20)
    shop.imports()
    assert shop.read == 2
    assert shop.rows() == before


def test_to_begin_twice_is_to_begin_once(shop: OldShop) -> None:
    shop.begins()
    shop.imports()
    assert shop.read == 1


class Kill(BaseException):
    """As kill -9 does: nothing is caught, nothing is tidied."""


def dies_at(nth: int) -> Callable[[str, JSON], None]:
    left = nth

    def ask(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Kill

    return ask


def killed(shop: OldShop) -> bool:
    try:
        shop.settles()
    except Kill:
        return True
    return False


def test_killed_at_any_question_it_goes_on_where_it_was(shop: OldShop, past: Past) -> None:
    shop.begins()
    deaths = 0
    for nth in range(1, 60):
        past.on_ask = dies_at(1 + nth % 4)
        if not killed(shop):
            break
        deaths += 1
        assert_cursor_and_rows_agree(shop)
        shop.starts()
    past.on_ask = lambda *_: None
    shop.settles()
    assert deaths > 5
    assert shop.orders() == ids(past.orders)
    assert [part.done for part in shop.progress().parts] == [PEOPLE, 5, ORDERS, 12]
    assert shop.read == 1
    assert shop.errors() == []
    survived = shop.rows()
    shop.imports()
    assert shop.rows() == survived


def assert_cursor_and_rows_agree(shop: OldShop) -> None:
    """The cursor moves in the unit of work that keeps the page."""
    passages = {passage.kind: passage for passage in shop.all(Passage)}
    reading = passages["orders"]
    assert len(shop.orders()) == reading.done
    if reading.cursor:
        assert reading.cursor in shop.orders()


def test_whoever_was_overtaken_writes_nothing(shop: OldShop) -> None:
    shop.imports()
    with shop.work() as tx:
        late = Stretch[object]((), "somewhere")
        kept = flows.keep_stretch(tx, flows.Kind.ORDERS, late, after="an old cursor", rest=())
        assert not kept
        assert queries.current(tx) is None


def test_it_hands_on_long_before_its_lease_runs_out(
    shop: OldShop, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "TURN", 0)
    shop.imports()
    assert shop.orders() == ids(past.orders)
    # each turn reads one page and asks for the next one in vain
    assert past.names().count("Orders") > 3


def named(shop: OldShop) -> dict[str | None, tuple[str, bool]]:
    return {misfit.number: (misfit.reason, misfit.read) for misfit in shop.all(Misfit)}


@pytest.mark.parametrize("bad", [{0}, {24}, {25}, {62}, {6, 7, 8, 42}])
def test_an_order_with_an_empty_origin_is_named_and_read_without_it(
    shop: OldShop, past: Past, bad: set[int]
) -> None:
    for n in bad:
        past.orders[n]["origin"] = ""
    shop.imports()
    assert shop.orders() == ids(past.orders)
    without = {row.number for row in shop.all(Order) if row.origin is None}
    assert without == {f"{n:04}" for n in bad}
    told = named(shop)
    assert told.keys() == without
    assert all(read and "origin" in reason for reason, read in told.values())


def test_an_order_that_cannot_be_read_is_named_and_stepped_over(shop: OldShop, past: Past) -> None:
    past.unreadable = {gid("Order", "0042"), gid("Order", "0062")}
    shop.imports()
    assert shop.orders() == ids(past.orders) - past.unreadable
    assert {number: read for number, (_, read) in named(shop).items()} == {
        "0042": False,
        "0062": False,
    }
    assert shop.progress().done
    assert shop.errors() == []


def test_an_order_of_no_known_shape_is_named_too(shop: OldShop, past: Past) -> None:
    past.orders[17]["total"] = price(1) | {"gross": "a lot"}
    shop.imports()
    assert len(shop.orders()) == ORDERS - 1
    assert named(shop).keys() == {"0017"}


def test_a_page_that_is_too_costly_is_asked_for_in_smaller_ones(shop: OldShop, past: Past) -> None:
    past.largest = 10
    shop.imports()
    assert shop.orders() == ids(past.orders)
    assert named(shop) == {}


def test_what_our_permissions_do_not_reach_keeps_the_rest_from_nothing(
    shop: OldShop, past: Past
) -> None:
    past.forbidden = {"customers"}
    shop.imports()
    assert shop.orders() == ids(past.orders)
    (misfit,) = shop.all(Misfit)
    assert (misfit.kind, misfit.saleor_id) == ("customers", "after the start")
    assert shop.progress().done


def test_what_was_missing_is_not_once_it_is_read_again(shop: OldShop, past: Past) -> None:
    """Or doctor would call the shop incomplete for ever, whatever its owner does about it."""
    past.forbidden = {"customers"}
    shop.imports()
    past.forbidden = set()
    shop.imports()
    assert not shop.all(Misfit)


def test_a_saleor_that_is_away_is_waited_for(shop: OldShop, past: Past) -> None:
    past.away = True
    shop.imports()
    for _ in range(12):
        shop.waits(minutes=5)
    assert not [p for p in shop.all(Promise) if p.parked_at]
    past.away = False
    shop.waits(minutes=5)
    assert shop.orders() == ids(past.orders)
    assert named(shop) == {}


def test_a_page_that_never_comes_does_not_stop_the_rest(shop: OldShop, past: Past) -> None:
    past.never = {"Customers"}
    shop.imports()
    for _ in range(importing.MOST_WAITS):
        assert shop.orders() == set()
        shop.waits(minutes=2)
    assert shop.orders() == ids(past.orders)
    assert {misfit.kind for misfit in shop.all(Misfit)} == {"customers"}


def test_an_order_of_the_past_closes_the_cart_that_was_heard_before_it(
    shop: OldShop, past: Past
) -> None:
    """The app heard the checkout, and was off when it was bought."""
    begun = timedelta(minutes=-30)
    shop.hears(
        "CHECKOUT_UPDATED",
        event("CHECKOUT_UPDATED", issued=begun, checkout=checkout(no="C900", updated=begun)),
    )
    past.customers, past.products, past.checkouts = [], [], []
    past.orders = [order(no=1, of="C900", created=timedelta(minutes=-20))]
    shop.imports()
    (cart,) = shop.all(Cart)
    assert (cart.state, cart.order) == (State.BOUGHT, gid("Order", 1))
