"""The whole way in the sandbox: a cart is left, its letter read, its link followed in a browser's
manner to a rebuilt checkout with the promised code, and the order carries the decision."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import col, select

from app.carts.tables import Cart
from app.journeys import flows, switching
from app.journeys.tables import Link, Run
from app.kit.clock import StillClock
from app.kit.house import House
from app.messages import consent
from app.messages.consent import Saying
from app.messages.law import Said
from app.messages.tables import Outlet, Posted
from app.orders.tables import Order
from sandbox.shopper import Cart as Basket
from tests.support.market import Market

CLEO = "cleo@example.com"


@pytest.fixture
def market(house: House) -> Iterator[Market]:
    with Market(house, customers=3, orders=6) as market:
        with market.work() as tx:
            tx.add(
                Outlet(
                    channel="email", url=house.secrets.seal("mailbox:"), postal="1 Street",
                    sender="Shop <hello@shop.example>", since=tx.now,
                )
            )  # fmt: skip
            consent.say(
                tx, Saying(address=CLEO, state=Said.GRANTED, source="storefront", country="PT")
            )
            switching.set_up(tx, "cart", {"percent": 10})
            flows.switch_on(tx, "cart")
        yield market


def letters(market: Market) -> list[Posted]:
    with market.look() as tx:
        return list(tx.exec(select(Posted).order_by(col(Posted.id))))


def link(letter: Posted) -> str:
    """The way back, as a browser would end up at it."""
    for found in re.findall(r'href="([^"]+)"', letter.html):
        url = unescape(found)
        url = parse_qs(urlsplit(url).query).get("to", [url])[0]
        if "/r/" in url:
            return urlsplit(url).path
    raise AssertionError(letter.html)


def until(market: Market, count: int, *, hours: int) -> None:
    """Time goes by an hour at a time: mail has its quiet hours here, too."""
    for _ in range(hours):
        if len(letters(market)) >= count:
            return
        market.waits(hours=1)
    assert len(letters(market)) >= count


def test_a_left_cart_comes_back_through_its_letter_with_the_code_and_the_decision(
    market: Market,
) -> None:
    """AC-4, AC-11, RL-5, CP-3: the sandbox's own rules judge every call."""
    shopper = market.sandbox.guest(CLEO, "pt")
    left = shopper.leaves_cart({"house-blend": 2})
    market.settles()
    until(market, 1, hours=30)
    until(market, 3, hours=24 * 5)
    last = letters(market)[-1]
    assert last.recipient == CLEO
    page = market.http.get(link(last))
    assert page.status_code == 200
    assert CLEO not in page.text
    before = set(market.sandbox.store.checkouts)
    answer = market.http.post(link(last), data={"do": "continue"})
    assert answer.status_code == 200, answer.text
    (new,) = set(market.sandbox.store.checkouts) - before
    made = market.sandbox.store.checkouts[new]
    with market.look() as tx:
        decision = tx.exec(select(Link).order_by(col(Link.id).desc())).first()
    assert decision
    assert made.email is None
    assert made.id != left.id
    assert made.voucher_code
    assert made.voucher_code in last.html
    assert made.discount_amount > 0
    assert made.private_metadata["perennial.decision"] == decision.decision
    basket = Basket(market.sandbox.store, made, shopper.who)
    basket.says_email(CLEO)
    order = basket.pays()
    market.settles()
    assert order.private_metadata["perennial.decision"] == decision.decision
    with market.look() as tx:
        row = tx.exec(select(Order).where(Order.saleor_id == order.id)).one()
        cart = tx.exec(select(Cart).where(Cart.checkout == left.id)).one()
        run = tx.exec(select(Run).where(Run.subject == left.id)).one()
    assert row.decision == decision.decision
    assert cart.state == "recovered"
    assert run.why in ("recovered", "finished")


def test_an_order_that_nobody_told_us_of_stops_the_letter(market: Market) -> None:
    """AC-6 (c): its webhook withheld, Saleor itself is asked a moment before."""
    shopper = market.sandbox.guest(CLEO, "pt")
    shopper.leaves_cart({"house-blend": 1})
    market.settles()
    cast("StillClock", market.house.clock).move(timedelta(hours=1))
    shopper.buys({"descaler": 1})
    market.perennial.worker.keeper.settle(lambda: [market.id])
    assert letters(market) == []
