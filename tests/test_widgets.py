"""Beside Saleor's own pages: what each widget shows, to whom, and that nobody else's is in it."""

from collections.abc import Iterator

import pytest
from sqlmodel import select

from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty.tables import Code, Voucher
from app.today import advice
from app.today.rules import What
from app.today.view import Action
from sandbox.owner import Forms
from tests.support.html import words
from tests.support.loyal import Loyal
from tests.support.makers import by_user, checkout, checkout_line, event, gid, user
from tests.support.till import Till

CARD = gid("GiftCard", "7")
EVERY = ("order", "draft", "product", "voucher", "gift-card", "home", "customer")


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


def test_beside_a_gift_card_stands_whose_it_is_and_who_paid_with_it(
    shop: Loyal, till: Till
) -> None:
    uses_a_code(shop, till)
    with shop.work() as tx:
        (code,) = tx.exec(select(Code)).all()
        code.card, code.amount_minor, code.currency = CARD, 600, "EUR"
        code.used_at = None
    shown = beside(shop, "gift-card", giftCardId=CARD)
    assert "€6.00" in shown
    assert "Given to ana@example.com" in shown
    assert "can be used" in shown
    assert "one account alone" in shown
    shop.buys("ben", 50, giftCards=[{"id": CARD, "last4CodeChars": "1234"}])
    shown = beside(shop, "gift-card", giftCardId=CARD)
    assert "ben@example.com" in shown
    assert "Somebody else than its owner" in shown
    shown = beside(shop, "gift-card", ("MANAGE_ORDERS",), giftCardId=CARD)
    assert "@example.com" not in shown


def test_a_gift_card_of_the_shops_own_is_said_to_be_none_of_ours(shop: Loyal) -> None:
    assert "no order that we know" in beside(shop, "gift-card", giftCardId=CARD)
    shop.buys("ben", 50, giftCards=[{"id": CARD, "last4CodeChars": "1234"}])
    shown = beside(shop, "gift-card", giftCardId=CARD)
    assert "none of Perennial's" in shown
    assert "ben@example.com" in shown
    other = CARD.swapcase()  # ids tell letters by their case, and LIKE does not
    assert "no order that we know" in beside(shop, "gift-card", giftCardId=other)


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


@pytest.mark.parametrize("what", What)
def test_the_home_page_has_words_for_whatever_is_worth_doing(
    shop: Loyal, what: What, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advice, "actions", lambda *_: [Action(what=what, address="/app")])
    assert "Worth doing today: " in beside(shop, "home")


def test_a_widget_can_be_asked_for_once_more_in_the_dashboards_language(shop: Loyal) -> None:
    """A form that the Dashboard posts says no language: widget.js knows it from the app's pages."""
    asked = {
        "saleorApiUrl": shop.api_url, "accessToken": shop.staff_token(),
        "customerId": gid("User", "ana"),
    }  # fmt: skip
    for name in ("home", "customer"):
        first = shop.http.post(f"/app/widgets/{name}", data=asked).text
        (again,) = [
            f for f in Forms(first).forms if ("accessToken", asked["accessToken"]) in f["sent"]
        ]
        assert dict(again["sent"]) == asked
        second = shop.http.post(f"/app/widgets/{name}?locale=pl", data=dict(again["sent"])).text
        assert '<html lang="pl"' in second


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
