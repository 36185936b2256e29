"""AC-6, AC-9, AC-10, AC-13: what Saleor says seconds before a reminder leaves."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.carts.tables import Cart
from app.customers import meeting
from app.customers.rules import Profile, Who
from app.kit.hearing import Version
from app.kit.house import House
from app.messages import library
from app.messages.guards import NotBought
from tests.support.makers import checkout, checkout_line, event, gid, order, transaction
from tests.support.postbox import Postbox
from tests.support.writing import Writing
from tests.test_messages_once import CART, Till


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def shop(house: House, postbox: Postbox, till: Till) -> Iterator[Writing]:
    with Writing(house, postbox, transport=till.transport) as shop:
        with shop.work() as tx:
            library.save(tx, CART)
        yield shop


def reminded(shop: Writing, **other: object) -> str:
    """Of a cart that was left an hour ago. What became of the reminder."""
    wish = {"message": "cart", "context": {"checkout": gid("Checkout", "C1")}} | other
    since = shop.house.clock.now() - timedelta(hours=1)
    shop.sends("cart:1", guard=NotBought(since=since, checkout=gid("Checkout", "C1")), **wish)
    return shop.word("cart:1")


def test_ac13_a_payment_on_its_way_that_saleor_told_nobody_of(shop: Writing, till: Till) -> None:
    """A transaction on a checkout is no event: it is seen when the reminder is about to leave."""
    till.checkout = checkout(transactions=[transaction(20)])
    assert reminded(shop) == "refused:shopper_active"
    assert shop.post.sent == []


@pytest.mark.parametrize("message", ["cart", "hello"])
def test_ac9_what_saleor_does_not_know_any_more_is_nothing_to_remind_of(
    shop: Writing, till: Till, message: str
) -> None:
    """The shopper emptied it away, or the storefront did: no letter with the prices of last week,
    whether the message shows the cart or only speaks of it."""
    heard = checkout("ana@example.com")
    shop.hears("CHECKOUT_UPDATED", event("CHECKOUT_UPDATED", checkout=heard))
    shop.waits(hours=2)
    assert [cart.state for cart in shop.all(Cart)] == ["abandoned"]
    till.checkout = None
    assert reminded(shop, message=message) == "refused:nothing_left"
    assert [cart.state for cart in shop.all(Cart)] == ["expired"]
    assert shop.post.sent == []


def test_ac6_a_checkout_that_became_an_order_is_called_bought(shop: Writing, till: Till) -> None:
    now = shop.house.clock.now()
    till.orders.append(order("ben@example.com", of="C1", created=now))
    assert reminded(shop) == "refused:stopped_purchase"


def test_ac10_what_is_sold_out_is_not_advertised(shop: Writing, till: Till) -> None:
    """It still has its price; nobody can buy it."""
    till.checkout = checkout(
        lines=[checkout_line("tee"), checkout_line("cap", each=9), checkout_line("mug", each=5)]
    )
    till.sold_out = {gid("ProductVariant", "cap")}
    till.unpublished = {gid("ProductVariant", "mug")}
    assert reminded(shop) == "sent"
    html = shop.mail().part("html")
    assert ("Tee" in html, "Cap" in html, "Mug" in html) == (True, False, False)


def test_ac10_where_all_is_sold_out_nothing_is_sent(shop: Writing, till: Till) -> None:
    till.checkout = checkout(lines=[checkout_line("tee")])
    till.sold_out = {gid("ProductVariant", "tee")}
    assert reminded(shop) == "refused:nothing_left"


def test_ac6_an_order_under_an_address_she_had_before_stops_it(shop: Writing, till: Till) -> None:
    """As a guest, out of habit: nothing of it was heard yet."""
    shop.waits(minutes=1)
    with shop.work() as tx:
        now = Version(tx.now, tx.now)
        who = Who(
            account=gid("User", "ana"), email="ana@new.example", version=now, since=tx.now,
            confirmed=True, profile=Profile("Ana", "Example", "EN", "DE", tx.now),
        )  # fmt: skip
        meeting.meet(tx, [who])
    assert "ana@new.example" in shop.people()
    shop.agrees("ana", address="ana@new.example")
    till.checkout = checkout()
    now = shop.house.clock.now()
    till.orders.append(order("ana@example.com", of="C9", created=now - timedelta(seconds=1)))
    assert reminded(shop) == "refused:stopped_purchase"
