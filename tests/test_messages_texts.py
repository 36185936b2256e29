"""SM-1: texts about a left cart, by the law of the country."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.customers.tables import Person
from app.kit.house import House
from app.messages import library
from app.messages.guards import NotBought
from app.messages.tables import Outlet, Posted
from tests.support.makers import checkout, event, gid
from tests.support.postbox import Postbox
from tests.support.writing import Writing
from tests.test_messages_once import Till

NOTE = library.Note(text="Your basket waits")


@pytest.fixture
def shop(house: House) -> Iterator[Writing]:
    till = Till()
    till.checkout = checkout()
    with (
        Postbox() as postbox,
        Writing(house, postbox, transport=till.transport) as shop,
    ):
        with shop.work() as tx:
            draft = library.Draft(key="waits", name="Waits", variants={"sms": {"en": NOTE}})
            library.save(tx, draft)
            tx.add(Outlet(channel="sms", url=house.secrets.seal("mailbox:"), since=tx.now))
        always = {"opens": "00:00", "closes": "23:59:59"}
        shop.rules(caps=[], hours={"sms": always})
        yield shop


def left(shop: Writing, *, country: str) -> int:
    """A cart of somebody's there, left just now; she agreed to texts. Her row."""
    with shop.work() as tx:
        ana = tx.get(Person, shop.ana)
        assert ana
        ana.country = country
        tx.add(ana)
    shop.agrees("ana", channel="sms", address="+12025550123", person=shop.ana)
    now = shop.house.clock.now()
    body = event("CHECKOUT_UPDATED", issued=now, checkout=checkout(updated=now))
    shop.hears("CHECKOUT_UPDATED", body)
    return shop.ana


def texted(shop: Writing, step: str) -> str:
    guard = NotBought(since=shop.house.clock.now() - timedelta(days=9))
    wish = {"message": "waits", "channel": "sms", "campaign": "cart", "step": step}
    context = {"checkout": gid("Checkout", "C1")}
    shop.sends(step, guard=guard, context=context, **wish)
    return shop.word(step)


@pytest.mark.parametrize(("country", "second"), [("US", "refused:capped"), ("DE", "sent")])
def test_sm1_one_text_a_series_where_the_law_says_so(
    shop: Writing, country: str, second: str
) -> None:
    """SM-1: elsewhere the owner's caps are all there is."""
    left(shop, country=country)
    assert texted(shop, "first") == "sent"
    assert texted(shop, "second") == second
    assert len(shop.all(Posted)) == (1 if country == "US" else 2)


def test_sm1_and_none_after_two_days(shop: Writing) -> None:
    left(shop, country="US")
    shop.waits(hours=49)
    assert texted(shop, "first") == "refused:too_late"
