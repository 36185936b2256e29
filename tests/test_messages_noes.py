"""ID-2, ID-3: who has said no has said it under every address she has."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.customers import meeting
from app.customers.rules import Profile, Who
from app.kit.hearing import Version
from app.kit.house import House
from app.messages import grounds, pausing, queries
from app.messages.law import Said
from app.messages.tables import Outlet
from tests.support.makers import gid
from tests.support.postbox import Postbox
from tests.support.writing import Writing


@pytest.fixture
def shop(house: House, postbox: Postbox) -> Iterator[Writing]:
    with Writing(house, postbox) as shop:
        yield shop


def moves(shop: Writing, name: str, email: str, *, country: str) -> None:
    """Her account has another address from now on."""
    with shop.work() as tx:
        told = Profile(name.capitalize(), "Example", "EN", country, tx.now)
        who = Who(
            account=gid("User", name), email=email, version=Version(tx.now, tx.now), since=tx.now,
            confirmed=True, profile=told,
        )  # fmt: skip
        meeting.meet(tx, [who])
    assert email in shop.people()


@pytest.mark.parametrize("country", ["BR", "US"])
def test_id2_a_new_address_does_not_undo_an_unsubscribing(shop: Writing, country: str) -> None:
    """Where the law takes silence for enough, her new address has said nothing yet; she has."""
    bia = shop.person("bia", country=country)
    shop.agrees("bia", said=Said.WITHDRAWN, source="unsubscribe")
    shop.waits(days=1)
    moves(shop, "bia", "bia@new.example", country=country)
    shop.sends(person=bia)
    assert shop.word() == "refused:withdrawn"
    with shop.look() as tx:
        assert grounds.reachable(tx, [bia]) == set()
    shop.waits(seconds=1)
    shop.agrees("bia", address="bia@new.example")
    with shop.look() as tx:
        assert grounds.reachable(tx, [bia]) == {bia}
    shop.sends("k2", person=bia)
    shop.waits(hours=12)
    assert shop.word("k2") == "sent"


def test_id2_a_complaint_moves_along_too(shop: Writing) -> None:
    bia = shop.person("bia", country="BR")
    shop.agrees("bia", said=Said.WITHDRAWN, source="complaint")
    shop.waits(days=1)
    moves(shop, "bia", "bia@new.example", country="BR")
    shop.sends(person=bia)
    assert shop.word() == "refused:complained"


def test_id3_of_two_numbers_the_stricter_word_counts(shop: Writing) -> None:
    """She agreed under one number and then said stop from another."""
    with shop.work() as tx:
        tx.add(Outlet(channel="sms", url=shop.house.secrets.seal("mailbox:"), since=tx.now))
    mobile = {"channel": "sms", "person": shop.ana}
    shop.agrees("ana", address="+4915123456789", **mobile)
    shop.waits(hours=1)
    shop.agrees("ana", address="+4915123456788", said=Said.WITHDRAWN, **mobile)
    shop.waits(hours=1)
    with shop.work() as tx:
        old = queries.consent(tx, "+4915123456789", "sms", "marketing")
        assert old
        old.country = "DE"
    shop.sends(channel="sms", context={"link": "https://shop.example/"})
    assert shop.word() == "refused:withdrawn"


def test_sm3_one_number_of_two_people_has_the_stricter_word(shop: Writing) -> None:
    """SM-3: he said stop; she gives the same number at another checkout. Only somebody who holds
    that telephone can take it back."""
    with shop.work() as tx:
        tx.add(Outlet(channel="sms", url=shop.house.secrets.seal("mailbox:"), since=tx.now))
    ben = shop.person("ben")
    shared = {"channel": "sms", "address": "+4915123456789"}
    shop.agrees("ben", person=ben, said=Said.WITHDRAWN, source="reply", **shared)
    for _ in range(2):
        shop.waits(minutes=1)
        shop.agrees("ana", person=shop.ana, source="checkout", **shared)
    with shop.look() as tx:
        row = queries.consent(tx, "+4915123456789", "sms", "marketing")
        assert row
        assert row.state == "withdrawn"
    shop.sends(channel="sms", context={"link": "https://shop.example/"})
    assert shop.word() == "refused:no_address"
    shop.waits(minutes=1)
    shop.agrees("ana", person=shop.ana, source="confirmation", **shared)
    shop.sends("k2", channel="sms", context={"link": "https://shop.example/"})
    assert shop.word("k2") == "sent"


def test_id2_a_rest_is_a_rest_under_every_address(shop: Writing) -> None:
    """UN-4: asked for by mail, it holds for texts and for the next address as well."""
    with shop.work() as tx:
        person = queries.whole(tx, shop.ana)
        assert person
        pausing.pause(tx, person, until=tx.now + timedelta(days=30))
        tx.add(Outlet(channel="sms", url=shop.house.secrets.seal("mailbox:"), since=tx.now))
    shop.agrees("ana", channel="sms", address="+4915123456789", person=shop.ana)
    shop.sends(channel="sms", context={"link": "https://shop.example/"})
    assert shop.word() == "waiting:paused_by_person"
    shop.waits(minutes=1)
    moves(shop, "ana", "ana@new.example", country="DE")
    shop.agrees("ana", address="ana@new.example")
    shop.sends("k2")
    assert shop.word("k2") == "waiting:paused_by_person"
