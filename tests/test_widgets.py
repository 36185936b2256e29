"""Beside Saleor's own pages: what each widget shows, to whom, and that nobody else's is in it."""

from collections.abc import Iterator

import pytest

from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty.tables import Voucher
from tests.support.html import words
from tests.support.loyal import Loyal
from tests.support.makers import by_user, checkout, checkout_line, event, gid, user
from tests.support.till import Till

EVERY = ("order", "draft", "product", "voucher", "home", "customer")


@pytest.fixture
def till(clock: StillClock) -> Till:
    return Till(clock.now)


@pytest.fixture
def shop(house: House, till: Till) -> Iterator[Loyal]:
    with Loyal(house, till) as shop:
        shop.buys("ana", 120)
        yield shop


def beside(shop: Loyal, name: str, may: tuple[str, ...] | None = None, **fields: str) -> str:
    token = shop.staff_token() if may is None else shop.staff_token(may)
    answer = shop.http.post(
        f"/app/widgets/{name}",
        data={"saleorApiUrl": shop.api_url, "accessToken": token, **fields},
    )
    assert answer.status_code == 200
    assert "widget.js" in answer.text  # it says its own height
    return words(answer.text)


def uses_a_code(shop: Loyal, till: Till) -> str:
    """Ana's month's code goes on a checkout and is used. Saleor's id of the order."""
    body = checkout(user("ana"), no="C1", lines=[checkout_line(each=50)], updated=shop.at())
    till.has(body)
    shop.hears(
        "CHECKOUT_CREATED",
        event("CHECKOUT_CREATED", issued=shop.at(), by=by_user("ana"), checkout=dict(body)),
    )
    shop.waits(seconds=2)
    code = till.on()
    assert code
    return str(shop.buys("ana", 50, of="C1", voucherCode=code)["id"])


def test_an_order_shows_which_one_it_is_and_who_bought(shop: Loyal) -> None:
    shown = beside(shop, "order", orderId=str(shop.buys("ana", 30)["id"]))
    assert "number 2" in shown
    assert "ana@example.com" in shown
    assert "Bronze" in shown


def test_who_may_see_orders_but_no_customers_sees_no_customer(shop: Loyal) -> None:
    id_ = str(shop.buys("ana", 30)["id"])
    shown = beside(shop, "order", ("MANAGE_ORDERS",), orderId=id_)
    assert "number 2" in shown
    assert "ana@" not in shown
    assert "Bronze" not in shown


def test_an_order_we_never_heard_of_is_said_to_be_so(shop: Loyal) -> None:
    assert "haven't heard of this order" in beside(shop, "order", orderId=gid("Order", "nobody"))


def test_a_code_of_ours_is_named_beside_its_order_and_counted_beside_its_voucher(
    shop: Loyal, till: Till
) -> None:
    id_ = uses_a_code(shop, till)
    assert "Bronze" in beside(shop, "order", ("MANAGE_ORDERS",), orderId=id_)
    (voucher,) = shop.all(Voucher)
    shown = beside(shop, "voucher", voucherId=voucher.saleor_id)
    assert "Codes used 1" in shown
    assert "€50.00" in shown
    assert "none of Perennial's" in beside(shop, "voucher", voucherId=gid("Voucher", "other"))


def test_a_product_that_nobody_bought_says_so(shop: Loyal) -> None:
    assert "Nobody has bought" in beside(shop, "product", productId=gid("Product", "nothing"))


def test_the_home_page_says_whether_all_is_well_and_names_nobody(shop: Loyal) -> None:
    shown = beside(shop, "home")
    assert "All is well" in shown
    assert "ana@" not in shown


def test_nothing_is_shown_without_the_permission_or_with_a_stale_token(shop: Loyal) -> None:
    asked = {"orderId": str(shop.buys("ana", 30)["id"]), "customerId": gid("User", "ana")}
    for name in EVERY:
        shown = beside(shop, name, (), **asked)
        assert "ana@" not in shown, name
        assert "€" not in shown, name
        told = {"saleorApiUrl": shop.api_url, "accessToken": "nonsense", **asked}
        answer = shop.http.post(f"/app/widgets/{name}", data=told)
        assert "too old to be trusted" in answer.text, name
        assert "€" not in answer.text, name


def test_another_shops_staff_sees_none_of_it(house: House, shop: Loyal, till: Till) -> None:
    id_ = str(shop.buys("ana", 30)["id"])
    with Loyal(house, till, domain="second.example") as second:
        assert "haven't heard" in beside(second, "order", orderId=id_)
